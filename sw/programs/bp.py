"""Backpropagation and direct feedback alignment, one sample at a time, as programs for the same core.

A relu net with a softmax output and plain descent of the cross-entropy. Backpropagation (Rumelhart, Hinton and
Williams, Nature 323, 1986) takes the error of a layer through the transposed weights of the layer above: ROWS, one row
a cycle, which leaves it in the element memory, and SCAT, which brings it back to the lanes. Direct feedback alignment
(Nokland, arXiv 1609.01596) takes it from the output's error through a fixed random matrix instead.

Errors are kept divided by ``1 - p`` of the true label, the largest of the output's errors: a vector register has 11
fraction bits, and the errors of a net that has nearly learned would vanish in it. The scalar of each update holds that
factor, so that nothing but rounding changes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.hw.spec.formats import ONE_PROBABILITY, PROBABILITY_SCALE
from onward.hw.spec.isa import Op, Source, Store
from onward.hw.spec.memory_map import Matrix

from .assembler import Assembler, Program
from .dense import LARGEST_ACTIVITY, DenseLayer, DenseLayers

__all__ = ["BPParameters", "build_bp", "build_dfa", "initial_bp_weights"]

Feedback = Literal["transposed", "random"]


@dataclass(frozen=True)
class BPParameters:
    """``rate`` learning rate of the hidden layers, ``readout_rate`` of the softmax layer, ``input_scale`` length of a
    sample after its normalisation."""

    rate: float = 0.04
    readout_rate: float = 0.04
    input_scale: float = 3.0

    def __post_init__(self) -> None:
        if not 0 <= self.rate <= 8 or not 0 <= self.readout_rate <= 8:
            raise ConfigError(f"learning rates must be 0 to 8, not {self.rate} and {self.readout_rate}")
        if not 0 < self.input_scale <= 100:
            raise ConfigError(f"input_scale must be above 0 and at most 100, not {self.input_scale}")

    def scaled(self, factor: float) -> BPParameters:
        """The same with both learning rates times ``factor``."""
        return replace(self, rate=self.rate * factor, readout_rate=self.readout_rate * factor)


class _Builder:
    """Emits both entries; of each layer ``z`` holds the activity, ``m`` 1.0 where it is positive."""

    def __init__(self, config: CoreConfig, parameters: BPParameters, feedback: Feedback) -> None:
        self.config, self.parameters, self.feedback = config, parameters, feedback
        self.asm = asm = Assembler(config)
        self.dense = DenseLayers(asm)
        self.top = self.dense.layers[-1]
        self.readout = asm.map.add("R", config.classes, self.top.units)
        self.feedbacks: dict[int, Matrix] = {}
        if feedback == "random":
            self.feedbacks = {x.number: asm.map.add(f"B{x.number}", config.classes, x.units) for x in self.dense}
        self.z = {layer.number: asm.vector(f"z{layer.number}", layer.units) for layer in self.dense}
        self.logits = asm.elements("logits", config.classes)
        self.guess = asm.index("guess", config.classes)
        self.largest = max(config.hidden)

    def train(self) -> None:
        """One training sample; result: the guess before learning."""
        asm, parameters, classes = self.asm, self.parameters, self.config.classes
        label = asm.index("label", classes)
        asm.entry("train")
        asm.emit(Op.LAB, "label", d=label)
        self.dense.start(parameters.input_scale)
        asm.constant("readout rate", parameters.readout_rate * PROBABILITY_SCALE)
        asm.constant("rate", -parameters.rate * PROBABILITY_SCALE)
        self.forward(masks=True)
        asm.emit(Op.SMAX, "p = softmax(logits)", e=self.logits, n=classes)
        asm.emit(Op.AMAX, "guess", d=self.guess, e=self.logits, n=classes)
        asm.emit(Op.EADD, "p - y", e=self.logits, ri=label, imm=-ONE_PROBABILITY & 0xFFFF)
        asm.emit(Op.LDE, "p - 1 of the label, the largest error", d=asm.scalar("q"), e=self.logits, ri=label)
        asm.compute(Op.REC, "1/q", "q")
        asm.compute(Op.MUL, "rate q", "rate", "q")
        asm.compute(Op.MUL, "rate q rx", "rate q", "rx")
        if self.feedback == "transposed":
            self.backward()
        else:
            self.align()
        asm.emit(Op.OUTI, "guess", ri=self.guess)
        asm.emit(Op.END)

    def infer(self) -> None:
        """Classify one sample; results: the label of the largest logit, twice, for it is the only score of a label."""
        asm = self.asm
        asm.entry("infer")
        self.dense.start(self.parameters.input_scale)
        self.forward(masks=False)
        asm.emit(Op.AMAX, "guess", d=self.guess, e=self.logits, n=self.config.classes)
        asm.emit(Op.OUTI, "guess", ri=self.guess)
        asm.emit(Op.OUTI, "guess", ri=self.guess)
        asm.emit(Op.END)

    def forward(self, masks: bool) -> None:
        """Activities of all layers, their masks if the errors will need them, and the logits."""
        asm = self.asm
        for layer in self.dense:
            z = self.z[layer.number]
            for tile in range(layer.tiles):
                self.dense.product(layer, tile, self.below(layer), "one" if layer.number > 1 else "rx")
                asm.emit(Op.ST, f"z{layer.number}", store=Store.RELU, p1=z + tile)
                if masks:
                    mask = asm.vector(f"m{layer.number}", layer.units)
                    asm.emit(Op.ST, f"m{layer.number} = z{layer.number} > 0", store=Store.STEP, p1=mask + tile)
        asm.rows(self.readout, self.logits, self.z[self.top.number], asm.scalar("one"), "logits")

    def below(self, layer: DenseLayer) -> int | None:
        """First word of what a layer sees; None for the sample."""
        return self.z[layer.number - 1] if layer.number > 1 else None

    # errors -------------------------------------------------------------------------------------------------------

    def error(self, layer: DenseLayer) -> int:
        """First word of a layer's error; layers take turns, each is needed by the next one below only."""
        return self.asm.vector(f"d{layer.number % 2}", self.largest)

    def backward(self) -> None:
        """Errors from the top down; each layer learns when its weights have passed the error on."""
        asm = self.asm
        self.from_output(self.readout, self.top)
        self.update_readout()
        for layer in reversed(self.dense.layers[1:]):
            below, error = self.dense.layers[layer.number - 2], asm.elements("errors", self.largest)
            comment = f"W{layer.number} transposed d{layer.number}"
            asm.rows(layer.weights, error, self.error(layer), asm.scalar("one"), comment)
            self.update(layer)
            for tile in range(below.tiles):
                first = tile * self.config.lanes
                count = min(self.config.lanes, below.units - first)
                fields = {"s": asm.scalar("one"), "n": count, "e": error + first}
                asm.emit(Op.SCAT, f"d{below.number}", init=1, **fields)
                self.mask(below, tile)
        self.update(self.dense.layers[0])

    def align(self) -> None:
        """Errors of all layers straight from the output's."""
        self.update_readout()
        for layer in self.dense:
            self.from_output(self.feedbacks[layer.number], layer)
            self.update(layer)

    def from_output(self, matrix: Matrix, layer: DenseLayer) -> None:
        """A layer's error from the output's, through a matrix of (classes, units)."""
        asm = self.asm
        for tile in range(layer.tiles):
            place = {"row": matrix.row(tile), "n": self.config.classes, "e": self.logits}
            comment = f"d{layer.number} = (p - y) {matrix.name} / (1 - p of the label)"
            asm.emit(Op.MAC, comment, source=Source.ELEMENTS, init=1, neg=1, s=asm.scalar("1/q"), **place)
            self.mask(layer, tile)

    def mask(self, layer: DenseLayer, tile: int) -> None:
        """The accumulators as a word of a layer's error, where the layer is active."""
        asm, word = self.asm, self.error(layer) + tile
        mask = asm.vector(f"m{layer.number}", layer.units) + tile
        asm.emit(Op.ST, f"d{layer.number}", store=Store.IDENTITY, p1=word)
        asm.emit(Op.MACVV, f"d{layer.number} where z{layer.number} > 0", init=1, p1=word, p2=mask)
        asm.emit(Op.ST, f"d{layer.number}", store=Store.IDENTITY, p1=word)

    # updates ------------------------------------------------------------------------------------------------------

    def update(self, layer: DenseLayer) -> None:
        """W and b of a layer descend along its error."""
        fine = self.parameters.rate * LARGEST_ACTIVITY < 0.25
        scale = "rate q" if layer.number > 1 else "rate q rx"
        for tile in range(layer.tiles):
            self.dense.update(layer, tile, self.below(layer), self.error(layer) + tile, scale, "rate q", fine)

    def update_readout(self) -> None:
        """R descends along (p - y) z."""
        asm, fine = self.asm, int(self.parameters.readout_rate < 0.25)
        for tile in range(self.top.tiles):
            fields = {"row": self.readout.row(tile), "n": self.config.classes, "e": self.logits}
            post = self.z[self.top.number] + tile
            s = asm.scalar("readout rate")
            asm.emit(Op.UPD, "R learns", source=Source.ELEMENTS, fine=fine, neg=1, s=s, p1=post, **fields)


def build_bp(config: CoreConfig, parameters: BPParameters | None = None) -> Program:
    """Backpropagation: the program with the entries ``train`` and ``infer``.

    Raises
    ------
    ConfigError
        If weights, registers or program do not fit the core.
    """
    return _build(config, parameters, "transposed")


def build_dfa(config: CoreConfig, parameters: BPParameters | None = None) -> Program:
    """Direct feedback alignment: the same, with the fixed matrices B1, B2 and so on beside the weights.

    Raises
    ------
    ConfigError
        If weights, registers or program do not fit the core.
    """
    return _build(config, parameters, "random")


def _build(config: CoreConfig, parameters: BPParameters | None, feedback: Feedback) -> Program:
    builder = _Builder(config, parameters or BPParameters(), feedback)
    builder.train()
    builder.infer()
    return builder.asm.assemble()


def initial_bp_weights(program: Program, seed: int) -> NDArray[np.int32]:
    """Weight rows (rows, lanes) to start from: normal, W of deviation sqrt(2/inputs), R and B 1/sqrt(units); else 0."""
    config = program.config
    generator = np.random.default_rng(seed)
    memory = np.zeros((config.rows, config.lanes), dtype=np.int32)
    form = config.weight
    for matrix in program.map.matrices.values():
        if matrix.name[0] == "b":
            continue
        deviation = math.sqrt(2 / matrix.inputs) if matrix.name[0] == "W" else 1 / math.sqrt(matrix.units)
        real = generator.normal(0.0, deviation, (matrix.inputs, matrix.units))
        codes = np.clip(np.rint(real * 2**form.fraction), form.min, form.max).astype(np.int32)
        memory[matrix.base : matrix.base + matrix.rows] = matrix.pack(codes)
    return memory
