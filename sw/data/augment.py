"""Augmentation of training images."""

__all__ = ["jitter"]

import math

import numpy as np
from numpy.typing import NDArray


def jitter(images: NDArray[np.uint8], seed: int, epoch: int, pixels: int = 1) -> NDArray[np.uint8]:
    """Shift every image by up to ``pixels`` in x and in y, filling with zeros.

    Each of the ``(2 pixels + 1)**2`` shifts is equally likely. The shifts depend on ``(seed,
    epoch)`` and the position in ``images`` alone. They come from the bits of PCG64, a stream numpy
    keeps fixed between its versions, which it does not promise for ``Generator.integers``.

    Parameters
    ----------
    images
        uint8 ``(N, side * side)``, row-major.
    seed, epoch
        Not negative.
    pixels
        Largest shift, 0 to ``side``.

    Returns
    -------
    A new uint8 array of the same shape.

    Raises
    ------
    ValueError
        The images are not square, or a number is out of range.
    """
    if images.ndim != 2 or math.isqrt(images.shape[1]) ** 2 != images.shape[1]:
        raise ValueError(f"images have shape {images.shape}, expected (N, side * side)")
    side = math.isqrt(images.shape[1])
    if not 0 <= pixels <= side:
        raise ValueError(f"pixels is {pixels}, expected 0 to {side}")
    if seed < 0 or epoch < 0:
        raise ValueError(f"seed is {seed} and epoch is {epoch}, neither may be negative")
    count, choices = len(images), 2 * pixels + 1
    bits = np.random.PCG64(np.random.SeedSequence((seed, epoch))).random_raw(count)
    row, column = np.divmod(bits % np.uint64(choices**2), np.uint64(choices))
    padding = ((0, 0), (pixels, pixels), (pixels, pixels))
    padded = np.pad(images.reshape(count, side, side), padding)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(1, 2))
    shifted: NDArray[np.uint8] = windows[np.arange(count), row, column].reshape(images.shape)
    return shifted
