"""New codes that are distributed as those of a network's training images: a Gaussian mixture for each class."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from onward.hw.spec.config import ConfigError

__all__ = ["CodeMixtures", "apportion"]

_LEAST_VARIANCE = 1e-4
"""Added to every variance: a unit that is silent throughout a class would make a mixture degenerate."""


class CodeMixtures:
    """A Gaussian mixture of the codes of each class; the same seed draws the same codes.

    The network sees only the direction of relu(code). So codes are scaled to unit length of relu(code) before they are
    fitted; their negative parts stay, since without them a class is no cloud but lies on the faces of an orthant. A
    code without a positive part has no direction and is left out.

    Parameters
    ----------
    codes, labels : (N, codes) and (N,), to fit.
    components : Gaussians for each class.
    seed : everything random follows from it.
    classes : those to fit; all that are in ``labels`` if left out.

    Raises
    ------
    ConfigError
        If a class has fewer codes than components.
    """

    def __init__(
        self,
        codes: NDArray[np.integer],
        labels: NDArray[np.integer],
        components: int,
        seed: int,
        classes: NDArray[np.integer] | None = None,
    ) -> None:
        length = np.linalg.norm(np.maximum(codes, 0), axis=1)
        usable = length > 0
        directions, labels = codes[usable] / length[usable, None], labels[usable]
        self._random = np.random.RandomState(seed % 2**32)
        self._mixtures: dict[int, GaussianMixture] = {}
        for label in np.unique(labels) if classes is None else np.unique(classes):
            own = directions[labels == label]
            if len(own) < max(2, components):
                raise ConfigError(
                    f"only {len(own)} of the images to fit have a code and label {label}: too few for a mixture of"
                    f" {components}; fit more images"
                )
            self._mixtures[int(label)] = self._fit(own, components)

    def _fit(self, codes: NDArray[np.float64], components: int) -> GaussianMixture:
        mixture = GaussianMixture(components, reg_covar=_LEAST_VARIANCE, random_state=self._random)
        # One thread: with more, sums depend on how many there are, and such small fits are no faster.
        with threadpool_limits(1), warnings.catch_warnings():
            # Equal codes, or a fit that could still become a little better, do no harm.
            warnings.simplefilter("ignore", ConvergenceWarning)
            return mixture.fit(codes)

    def sample(self, labels: NDArray[np.integer]) -> NDArray[np.float64]:
        """One new code (N, codes) with a positive part for each of ``labels``."""
        (size,) = {mixture.means_.shape[1] for mixture in self._mixtures.values()}
        codes = np.empty((len(labels), size))
        for label in np.unique(labels):
            mixture = self._mixtures[int(label)]
            missing = np.flatnonzero(labels == label)
            # The codes that were fitted all have a positive part, so most of those drawn have one.
            while len(missing):
                drawn = mixture.sample(len(missing))[0]
                codes[missing] = drawn
                missing = missing[(drawn <= 0).all(1)]
        return codes


def apportion(labels: NDArray[np.integer], count: int) -> NDArray[np.int64]:
    """``count`` labels in ascending order, in the proportions of ``labels`` as exactly as whole numbers allow."""
    classes, found = np.unique(labels, return_counts=True)
    exact = found * count / len(labels)
    shares = np.floor(exact).astype(np.int64)
    # What rounding down has left goes to those that lost most; of equal ones, to the first.
    most = np.argsort(-(exact - shares), kind="stable")[: count - shares.sum()]
    shares[most] += 1
    return np.repeat(classes.astype(np.int64), shares)
