"""Pieces of the rules that learn one sample at a time, compiled.

Every step goes along the rows of a matrix, and elements that are 0 are passed over, as the core does.

numba keeps what it compiled in a cache, and looks only at the file of the outermost function to see whether it is out
of date: after a change here, delete ``sw/reference/__pycache__``.
"""

from __future__ import annotations

__all__ = [
    "add_outer",
    "add_pair",
    "add_product",
    "add_row",
    "add_weighted_rows",
    "dot",
    "draw_wrong",
    "goodness",
    "inverse_length",
    "jit",
    "project",
    "relu",
    "sigmoid",
    "softmax",
]

from typing import Any

import numba
import numpy as np

# fastmath lets sums be vectorised: their order, and with it the last bits of the weights, is then the processor's.
jit: Any = numba.njit(cache=True, nogil=True, fastmath=True)


@jit
def add_row(target: Any, row: Any, factor: Any) -> None:
    """``target += factor row``, in the type of the arrays: an integer pixel times a float32 would be float64."""
    scale = target.dtype.type(factor)
    for j in range(len(target)):
        target[j] += scale * row[j]


@jit
def add_weighted_rows(target: Any, matrix: Any, rows: Any, values: Any, factor: Any) -> None:
    """``target += factor values matrix[rows]``."""
    for i in range(len(rows)):
        add_row(target, matrix[rows[i]], factor * values[i])


@jit
def add_product(target: Any, matrix: Any, v: Any, factor: Any) -> None:
    """``target += factor v matrix``."""
    for i in range(len(v)):
        if v[i] != 0:
            add_row(target, matrix[i], factor * v[i])


@jit
def add_outer(matrix: Any, pre: Any, post: Any, factor: Any) -> None:
    """``matrix += factor pre^T post``."""
    for i in range(len(pre)):
        if pre[i] != 0:
            add_row(matrix[i], post, factor * pre[i])


@jit
def add_pair(matrix: Any, pre: Any, post: Any, pre_other: Any, post_other: Any) -> None:
    """``matrix += pre^T post + pre_other^T post_other``; ``pre`` are vectors, each with a factor."""
    (v, factor), (v_other, factor_other) = pre, pre_other
    kind = matrix.dtype.type
    for i in range(len(v)):
        a, b = kind(factor * v[i]), kind(factor_other * v_other[i])
        if a != 0 or b != 0:
            row = matrix[i]
            for j in range(len(row)):
                row[j] += a * post[j] + b * post_other[j]


@jit
def dot(a: Any, b: Any) -> Any:
    """Sum of products."""
    total = a.dtype.type(0)
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


@jit
def project(target: Any, matrix: Any, v: Any, factor: Any) -> None:
    """``target += factor matrix v``: each row gives an output."""
    for i in range(len(target)):
        target[i] += target.dtype.type(factor) * dot(matrix[i], v)


@jit
def goodness(v: Any) -> Any:
    """Sum of squares."""
    return dot(v, v)


@jit
def inverse_length(v: Any) -> Any:
    """Factor that makes a vector LN of it; 0 for a vector of zeros, whose LN is 0."""
    square = dot(v, v)
    return 1 / np.sqrt(square) if square > 0 else 0.0


@jit
def relu(v: Any) -> None:
    """In place."""
    for i in range(len(v)):
        v[i] = max(v[i], 0)


@jit
def sigmoid(x: Any) -> Any:
    """Of a number; it ends far below what matters to a weight, so that nothing overflows."""
    return 1 / (1 + np.exp(-max(x, -80.0)))


@jit
def softmax(v: Any) -> None:
    """In place."""
    v -= v.max()
    v[:] = np.exp(v)
    v /= v.sum()


@jit
def draw_wrong(chances: Any, floor: Any, label: Any, uniform: Any) -> Any:
    """A label other than ``label``, as likely as its chance plus the floor; ``uniform`` is a number from [0, 1)."""
    total = 0.0
    for c in range(len(chances)):
        if c != label:
            total += chances[c] + floor
    rest, wrong = uniform * total, label
    for c in range(len(chances)):
        if c != label and rest >= 0:
            wrong = c
            rest -= chances[c] + floor
    return wrong
