"""Forward-forward with the label as an input (Hinton, arXiv 2212.13345), as a program.

One training sample: a *neutral* pass (every label input 0.1) feeds the softmax readout and draws the hard negative
label; a *positive* and a *negative* pass; then all updates with the SymBa modulator (arXiv 2303.08418) of each layer,
``sigma(margin)``, the margin by which the pair is on the wrong side. As in the predictive forward-forward rule
(arXiv 2301.01452) positive data get LOW activity; goodness is the negative sum of squares.

Program order is chosen so that the lanes work while the scalar unit waits; the meaning does not depend on it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.hw.spec.formats import ONE_PROBABILITY, PROBABILITY_SCALE
from onward.hw.spec.isa import Op, Source, Store
from onward.hw.spec.memory_map import Matrix

from .assembler import Assembler, Program

__all__ = ["FFBuilder", "FFParameters", "build_ff", "initial_weights"]


@dataclass(frozen=True)
class FFParameters:
    """What the program is made for; all of it constants in the program.

    ``rate`` learning rate of the layers, ``readout_rate`` of the softmax readout, ``label_scale`` of the label input,
    ``negatives``: ``hard`` draws the wrong label from the readout, ``random`` uniformly; ``floor`` is added to every
    wrong label's probability. ``slope`` and ``margin``: the modulator is ``sigma(slope (gP - gG) + margin)`` of the
    goodness of positive and negative, so a pair counts as right when they differ by more than ``margin / slope``.
    ``bias_factor`` learning rate of the biases, as a part of ``rate``.
    """

    rate: float = 0.3
    readout_rate: float = 0.2
    label_scale: float = 0.5
    negatives: str = "hard"
    floor: float = 0.01
    slope: float = 1.0
    margin: float = 0.0
    bias_factor: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.rate <= 8 or not 0 <= self.readout_rate <= 8:
            raise ConfigError(f"learning rates must be 0 to 8, not {self.rate} and {self.readout_rate}")
        if self.negatives not in ("hard", "random"):
            raise ConfigError(f"negatives must be 'hard' or 'random', not {self.negatives!r}")
        if not 0 < self.label_scale <= 2:
            raise ConfigError(f"label_scale must be above 0 and at most 2, not {self.label_scale}")
        if not 0 < self.floor <= 1:
            raise ConfigError(f"floor must be above 0 and at most 1, not {self.floor}")
        if not 1e-3 <= self.slope <= 1000 or not -1000 <= self.margin <= 1000:
            raise ConfigError(
                f"slope must be 0.001 to 1000 and margin -1000 to 1000, not {self.slope} and {self.margin}"
            )
        if not 0 <= self.bias_factor <= 1:
            raise ConfigError(f"bias_factor must be 0 to 1, not {self.bias_factor}")

    def scaled(self, factor: float) -> FFParameters:
        """The same with both learning rates times ``factor``."""
        return replace(self, rate=self.rate * factor, readout_rate=self.readout_rate * factor)


_WIDE_DEPTH = 6
"""Hidden layers whose norms, of the neutral and the positive pass, there are scalar registers for."""


@dataclass(frozen=True)
class _Layer:
    """Rows and registers of one hidden layer."""

    number: int
    units: int
    weights: Matrix
    bias: Matrix
    readout: Matrix
    vectors: dict[str, int]

    @property
    def tiles(self) -> int:
        return self.weights.tiles


class FFBuilder:
    """Emits the passes; ``phase`` is N (neutral), P (positive) or G (negative).

    Parameters
    ----------
    config : the core.
    parameters : of the rule.
    depth : hidden layers of the configuration to make the program for, from the first one on; all if left out.
    """

    def __init__(self, config: CoreConfig, parameters: FFParameters, depth: int | None = None) -> None:
        self.config, self.parameters = config, parameters
        self.asm = asm = Assembler(config)
        self.label = asm.index("label", config.classes)
        self.wrong = asm.index("wrong", config.classes)
        self.guess = asm.index("guess", config.classes)
        self.labels = asm.map.add("WL", config.classes, config.hidden[0])
        self.layers = []
        inputs = config.inputs
        for number, units in enumerate(config.hidden[:depth], 1):
            vectors = {phase: asm.vector(f"z{phase}{number}", units) for phase in "NPG"}
            weights = asm.map.add(f"W{number}", inputs, units)
            bias = asm.map.add(f"b{number}", 1, units)
            readout = asm.map.add(f"R{number}", config.classes, units)
            self.layers.append(_Layer(number, units, weights, bias, readout, vectors))
            inputs = units
        self.drive = asm.vector("x1", config.hidden[0])
        self.logits = asm.elements("logits", config.classes)

    # passes -------------------------------------------------------------------------------------------------------

    def start(self, *constants: tuple[str, float]) -> None:
        """The constants, the input's norm, the part of layer 1 that all passes share, and z1 of the neutral pass."""
        asm, first = self.asm, self.layers[0]
        asm.emit(Op.XN, "sum of squared pixels", d=asm.scalar("rx"))
        scale = asm.compute(Op.RSQ, "rx", "rx")
        one = asm.constant("one", 1.0)
        for name, value in (
            ("ys", self.parameters.label_scale),
            ("ys/10", self.parameters.label_scale * 0.1),
            *constants,
        ):
            asm.constant(name, value)
        for tile in range(first.tiles):
            asm.emit(
                Op.MAC,
                "x1 = LN(x) W1",
                source=Source.SAMPLE,
                init=1,
                s=scale,
                row=first.weights.row(tile),
                n=self.config.inputs,
            )
            asm.emit(Op.MAC, "x1 += b1", source=Source.CONST, s=one, row=first.bias.row(tile), n=1)
            asm.emit(Op.ST, "x1", store=Store.IDENTITY, p1=self.drive + tile)
            # The accumulators still hold x1: the neutral pass goes on from them.
            self.add_label("N", tile, asm.scalar("ys/10"), 0, self.config.classes)
        self.measure("N", first)

    def add_label(self, phase: str, tile: int, scale: int, label: int, count: int, offset: int = 0) -> None:
        """Adds ``count`` label inputs to x1 in the accumulators and stores z1 of a phase."""
        row = self.labels.row(tile) - offset
        self.asm.emit(Op.MAC, "label inputs", source=Source.CONST, s=scale, row=row, ri=label, n=count)
        self.asm.emit(Op.ST, f"z{phase}1", store=Store.RELU, p1=self.layers[0].vectors[phase] + tile)

    def first_layer(self, phase: str, label: int, offset: int = 0) -> None:
        """z1 of a phase with the label in index register ``label`` (which counts from ``offset``)."""
        asm, first = self.asm, self.layers[0]
        for tile in range(first.tiles):
            asm.emit(Op.MACV, "acc = x1", init=1, s=asm.scalar("one"), p1=self.drive + tile)
            self.add_label(phase, tile, asm.scalar("ys"), label, 1, offset)
        self.measure(phase, first)

    def layer(self, phase: str, layer: _Layer) -> None:
        """z of a later layer from the one below."""
        asm, below = self.asm, self.layers[layer.number - 2]
        for tile in range(layer.tiles):
            comment = f"z{phase}{layer.number} = relu(LN(z{phase}{below.number}) W{layer.number} + b{layer.number})"
            asm.emit(Op.MAC, comment, source=Source.CONST, init=1, s=asm.scalar("one"), row=layer.bias.row(tile), n=1)
            asm.emit(
                Op.MAC,
                comment,
                source=Source.VECTOR,
                s=asm.scalar(self.norm(phase, below.number)),
                row=layer.weights.row(tile),
                n=below.units,
                p2=below.vectors[phase],
            )
            asm.emit(Op.ST, comment, store=Store.RELU, p1=layer.vectors[phase] + tile)

    def measure(self, phase: str, layer: _Layer, scale: bool = True) -> None:
        """g = sum of squares of a layer, r = 1/sqrt(g)."""
        goodness = self.goodness(phase, layer.number)
        self.asm.emit(
            Op.RED,
            f"{goodness} = sum of z{phase}{layer.number} squared",
            d=self.asm.scalar(goodness),
            p1=layer.vectors[phase],
            tiles=layer.tiles,
        )
        if scale:
            self.asm.compute(Op.RSQ, self.norm(phase, layer.number), goodness)

    # Scalar registers are scarce: those of the neutral pass are needed once, those of the negative pass until the
    # update of the next layer, which comes after the goodness of the layer above that. The update's own scalars
    # take the places of what they are computed from.

    @staticmethod
    def goodness(phase: str, number: int) -> str:
        """Register of a layer's sum of squares; of the positive phase later its modulator."""
        return {"N": "gN", "P": f"gP{number}", "G": f"gG{number % 3}"}[phase]

    def norm(self, phase: str, number: int) -> str:
        """Register of a layer's 1/norm; later times the rate of the update that uses it."""
        neutral = "P" if self.readout_first else "N"
        return {"N": f"r{neutral}{number}", "P": f"rP{number}", "G": f"rG{number % 3}"}[phase]

    @property
    def readout_first(self) -> bool:
        """Whether the readout learns before the positive pass, which waits for its softmax: in deep nets, so that both
        passes can have the same registers."""
        return len(self.layers) > _WIDE_DEPTH

    def add_logits(self, layer: _Layer) -> None:
        """logits (+)= R LN(zN) of one layer."""
        scale = self.asm.scalar(self.norm("N", layer.number))
        comment = f"logits {'+' if layer.number > 1 else ''}= R{layer.number} LN(zN{layer.number})"
        self.asm.rows(layer.readout, self.logits, layer.vectors["N"], scale, comment, add=layer.number > 1)

    # updates ------------------------------------------------------------------------------------------------------

    def readout_rates(self) -> None:
        """Scalars of the readout's update: rate / |zN| of each layer, for probabilities as elements."""
        for layer in self.layers:
            norm = self.norm("N", layer.number)
            self.asm.compute(Op.MUL, norm, "readout rate", norm)

    def update_readout(self) -> None:
        """R += rate (y - p) LN(zN); the elements hold p - y."""
        asm = self.asm
        for layer in self.layers:
            for tile in range(layer.tiles):
                asm.emit(
                    Op.UPD,
                    f"R{layer.number} -= rate (p - y) LN(zN{layer.number})",
                    source=Source.ELEMENTS,
                    fine=1,
                    neg=1,
                    s=asm.scalar(self.norm("N", layer.number)),
                    row=layer.readout.row(tile),
                    n=self.config.classes,
                    p1=layer.vectors["N"] + tile,
                    e=self.logits,
                )

    def modulator(self, layer: _Layer) -> None:
        """rate * sigma(slope (gP - gG) + margin), how far the pair is on the wrong side, and its products."""
        asm, number = self.asm, layer.number
        modulator = self.goodness("P", number)
        asm.compute(Op.SUB, modulator, modulator, self.goodness("G", number))
        if self.parameters.slope != 1:
            asm.compute(Op.MUL, modulator, modulator, "slope")
        if self.parameters.margin:
            asm.compute(Op.ADD, modulator, modulator, "margin")
        asm.compute(Op.SIG, modulator, modulator)
        asm.compute(Op.MUL, modulator, modulator, "rate")
        if number == 1:
            asm.compute(Op.MUL, "m1 ys", modulator, "ys")
            asm.compute(Op.MUL, "rx", modulator, "rx")
        else:
            for phase in "PG":
                norm = self.norm(phase, number - 1)
                asm.compute(Op.MUL, norm, modulator, norm)
        if self.parameters.bias_factor != 1:
            # From here on only the bias needs it.
            asm.compute(Op.MUL, modulator, modulator, "bias")

    def subtract(self) -> None:
        """d = zG1 - zP1, by which W1 learns: x1, whose place it takes, is no longer needed."""
        asm, first, one = self.asm, self.layers[0], self.asm.scalar("one")
        for tile in range(first.tiles):
            positive, negative = (first.vectors[phase] + tile for phase in "PG")
            asm.emit(Op.MACV, "d = zG1 - zP1", init=1, s=one, p1=negative)
            asm.emit(Op.MACV, "d = zG1 - zP1", neg=1, s=one, p1=positive)
            asm.emit(Op.ST, "d", store=Store.IDENTITY, p1=self.drive + tile)

    def update_first(self, above: _Layer | None = None) -> None:
        """W1, b1 with the difference of both phases, WL with each; see :meth:`update` for ``above``."""
        asm, first = self.asm, self.layers[0]
        fine = int(self.parameters.rate * max(1.0, self.parameters.label_scale) < 0.25)
        for tile in range(first.tiles):
            for phase, register, neg in (("P", self.label, 1), ("G", self.wrong, 0)):
                asm.emit(
                    Op.UPD,
                    f"WL {'-' if neg else '+'}= z{phase}1",
                    source=Source.CONST,
                    fine=fine,
                    neg=neg,
                    s=asm.scalar("m1 ys"),
                    row=self.labels.row(tile),
                    ri=register,
                    n=1,
                    p1=first.vectors[phase] + tile,
                )
            asm.emit(
                Op.UPD,
                "W1 += LN(x) d",
                source=Source.SAMPLE,
                fine=1,
                s=asm.scalar("rx"),
                row=first.weights.row(tile),
                n=self.config.inputs,
                p1=self.drive + tile,
            )
            if above and tile == 0:
                self.modulator(above)
            asm.emit(
                Op.UPD,
                "b1 += d",
                source=Source.CONST,
                fine=fine,
                s=asm.scalar(self.goodness("P", 1)),
                row=first.bias.row(tile),
                n=1,
                p1=self.drive + tile,
            )

    def update(self, layer: _Layer, above: _Layer | None = None) -> None:
        """W and b of a layer, with each phase. While it learns the modulator of the layer ``above`` is worked out."""
        if layer.number == 1:
            self.update_first(above)
            return
        asm, below = self.asm, self.layers[layer.number - 2]
        number = layer.number
        fine = int(self.parameters.rate < 0.25)
        for phase, neg in (("P", 1), ("G", 0)):
            for tile in range(layer.tiles):
                asm.emit(
                    Op.UPD,
                    f"W{number} {'-' if neg else '+'}= LN(z{phase}{below.number}) z{phase}{number}",
                    source=Source.VECTOR,
                    fine=1,
                    neg=neg,
                    s=asm.scalar(self.norm(phase, below.number)),
                    row=layer.weights.row(tile),
                    n=below.units,
                    p1=layer.vectors[phase] + tile,
                    p2=below.vectors[phase],
                )
                if above and phase == "P" and tile == 0:
                    self.modulator(above)
                asm.emit(
                    Op.UPD,
                    f"b{number} {'-' if neg else '+'}= z{phase}{number}",
                    source=Source.CONST,
                    fine=fine,
                    neg=neg,
                    s=asm.scalar(self.goodness("P", number)),
                    row=layer.bias.row(tile),
                    n=1,
                    p1=layer.vectors[phase] + tile,
                )

    # programs -----------------------------------------------------------------------------------------------------

    def train(self) -> None:
        """One training sample; result: the readout's guess before learning."""
        asm, later = self.asm, self.layers[1:]
        classes = self.config.classes
        asm.entry("train")
        self.start(*self.training_constants())
        asm.emit(Op.LAB, "label", d=self.label)
        if not self.readout_first:
            self.first_layer("P", self.label)
        self.readout()
        if not self.readout_first:
            self.readout_rates()
        asm.emit(Op.SMAX, "p = softmax(logits)", e=self.logits, n=classes)
        self.draw()
        asm.emit(Op.AMAX, "guess", d=self.guess, e=self.logits, n=classes)
        if self.readout_first:
            self.learn_readout()
            self.first_layer("P", self.label)
        for layer in later:
            self.layer("P", layer)
            self.measure("P", layer, scale=layer is not self.layers[-1])
        if not self.readout_first:
            asm.emit(Op.EADD, "p - y", e=self.logits, ri=self.label, imm=-ONE_PROBABILITY & 0xFFFF)
        self.first_layer("G", self.wrong)
        self.subtract()
        if not self.readout_first:
            self.update_readout()
        self.modulator(self.layers[0])
        for layer in later:
            self.layer("G", layer)
            self.measure("G", layer, scale=layer is not self.layers[-1])
            self.update(self.layers[layer.number - 2], above=layer)
        self.update(self.layers[-1])
        asm.emit(Op.OUTI, "guess", ri=self.guess)
        asm.emit(Op.END)

    def learn_readout(self) -> None:
        """The readout's error and update, one after the other."""
        self.asm.emit(Op.EADD, "p - y", e=self.logits, ri=self.label, imm=-ONE_PROBABILITY & 0xFFFF)
        self.readout_rates()
        self.update_readout()

    def training_constants(self) -> list[tuple[str, float]]:
        """Scalars that only training needs; those that change nothing take no register."""
        parameters = self.parameters
        names = [("rate", parameters.rate), ("readout rate", parameters.readout_rate * PROBABILITY_SCALE)]
        if parameters.slope != 1:
            names.append(("slope", parameters.slope))
        if parameters.margin:
            names.append(("margin", parameters.margin))
        if parameters.bias_factor != 1:
            names.append(("bias", parameters.bias_factor))
        return names

    def readout(self) -> None:
        """The rest of the neutral pass, and its logits."""
        for layer in self.layers[1:]:
            self.layer("N", layer)
            self.add_logits(self.layers[layer.number - 2])
            self.measure("N", layer)
        self.add_logits(self.layers[-1])

    def draw(self) -> None:
        """The wrong label of the negative pass: from the readout's softmax, or from zeros."""
        classes = self.config.classes
        hard = self.parameters.negatives == "hard"
        weights = self.logits if hard else self.asm.zeros(classes)
        floor = math.floor(self.parameters.floor * ONE_PROBABILITY + 0.5)
        self.asm.emit(Op.DRAW, "wrong label", d=self.wrong, e=weights, n=classes, ri=self.label, imm=floor)

    def infer(self) -> None:
        """Classify one sample; results: the label of least activity in the sweep, and the readout's."""
        asm, later = self.asm, self.layers[1:]
        classes = self.config.classes
        candidate = asm.index("candidate", classes + 1)
        best = asm.index("best", classes + 1)
        asm.entry("infer")
        self.start()
        self.readout()
        asm.emit(Op.AMAX, "guess", d=self.guess, e=self.logits, n=classes)
        # Scalars of the negative phase, which inference does not have
        goodness, zero, champion = self.goodness("G", 0), self.norm("G", 0), self.norm("G", 1)
        asm.constant(zero, 0.0)
        asm.constant(champion, -(2.0**100))
        asm.emit(Op.SETI, "for candidate = classes .. 1", d=candidate, imm=classes)
        loop = len(asm.instructions)
        self.first_layer("P", candidate, offset=1)
        asm.compute(Op.SUB, goodness, zero, self.goodness("P", 1))
        for layer in later:
            self.layer("P", layer)
            self.measure("P", layer, scale=layer is not self.layers[-1])
            asm.compute(Op.SUB, goodness, goodness, self.goodness("P", layer.number))
        asm.emit(
            Op.BEST,
            "keep the best candidate",
            d=best,
            s=asm.scalar(goodness),
            p1=asm.scalar(champion),
            ri=candidate,
        )
        asm.emit(Op.LOOP, "next candidate", d=candidate, imm=loop)
        asm.emit(Op.ADDI, "labels count from 0", d=best, ri=best, imm=(1 << 20) - 1)
        asm.emit(Op.OUTI, "label by goodness", ri=best)
        asm.emit(Op.OUTI, "label by readout", ri=self.guess)
        asm.emit(Op.END)


def build_ff(config: CoreConfig, parameters: FFParameters | None = None) -> Program:
    """The program with the entries ``train`` and ``infer``.

    Raises
    ------
    ConfigError
        If weights, registers or program do not fit the core.
    """
    builder = FFBuilder(config, parameters or FFParameters())
    builder.train()
    builder.infer()
    return builder.asm.assemble()


def initial_weights(program: Program, seed: int) -> NDArray[np.int32]:
    """Weight rows (rows, lanes) to start from: normal, 2/sqrt(inputs) for layer 1, 1/sqrt(inputs) above; else 0."""
    config = program.config
    generator = np.random.default_rng(seed)
    memory = np.zeros((config.rows, config.lanes), dtype=np.int32)
    form = config.weight
    for name, matrix in program.map.matrices.items():
        if name == "WL":
            deviation = 1 / math.sqrt(matrix.units)
        elif name == "W1":
            deviation = 2 / math.sqrt(matrix.inputs)
        elif name.startswith("W"):
            deviation = 1 / math.sqrt(matrix.inputs)
        else:
            continue
        real = generator.normal(0.0, deviation, (matrix.inputs, matrix.units))
        codes = np.clip(np.rint(real * 2**form.fraction), form.min, form.max).astype(np.int32)
        memory[matrix.base : matrix.base + matrix.rows] = matrix.pack(codes)
    return memory
