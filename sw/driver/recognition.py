"""A classifier on the host, independent of every network here, that judges generated images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer
from sklearn.svm import SVC

__all__ = ["Recogniser"]

_MOST_IMAGES = 20_000
"""Training images used: 2.0 % of the MNIST test images wrong after 8 s; all of them take too long for what they add."""

_COMPONENTS = 50


class Recogniser:
    """A support vector machine on the principal components of images (N, pixels) of any scale.

    Each image is scaled to unit length first, so that a pale one is judged by its shape.
    """

    def __init__(self, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
        images, labels = images[:_MOST_IMAGES], labels[:_MOST_IMAGES]
        components = min(_COMPONENTS, *images.shape)
        # A fixed random state: the same images make the same classifier, whatever else is drawn.
        principal = PCA(components, svd_solver="randomized", random_state=0)
        self._pipeline = make_pipeline(Normalizer(), principal, SVC(C=10))
        self._pipeline.fit(images.astype(np.float32), labels)

    def labels(self, images: NDArray[np.generic]) -> NDArray[np.int64]:
        """The label (N,) of each image."""
        return np.asarray(self._pipeline.predict(images.astype(np.float32)), dtype=np.int64)

    def error(self, images: NDArray[np.generic], labels: NDArray[np.integer]) -> float:
        """Images that get another label than they have, in percent."""
        return 100 * float((self.labels(images) != labels).mean())
