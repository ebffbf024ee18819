"""Samples as the core receives them: the nonzero pixels of an image, and its label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["Batch", "Sample"]


@dataclass(frozen=True)
class Sample:
    """One sample: ``index`` ascending and ``value`` 1..255 of its nonzero pixels (int64 tensors), and its label."""

    index: Tensor
    value: Tensor
    label: int


@dataclass(frozen=True)
class Batch:
    """Many samples in compressed rows: sample i has entries ``pointers[i]`` to ``pointers[i+1]`` (int64 arrays)."""

    pointers: NDArray[np.int64]
    index: NDArray[np.int64]
    value: NDArray[np.int64]
    labels: NDArray[np.int64]

    @classmethod
    def from_images(cls, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Batch:
        """The batch of (N, pixels) images and (N,) labels."""
        row, index = np.nonzero(images)
        pointers = np.zeros(len(images) + 1, dtype=np.int64)
        np.cumsum(np.bincount(row, minlength=len(images)), out=pointers[1:])
        value = images[row, index].astype(np.int64)
        return cls(pointers, index.astype(np.int64), value, labels.astype(np.int64))

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, i: int) -> Sample:
        window = slice(self.pointers[i], self.pointers[i + 1])
        return Sample(torch.from_numpy(self.index[window]), torch.from_numpy(self.value[window]), int(self.labels[i]))
