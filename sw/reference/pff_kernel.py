"""The compiled passes of :class:`.pff_online.PFFOnline`: one sample at a time, in the order of the program.

Everywhere ``w`` are the matrices and ``c`` the constants. Activities: ``s1``, ``s2`` of the label-free start; ``z1``,
``z2`` (2, phases, units) of the steps, of which even and odd ones take turns. Phase 0 is the positive, 1 the negative.
``drive`` is what the image gives layer 1.
"""

from __future__ import annotations

__all__ = ["FULL_PIXEL", "reconstruct", "score", "train"]

from typing import Any

import numpy as np

from onward.hw.spec.formats import ELEMENT, WHITE

from .online import (
    add_outer,
    add_pair,
    add_product,
    add_row,
    add_weighted_rows,
    dot,
    draw_wrong,
    goodness,
    inverse_length,
    jit,
    project,
    relu,
    sigmoid,
    softmax,
)

FULL_PIXEL = WHITE / 2**ELEMENT.fraction
"""The largest pixel, 255, as the core has it."""


@jit
def _scratch(w: Any) -> Any:
    """Vectors for the drive, the activities of the steps and the error of layer 1."""
    n2, n1 = w.V2.shape
    kind = w.V2.dtype
    return np.zeros(n1, kind), np.zeros((2, 2, n1), kind), np.zeros((2, 2, n2), kind), np.zeros(n1, kind)


@jit
def train(w: Any, c: Any, samples: Any, uniforms: Any, predicted: Any, wrongs: Any) -> None:
    """One sample after the other; ``predicted``: whether G1 learns from the prediction of layer 1."""
    pointers, index, value, labels = samples
    drive, z1, z2, error = _scratch(w)
    s1, s2 = np.zeros_like(drive), np.zeros_like(w.b2[0])
    logits = np.zeros(len(w.VY), drive.dtype)
    both = np.zeros(2, np.int64)
    for sample in range(len(labels)):
        pixels = index[pointers[sample] : pointers[sample + 1]]
        values = value[pointers[sample] : pointers[sample + 1]]
        norm = inverse_length(values)
        _start(w, drive, s1, s2, pixels, values, norm)
        _logits(w, logits, s1, s2)
        softmax(logits)
        chances = logits if c.hard else np.zeros_like(logits)
        both[0] = labels[sample]
        both[1] = draw_wrong(chances, c.floor, both[0], uniforms[sample])
        wrongs[sample] = both[1]
        logits[both[0]] -= 1
        add_outer(w.R1, logits, s1, -c.readout_rate * inverse_length(s1))
        add_outer(w.R2, logits, s2, -c.readout_rate * inverse_length(s2))
        add_row(w.bR[:, 0], logits, -c.readout_rate)
        if c.generator:
            _learn_generator(w, c, s1, s2, pixels, values, predicted[sample])
        error[:] = 0
        for phase in range(2):
            z1[0, phase], z2[0, phase] = s1, s2
        for step in range(c.steps):
            old, new = step % 2, 1 - step % 2
            for phase in range(2):
                activities = z1[old, phase], z2[old, phase], z1[new, phase], z2[new, phase]
                _step(w, c, drive, *activities, both[phase])
            _learn_step(w, c, z1[old], z2[old], z1[new], z2[new], both, error, step)
        for i in range(len(pixels)):
            add_row(w.W1[pixels[i]], error, norm * values[i])
        add_row(w.b1[0], error, c.bias_factor)


@jit
def _start(w: Any, drive: Any, s1: Any, s2: Any, pixels: Any, values: Any, norm: Any) -> None:
    drive[:] = w.b1[0]
    add_weighted_rows(drive, w.W1, pixels, values, norm)
    s1[:] = drive
    relu(s1)
    s2[:] = w.b2[0]
    add_product(s2, w.W2, s1, inverse_length(s1))
    relu(s2)


@jit
def _logits(w: Any, logits: Any, s1: Any, s2: Any) -> None:
    logits[:] = w.bR[:, 0]
    project(logits, w.R1, s1, inverse_length(s1))
    project(logits, w.R2, s2, inverse_length(s2))


@jit
def _step(w: Any, c: Any, drive: Any, old1: Any, old2: Any, new1: Any, new2: Any, label: Any) -> None:
    """Both layers at once, each from the old activities of its neighbours."""
    new1[:] = drive
    add_product(new1, w.V2, old2, inverse_length(old2))
    new2[:] = w.b2[0]
    add_product(new2, w.W2, old1, inverse_length(old1))
    add_row(new2, w.VY[label], c.label_scale)
    if c.lateral:
        _inhibit(new1, w.L1, old1)
        _inhibit(new2, w.L2, old2)
    _mix(new1, old1, c.alpha)
    _mix(new2, old2, c.alpha)


@jit
def _mix(new: Any, old: Any, alpha: Any) -> None:
    kind = new.dtype.type
    for j in range(len(new)):
        new[j] = kind(1 - alpha) * max(new[j], kind(0)) + kind(alpha) * old[j]


@jit
def _inhibit(a: Any, lateral: Any, old: Any) -> None:
    """Within a group a unit inhibits the others and excites itself; weights below 0 do nothing."""
    group = len(lateral)
    for i in range(len(old)):
        if old[i] != 0:
            first, row = i - i % group, lateral[i % group]
            for j in range(first, min(first + group, len(a))):
                a[j] -= old[i] * max(row[j], 0)
            a[i] += 2 * old[i] * max(row[i], 0)


@jit
def _learn_lateral(lateral: Any, old: Any, new: Any, factor: Any) -> None:
    """As W on the diagonal, with the opposite sign elsewhere, where the weight is above 0."""
    group, factor = len(lateral), lateral.dtype.type(factor)
    for i in range(len(old)):
        if old[i] != 0:
            first, row = i - i % group, lateral[i % group]
            for j in range(first, min(first + group, len(new))):
                if row[j] > 0:
                    row[j] += factor * old[i] * (new[j] if i == j else -new[j])


@jit
def _modulators(c: Any, positive: Any, negative: Any) -> Any:
    """Rate times how wrong the goodness of each phase is, with the sign of the change."""
    if c.symba:
        m = c.rate * sigmoid(c.slope * (goodness(positive) - goodness(negative)) + c.margin)
        return -m, m
    return -c.rate * sigmoid(goodness(positive) - c.threshold), c.rate * sigmoid(c.threshold - goodness(negative))


@jit
def _learn_step(w: Any, c: Any, old1: Any, old2: Any, new1: Any, new2: Any, both: Any, error: Any, step: Any) -> None:
    """After a step, from the activities of both phases; ``error`` sums what W1 and b1 learn in the end."""
    first, second = _modulators(c, new1[0], new1[1]), _modulators(c, new2[0], new2[1])
    # Before the first step the phases are equal, and after it layer 1 still is: then SymBa leaves it nothing to learn.
    shared = step == 0
    if not (shared and c.symba):
        _learn_layer(c, w.V2, w.L1, old2, old1, new1, first, shared)
        for phase in range(2):
            add_row(error, new1[phase], first[phase])
    _learn_layer(c, w.W2, w.L2, old1, old2, new2, second, shared)
    for phase in range(2):
        add_row(w.b2[0], new2[phase], second[phase] * c.bias_factor)
        add_row(w.VY[both[phase]], new2[phase], second[phase] * c.label_scale)


@jit
def _learn_layer(c: Any, matrix: Any, lateral: Any, pre: Any, old: Any, post: Any, rates: Any, shared: Any) -> None:
    """A matrix into a layer from the activities ``pre``, and the layer's lateral weights from its own old ones."""
    if shared:
        change = np.zeros_like(post[0])
        for phase in range(2):
            add_row(change, post[phase], rates[phase])
        add_outer(matrix, pre[0], change, inverse_length(pre[0]))
        if c.lateral:
            _learn_lateral(lateral, old[0], change, 1.0)
        return
    positive, negative = rates[0] * inverse_length(pre[0]), rates[1] * inverse_length(pre[1])
    add_pair(matrix, (pre[0], positive), post[0], (pre[1], negative), post[1])
    if c.lateral:
        for phase in range(2):
            _learn_lateral(lateral, old[phase], post[phase], rates[phase])


@jit
def _learn_generator(w: Any, c: Any, s1: Any, s2: Any, pixels: Any, values: Any, predicted: Any) -> None:
    """Every matrix from the error of what it predicts of the label-free start, and of the image."""
    norm = inverse_length(s2)
    error = np.zeros_like(s1)
    add_product(error, w.G2, s2, norm)
    relu(error)
    add_row(error, s1, -1.0)
    add_outer(w.G2, s2, error, -c.prediction_rate * norm)
    code, guess = np.zeros(len(w.Gy), s2.dtype), np.zeros_like(s2)
    project(code, w.Gy, s2, norm)
    relu(code)
    scale = inverse_length(code)
    add_product(guess, w.Gy, code, scale)
    relu(guess)
    add_row(guess, s2, -norm)
    add_outer(w.Gy, code, guess, -c.code_rate * scale)
    source = s1
    if predicted:
        source = error
        _predict_first(w, source, s2)
    _learn_image(w.G1, source, pixels, values, c.generator_rate)


@jit
def _learn_image(matrix: Any, source: Any, pixels: Any, values: Any, rate: Any) -> None:
    """G1, a row for each pixel, from the error of the image made from activities of layer 1."""
    norm, entry = inverse_length(source), 0
    for i in range(len(matrix)):
        error = min(max(norm * dot(matrix[i], source), 0.0), FULL_PIXEL)
        if entry < len(pixels) and pixels[entry] == i:
            error -= values[entry] / 256
            entry += 1
        if error != 0:
            add_row(matrix[i], source, -rate * norm * error)


@jit
def _predict_first(w: Any, target: Any, s2: Any) -> None:
    """Activities of layer 1 that those of layer 2 predict."""
    target[:] = 0
    add_product(target, w.G2, s2, inverse_length(s2))
    relu(target)


@jit
def score(w: Any, c: Any, samples: Any, by_goodness: Any, by_readout: Any) -> None:
    """K/2 + 1 steps with each label; the activity counts of the last two."""
    pointers, index, value, labels = samples
    drive, z1, z2, _ = _scratch(w)
    s1, s2 = np.zeros_like(drive), np.zeros_like(w.b2[0])
    steps = c.steps // 2 + 1
    for sample in range(len(labels)):
        pixels = index[pointers[sample] : pointers[sample + 1]]
        values = value[pointers[sample] : pointers[sample + 1]]
        _start(w, drive, s1, s2, pixels, values, inverse_length(values))
        _logits(w, by_readout[sample], s1, s2)
        for label in range(len(w.VY)):
            z1[0, 0], z2[0, 0] = s1, s2
            for step in range(steps):
                old, new = step % 2, 1 - step % 2
                _step(w, c, drive, z1[old, 0], z2[old, 0], z1[new, 0], z2[new, 0], label)
                if step >= steps - 2:
                    by_goodness[sample, label] -= goodness(z1[new, 0]) + goodness(z2[new, 0])


@jit
def reconstruct(w: Any, samples: Any, from_second: Any, from_first: Any) -> None:
    """Pixels, not clipped, from the activities of each layer."""
    pointers, index, value, labels = samples
    drive, s1, s2 = np.zeros_like(w.b1[0]), np.zeros_like(w.b1[0]), np.zeros_like(w.b2[0])
    for sample in range(len(labels)):
        pixels = index[pointers[sample] : pointers[sample + 1]]
        values = value[pointers[sample] : pointers[sample + 1]]
        _start(w, drive, s1, s2, pixels, values, inverse_length(values))
        project(from_first[sample], w.G1, s1, inverse_length(s1))
        _predict_first(w, s1, s2)
        project(from_second[sample], w.G1, s1, inverse_length(s1))
