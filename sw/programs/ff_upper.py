"""Forward-forward of one layer above the first, alone: its samples are what the layer below has handed on.

An image is two samples, one after the other, whose label is the phase: 0 positive, 1 negative. The positive one is kept
in vector registers, copied there by an identity matrix; the negative one brings the update of both.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.hw.spec.isa import Op, Source, Store

from .assembler import Assembler, Program
from .ff import FFParameters, initial_weights
from .handover import Handover, write_handover_rows

__all__ = ["build_ff_upper", "initial_upper_weights"]


class _Builder:
    """Emits the two phases; ``phase`` is P (positive) or G (negative)."""

    def __init__(self, config: CoreConfig, number: int, parameters: FFParameters, hands_on: bool) -> None:
        if not 2 <= number <= len(config.hidden):
            raise ConfigError(f"layer {number} is none above the first of the {len(config.hidden)} of {config.name!r}")
        self.inputs, self.units = config.hidden[number - 2 : number]
        if self.inputs > config.inputs:
            raise ConfigError(f"layer {number} sees {self.inputs} activities, the core takes {config.inputs} inputs")
        self.parameters, self.number = parameters, number
        self.asm = asm = Assembler(config)
        self.weights = asm.map.add(f"W{number}", self.inputs, self.units)
        self.bias = asm.map.add(f"b{number}", 1, self.units)
        # An identity for one word of inputs, with zeros around it: each word's rows begin at another place.
        lanes = config.lanes
        self.zeros = (config.tiles(self.inputs) - 1) * lanes
        self.identity = asm.map.add("identity", self.zeros + self.inputs, min(lanes, self.inputs))
        self.vectors = {phase: asm.vector(f"z{phase}", self.units) for phase in "PG"}
        self.kept = asm.vector("kept", self.inputs)
        self.handover = Handover(asm, self.units) if hands_on else None

    def start(self) -> None:
        asm, parameters = self.asm, self.parameters
        asm.emit(Op.XN, "sum of squared activities", d=asm.scalar("rx"))
        asm.compute(Op.RSQ, "rx", "rx")
        asm.constant("one", 1.0)
        asm.constant("rate", parameters.rate)
        for name, value, neutral in (
            ("slope", parameters.slope, 1),
            ("margin", parameters.margin, 0),
            ("bias", parameters.bias_factor, 1),
        ):
            if value != neutral:
                asm.constant(name, value)
        for name, value in self.handover.constants() if self.handover else ():
            asm.constant(name, value)

    def forward(self, phase: str) -> None:
        """z of a phase from the sample, and g, its sum of squares."""
        asm = self.asm
        comment = f"z{phase} = relu(LN(x) W{self.number} + b{self.number})"
        for tile in range(self.weights.tiles):
            row, one = self.bias.row(tile), asm.scalar("one")
            asm.emit(Op.MAC, comment, source=Source.CONST, init=1, s=one, row=row, n=1)
            row, scale = self.weights.row(tile), asm.scalar("rx")
            asm.emit(Op.MAC, comment, source=Source.SAMPLE, s=scale, row=row, n=self.inputs)
            asm.emit(Op.ST, comment, store=Store.RELU, p1=self.vectors[phase] + tile)
        asm.emit(
            Op.RED,
            f"g{phase} = sum of z{phase} squared",
            d=asm.scalar(f"g{phase}"),
            p1=self.vectors[phase],
            tiles=self.weights.tiles,
        )

    def positive(self) -> None:
        """Keeps what the update needs later."""
        asm, one = self.asm, self.asm.scalar("one")
        config = asm.config
        for tile in range(config.tiles(self.inputs)):
            # While the scalar unit works out the norm that the forward product waits for.
            row = self.identity.base + self.zeros - tile * config.lanes
            asm.emit(Op.MAC, "keep x", source=Source.SAMPLE, init=1, s=one, row=row, n=self.inputs)
            asm.emit(Op.ST, "keep x", store=Store.IDENTITY, p1=self.kept + tile)
        self.forward("P")
        asm.constant("zero", 0.0)
        asm.compute(Op.ADD, "kept rx", "rx", "zero")
        asm.emit(Op.END)

    def negative(self, learn: bool) -> None:
        """The other phase, the modulator of the pair, and the update; activities are handed on as they were before."""
        asm = self.asm
        self.forward("G")
        if self.handover:
            for phase in "PG":
                asm.compute(Op.RSQ, f"r{phase}", f"g{phase}")
                self.handover.scale(f"r{phase}")
        if learn:
            self.modulator()
        if self.handover:
            for number, phase in enumerate("PG"):
                self.handover.pair(number, self.vectors[phase], f"r{phase}")
            self.handover.send()
        if learn:
            self.update("P", "kept rx", Source.VECTOR, neg=1)
            self.update("G", "rx", Source.SAMPLE, neg=0)
        asm.emit(Op.END)

    def modulator(self) -> None:
        """gP = rate * sigma(slope (gP - gG) + margin), how far the pair is on the wrong side, and its products."""
        asm, parameters = self.asm, self.parameters
        asm.compute(Op.SUB, "gP", "gP", "gG")
        if parameters.slope != 1:
            asm.compute(Op.MUL, "gP", "gP", "slope")
        if parameters.margin:
            asm.compute(Op.ADD, "gP", "gP", "margin")
        asm.compute(Op.SIG, "gP", "gP")
        asm.compute(Op.MUL, "gP", "gP", "rate")
        for scale in ("kept rx", "rx"):
            asm.compute(Op.MUL, scale, "gP", scale)
        if parameters.bias_factor != 1:
            asm.compute(Op.MUL, "gP", "gP", "bias")

    def update(self, phase: str, scale: str, source: Source, neg: int) -> None:
        """W and b with a phase, its inputs being those kept or the sample."""
        asm = self.asm
        fine = int(self.parameters.rate < 0.25)
        kept = {"p2": self.kept} if source is Source.VECTOR else {}
        sign = "-" if neg else "+"
        for tile in range(self.weights.tiles):
            asm.emit(
                Op.UPD,
                f"W{self.number} {sign}= LN(x) z{phase}",
                source=source,
                fine=1,
                neg=neg,
                s=asm.scalar(scale),
                row=self.weights.row(tile),
                n=self.inputs,
                p1=self.vectors[phase] + tile,
                **kept,
            )
            asm.emit(
                Op.UPD,
                f"b{self.number} {sign}= z{phase}",
                source=Source.CONST,
                fine=fine,
                neg=neg,
                s=asm.scalar("gP"),
                row=self.bias.row(tile),
                n=1,
                p1=self.vectors[phase] + tile,
            )

    def sample(self, entry: str, learn: bool) -> None:
        """One phase of an image, whichever the label says."""
        asm = self.asm
        phase = asm.index("phase", 2)
        asm.entry(entry)
        asm.emit(Op.LAB, "phase", d=phase)
        self.start()
        # LOOP goes on where counting down gives anything but 0: that is, from 0 itself.
        branch = len(asm.instructions)
        asm.emit(Op.LOOP, "to the positive phase", d=phase)
        self.negative(learn)
        asm.jump_here(branch)
        self.positive()


def build_ff_upper(
    config: CoreConfig, number: int, parameters: FFParameters | None = None, hands_on: bool = False
) -> Program:
    """The program for layer ``number``, counted from 1, of ``config.hidden``, with the entry ``train``.

    With ``hands_on`` its activities before learning are the results of the negative sample, for one more layer above;
    then there is the entry ``activities``, too, which learns nothing.

    Raises
    ------
    ConfigError
        If there is no such layer, or weights, registers or program do not fit the core.
    """
    builder = _Builder(config, number, parameters or FFParameters(), hands_on)
    builder.sample("train", learn=True)
    if hands_on:
        builder.sample("activities", learn=False)
    return builder.asm.assemble()


def initial_upper_weights(program: Program, seed: int) -> NDArray[np.int32]:
    """Weight rows (rows, lanes) to start from: as :func:`.ff.initial_weights` makes them, and the constant ones."""
    memory = initial_weights(program, seed)
    weights, *_ = program.map.matrices.values()
    matrix = program.map.matrices["identity"]
    one = program.config.weight.quantise(1.0)
    identity = one * np.eye(matrix.inputs, matrix.units, weights.inputs - matrix.inputs, dtype=np.int32)
    memory[matrix.base : matrix.base + matrix.rows] = matrix.pack(identity)
    write_handover_rows(program, memory)
    return memory
