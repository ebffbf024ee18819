"""Parts of a batch, and batches back to pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from onward.sw.golden.sample import Batch

__all__ = ["dense", "window"]


def window(batch: Batch, first: int, last: int) -> Batch:
    """Samples ``first`` to ``last`` - 1 of a batch, without copying pixels."""
    begin, end = batch.pointers[first], batch.pointers[last]
    return Batch(
        batch.pointers[first : last + 1] - begin,
        batch.index[begin:end],
        batch.value[begin:end],
        batch.labels[first:last],
    )


def dense(batch: Batch, sample: int, inputs: int) -> NDArray[np.uint8]:
    """All ``inputs`` pixels of one sample."""
    entries = slice(batch.pointers[sample], batch.pointers[sample + 1])
    pixels = np.zeros(inputs, dtype=np.uint8)
    pixels[batch.index[entries]] = batch.value[entries]
    return pixels
