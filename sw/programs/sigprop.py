"""Signal propagation (Kohan, Rietman and Siegelmann, arXiv 2204.01723), one sample at a time, as a program.

The label travels through the same layers as a second input: ``t1(c) = relu(S_c)`` beside ``h1 = relu(x W1 + b1)``,
above that ``h = relu(LN(h') W + b)`` and ``t(c) = relu(LN(t'(c)) W + b)``, with the primes those of the layer below.
Each layer has a loss of its own, the cross-entropy of the softmax over ``similarity * k_c`` with the cosines
``k_c = LN(h) . LN(t(c))``, and no error goes to the layer below. With ``e_c = p_c - y_c`` a layer descends along

    similarity (sum of e_c LN(t(c)) - sum of e_c k_c LN(h)) / |h|      where h > 0, for h,
    similarity e_c (LN(h) - k_c LN(t(c))) / |t(c)|                     where t(c) > 0, for each t(c).

The targets of all classes are computed anew for every training sample, since every sample changes the weights; for
classification once, by the entry ``prepare``. Those of layer 1, one row each, are made whenever they are needed and
take no registers. Errors of h are kept divided by ``1 - p`` of the true label, as in :mod:`.bp`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.hw.spec.formats import ONE_PROBABILITY, PROBABILITY_SCALE
from onward.hw.spec.isa import Op, Source, Store

from .assembler import Assembler, Program
from .dense import DenseLayer
from .sigprop_passes import Passes

__all__ = ["SigPropParameters", "build_sigprop", "initial_sigprop_weights"]


@dataclass(frozen=True)
class SigPropParameters:
    """``rate`` learning rate of the layers, ``readout_rate`` of the label's own weights S, ``input_scale`` length of a
    sample after its normalisation, ``similarity`` the factor of the cosines."""

    rate: float = 0.03
    readout_rate: float = 0.03
    input_scale: float = 3.0
    similarity: float = 10.0

    def __post_init__(self) -> None:
        if not 0 <= self.rate <= 8 or not 0 <= self.readout_rate <= 8:
            raise ConfigError(f"learning rates must be 0 to 8, not {self.rate} and {self.readout_rate}")
        if not 0 < self.input_scale <= 100:
            raise ConfigError(f"input_scale must be above 0 and at most 100, not {self.input_scale}")
        if not 0 < self.similarity < 16:
            raise ConfigError(
                f"similarity must be above 0 and below 16, the range of an element, not {self.similarity}"
            )

    def scaled(self, factor: float) -> SigPropParameters:
        """The same with both learning rates times ``factor``."""
        return replace(self, rate=self.rate * factor, readout_rate=self.readout_rate * factor)


class _Builder:
    """Emits the entries."""

    def __init__(self, config: CoreConfig, parameters: SigPropParameters) -> None:
        self.config, self.parameters = config, parameters
        self.asm = asm = Assembler(config)
        self.passes = Passes(asm, parameters.input_scale, parameters.similarity)
        self.layers = self.passes.dense.layers
        self.label = asm.index("label", config.classes)
        self.guess = asm.index("guess", config.classes)
        self.error = asm.vector("d", max(config.hidden))

    # entries ------------------------------------------------------------------------------------------------------

    def train(self) -> None:
        """One training sample; result: the guess of the last layer before learning."""
        asm, passes, parameters, classes = self.asm, self.passes, self.parameters, self.config.classes
        asm.entry("train")
        asm.emit(Op.LAB, "label", d=self.label)
        passes.start()
        # Rates of errors that are probabilities.
        scale = parameters.similarity * PROBABILITY_SCALE
        for name, rate in (
            ("rate", -parameters.rate),
            ("t rate", parameters.rate),
            ("S rate", parameters.readout_rate),
        ):
            asm.constant(name, rate * scale)
        for layer in self.layers:
            passes.sample(layer)
            loop = passes.begin(*passes.with_below(layer))
            if layer.number > 1:
                passes.label_target(layer)
            passes.measure_target(layer)
            passes.cosine(layer)
            passes.keep("k", "k", layer)
            asm.compute(Op.MUL, "k", "k", "similarity")
            passes.keep("k", "s", layer)
            passes.end(loop)
            errors = passes.elements("s", layer)
            if layer is self.layers[-1]:
                asm.emit(Op.AMAX, "guess", d=self.guess, e=errors, n=classes)
            asm.emit(Op.SMAX, "p = softmax(s)", e=errors, n=classes)
            asm.emit(Op.EADD, "p - y", e=errors, ri=self.label, imm=-ONE_PROBABILITY & 0xFFFF)
        # From the top down: the targets of layer 1 are made from S, which must not have learned yet.
        for layer in reversed(self.layers):
            self.learn_from_sample(layer)
            self.learn_from_targets(layer)
        asm.emit(Op.OUTI, "guess", ri=self.guess)
        asm.emit(Op.END)

    def prepare(self) -> None:
        """Targets of all classes and their norms, for the classifications that follow; no result."""
        asm, passes = self.asm, self.passes
        asm.entry("prepare")
        asm.constant("one", 1.0)
        loop = passes.begin(*self.layers)
        for layer in self.layers:
            if layer.number > 1:
                passes.label_target(layer)
            passes.measure_target(layer)
        passes.end(loop)
        asm.emit(Op.END)

    def infer(self) -> None:
        """Classify one sample; results: the label of the largest sum of all layers' cosines, and of the last's."""
        asm, passes, classes = self.asm, self.passes, self.config.classes
        total, last = asm.elements("total", classes), passes.elements("k", self.layers[-1])
        asm.entry("infer")
        passes.start()
        for layer in self.layers:
            passes.sample(layer)
        asm.constant("zero", 0.0)
        loop = passes.begin(*self.layers)
        for layer in self.layers:
            passes.load("rt", "r", layer)
            passes.cosine(layer)
            asm.compute(Op.ADD, "sum", "k", "sum" if layer.number > 1 else "zero")
        passes.keep("k", "k", self.layers[-1])
        asm.emit(Op.STE, "sum of all layers", s=asm.scalar("sum"), e=total - 1, ri=passes.c)
        passes.end(loop)
        for comment, scores in (("label by all layers", total), ("label by the last layer", last)):
            asm.emit(Op.AMAX, comment, d=self.guess, e=scores, n=classes)
            asm.emit(Op.OUTI, comment, ri=self.guess)
        asm.emit(Op.END)

    # learning -----------------------------------------------------------------------------------------------------

    def learn_from_sample(self, layer: DenseLayer) -> None:
        """W and b from the error of h; its sum over the classes grows in registers: layer 1 needs the accumulators."""
        asm, passes, number = self.asm, self.passes, layer.number
        one, h = asm.scalar("one"), passes.h[number]
        asm.emit(Op.LDE, "p - 1 of the label", d=asm.scalar("q"), e=passes.elements("s", layer), ri=self.label)
        asm.compute(Op.REC, "1/q", "q")
        asm.constant("sum", 0.0)
        for tile in range(layer.tiles):
            asm.emit(Op.MACV, "acc = 0", init=1, s=asm.scalar("sum"), p1=h + tile)
            asm.emit(Op.ST, "d = 0", store=Store.IDENTITY, p1=self.error + tile)
        loop = passes.begin(layer)
        # q is negative: the errors have the opposite sign until the update.
        asm.compute(Op.MUL, "e", passes.load("e", "s", layer), "1/q")
        asm.compute(Op.MUL, "k", passes.load("k", "k", layer), "e")
        asm.compute(Op.ADD, "sum", "sum", "k")
        asm.compute(Op.MUL, "e", "e", passes.load("rt", "r", layer))
        for tile in range(layer.tiles):
            target, place = passes.target(layer, tile), passes.place(layer)
            comment = f"d += e_c LN(t{number}(c))"
            asm.emit(Op.MACV, comment, init=1, s=one, p1=self.error + tile)
            asm.emit(Op.MACV, comment, neg=1, s=asm.scalar("e"), p1=target, p1i=place)
            asm.emit(Op.ST, comment, store=Store.IDENTITY, p1=self.error + tile)
        passes.end(loop)
        asm.compute(Op.MUL, "sum", "sum", f"rh{number}")
        asm.compute(Op.MUL, "rate q", "rate", "q")
        asm.compute(Op.MUL, "rate q", "rate q", f"rh{number}")
        asm.compute(Op.MUL, "rate q r", "rate q", passes.below_scale(layer))
        for tile in range(layer.tiles):
            error = self.error + tile
            comment = f"d = (d - sum of e_c k_c LN(h{number})) where h{number} > 0"
            asm.emit(Op.MACV, comment, init=1, s=one, p1=error)
            asm.emit(Op.MACV, comment, s=asm.scalar("sum"), p1=h + tile)
            asm.emit(Op.ST, comment, store=Store.IDENTITY, p1=error)
            self.where(comment, error, h + tile)
            passes.dense.update(layer, tile, passes.below(layer), error, "rate q r", "rate q", self.fine)

    def learn_from_targets(self, layer: DenseLayer) -> None:
        """W and b from the errors of the targets of all classes; in layer 1, S instead."""
        asm, passes, number = self.asm, self.passes, layer.number
        loop = passes.begin(*passes.with_below(layer))
        passes.load("rt", "r", layer)
        asm.compute(Op.MUL, "k", passes.load("k", "k", layer), "rt")
        asm.compute(Op.MUL, "e", passes.load("e", "s", layer), "rt")
        asm.compute(Op.MUL, "e", "e", "t rate" if number > 1 else "S rate")
        if number > 1:
            below = self.layers[number - 2]
            asm.compute(Op.MUL, "e r", "e", passes.load("rb", "r", below))
        for tile in range(layer.tiles):
            error, target, place = self.error + tile, passes.target(layer, tile), passes.place(layer)
            comment = f"d = (LN(h{number}) - k_c LN(t{number}(c))) where t{number}(c) > 0"
            asm.emit(Op.MACV, comment, init=1, s=asm.scalar(f"rh{number}"), p1=passes.h[number] + tile)
            asm.emit(Op.MACV, comment, neg=1, s=asm.scalar("k"), p1=target, p1i=place)
            asm.emit(Op.ST, comment, store=Store.IDENTITY, p1=error)
            self.where(comment, error, target, place)
            if number > 1:
                sees = passes.target(below), passes.place(below)
                passes.dense.update(layer, tile, sees[0], error, "e r", "e", self.fine, sees[1])
            else:
                fields = {"row": passes.labels.row(tile) - 1, "ri": passes.c, "n": 1, "p1": error}
                asm.emit(Op.UPD, "S learns", source=Source.CONST, neg=1, s=asm.scalar("e"), **fields)
        passes.end(loop)

    def where(self, comment: str, word: int, active: int, index: int = 0) -> None:
        """Clears a word where the word ``active``, plus an index register, is not positive."""
        asm, mask = self.asm, self.asm.vector("mask", self.config.lanes)
        asm.emit(Op.MACV, comment, init=1, s=asm.scalar("one"), p1=active, p1i=index)
        asm.emit(Op.ST, comment, store=Store.STEP, p1=mask)
        asm.emit(Op.MACVV, comment, init=1, p1=mask, p2=word)
        asm.emit(Op.ST, comment, store=Store.IDENTITY, p1=word)

    @property
    def fine(self) -> bool:
        """Whether the operands of updates, of inputs of length 1 or input_scale, stay in the fine format."""
        return self.parameters.rate * self.parameters.similarity < 0.25


def build_sigprop(config: CoreConfig, parameters: SigPropParameters | None = None) -> Program:
    """The program with the entries ``train``, ``prepare`` and ``infer``.

    Raises
    ------
    ConfigError
        If weights, registers or program do not fit the core.
    """
    builder = _Builder(config, parameters or SigPropParameters())
    builder.train()
    builder.prepare()
    builder.infer()
    return builder.asm.assemble()


def initial_sigprop_weights(program: Program, seed: int) -> NDArray[np.int32]:
    """Weight rows (rows, lanes) to start from: W normal with deviation sqrt(2/inputs), S sqrt(2/units); biases 0."""
    config = program.config
    generator = np.random.default_rng(seed)
    memory = np.zeros((config.rows, config.lanes), dtype=np.int32)
    form = config.weight
    for matrix in program.map.matrices.values():
        if matrix.name[0] == "b":
            continue
        deviation = math.sqrt(2 / (matrix.inputs if matrix.name[0] == "W" else matrix.units))
        real = generator.normal(0.0, deviation, (matrix.inputs, matrix.units))
        codes = np.clip(np.rint(real * 2**form.fraction), form.min, form.max).astype(np.int32)
        memory[matrix.base : matrix.base + matrix.rows] = matrix.pack(codes)
    return memory
