"""The predictive forward-forward rule's registers and its passes through the representation circuit.

The equations are those of Ororbia & Mali, arXiv 2301.01452, one sample at a time; ``docs/pff.md`` maps each to
instructions. In the first step positive and negative start from the same label-free state, and the label reaches the
last layer only: what lies below it is computed once for both. The bottom-up drive of layer 1 does not change over the
steps and is computed once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import Op, Source, Store
from onward.hw.spec.memory_map import Matrix

from .assembler import Assembler
from .pff_parameters import PFFParameters

__all__ = ["Circuit", "Layer", "Place", "uniform_range"]


def uniform_range(deviation: float) -> float:
    """Half the width of the uniform distribution of a standard deviation."""
    return math.sqrt(3) * deviation


@dataclass(frozen=True)
class Layer:
    """Matrices, drive and start state of one hidden layer; ``V`` leads down to the layer below."""

    number: int
    units: int
    W: Matrix
    b: Matrix
    L: Matrix
    R: Matrix
    V: Matrix | None
    drive: int
    start: int

    @property
    def tiles(self) -> int:
        return self.W.tiles


@dataclass(frozen=True)
class Place:
    """Where the activities of all layers are: first vector words, and names of the registers with 1/norm."""

    words: tuple[int, ...]
    norms: tuple[str, ...]


class Circuit:
    """Allocates everything and emits passes; phases are P (positive) and G (negative)."""

    def __init__(self, config: CoreConfig, parameters: PFFParameters, asm: Assembler) -> None:
        self.config, self.parameters, self.asm = config, parameters, asm
        self.label = asm.index("label", config.classes)
        self.wrong = asm.index("wrong", config.classes)
        self.guess = asm.index("guess", config.classes)
        self.layers: list[Layer] = []
        inputs = config.inputs
        for number, units in enumerate(config.hidden, 1):
            self.layers.append(
                Layer(
                    number,
                    units,
                    W=asm.map.add(f"W{number}", inputs, units),
                    b=asm.map.add(f"b{number}", 1, units),
                    L=asm.map.add(f"L{number}", config.group, units),
                    R=asm.map.add(f"R{number}", config.classes, units),
                    V=asm.map.add(f"V{number}", units, inputs) if number > 1 else None,
                    drive=asm.vector(f"x{number}", units),
                    start=asm.vector(f"s{number}", units),
                )
            )
            inputs = units
        self.VY = asm.map.add("VY", config.classes, config.hidden[-1])
        self.bR = asm.map.add("bR", config.classes, 1)
        self.top = self.layers[-1]
        self.start_place = Place(
            tuple(layer.start for layer in self.layers), tuple(f"rs{layer.number}" for layer in self.layers)
        )
        self.logits = asm.elements("logits", config.classes)
        self.ones = asm.elements("ones", 2)

    def place(self, phase: str, parity: int) -> Place:
        """Activities of a phase; two of them take turns from step to step."""
        words = tuple(self.asm.vector(f"z{phase}{layer.number}.{parity}", layer.units) for layer in self.layers)
        # Scalar registers are scarce: those of the start are free when the second step is made.
        if (phase, parity) == ("P", 1):
            return Place(words, self.start_place.norms)
        return Place(words, tuple(f"r{phase}{layer.number}.{parity}" for layer in self.layers))

    # small pieces -------------------------------------------------------------------------------------------------

    def bottom_up(self, op: Op, layer: Layer, tile: int, old: Place, scale: str, **fields: int) -> None:
        """MAC or UPD of a tile of a layer's W, from the layer below."""
        below = self.layers[layer.number - 2]
        comment = f"LN(z{below.number}') W{layer.number}"
        self.scan(op, comment, scale, layer.W, tile, old.words[below.number - 1], below.units, **fields)

    def top_down(self, op: Op, layer: Layer, tile: int, old: Place, scale: str, **fields: int) -> None:
        """MAC or UPD of a tile of the V that leads to a layer, from the layer above."""
        above = self.layers[layer.number]
        assert above.V is not None
        comment = f"LN(z{above.number}') V{above.number}"
        self.scan(op, comment, scale, above.V, tile, old.words[above.number - 1], above.units, **fields)

    def scan(
        self, op: Op, comment: str, scale: str, matrix: Matrix, tile: int, source: int, count: int, **fields: int
    ) -> None:
        """MAC or UPD of a tile of ``matrix`` over the ``count`` elements of a vector."""
        row, s = matrix.row(tile), self.asm.scalar(scale)
        self.asm.emit(op, comment, source=Source.VECTOR, s=s, row=row, n=count, p2=source, **fields)

    def constant_row(self, op: Op, comment: str, scale: str, row: int, label: int = 0, **fields: int) -> None:
        """MAC or UPD of the single row ``row``, the register ``label`` added."""
        self.asm.emit(op, comment, source=Source.CONST, s=self.asm.scalar(scale), row=row, ri=label, n=1, **fields)

    def combine(self, comment: str, target: int, terms: Sequence[tuple[int, str, int]]) -> None:
        """``target`` = sum of word * scalar over ``terms``: (word, scalar, negated)."""
        for i, (word, scale, neg) in enumerate(terms):
            self.asm.emit(Op.MACV, comment, init=int(i == 0), neg=neg, s=self.asm.scalar(scale), p1=word)
        self.asm.emit(Op.ST, comment, store=Store.IDENTITY, p1=target)

    def goodness(self, name: str, word: int, layer: Layer) -> None:
        """``name`` = sum of squares of a layer."""
        self.asm.emit(Op.RED, f"{name} = sum of squares", d=self.asm.scalar(name), p1=word, tiles=layer.tiles)

    # passes -------------------------------------------------------------------------------------------------------

    def constants(self, names: dict[str, float]) -> None:
        """Load scalars that passes need."""
        alpha = self.parameters.alpha
        usual = {"ys": self.parameters.label_scale, "a": alpha, "1-a": 1 - alpha}
        for name, value in (usual | names).items():
            self.asm.constant(name, value)

    def start(self) -> None:
        """Label-free start: z1 = relu(LN(x) W1 + b1), z2 = relu(LN(z1) W2 + b2); the drives are kept."""
        asm = self.asm
        asm.emit(Op.XN, "sum of squared pixels", d=asm.scalar("rx"))
        scale = asm.compute(Op.RSQ, "rx", "rx")
        asm.constant("one", 1.0)
        below: Layer | None = None
        for layer in self.layers:
            z = f"z{layer.number}"
            for tile in range(layer.tiles):
                if below is None:
                    asm.emit(
                        Op.MAC,
                        "x1 = LN(x) W1",
                        source=Source.SAMPLE,
                        init=1,
                        s=scale,
                        row=layer.W.row(tile),
                        n=self.config.inputs,
                    )
                    self.constant_row(Op.MAC, "x1 += b1", "one", layer.b.row(tile))
                else:
                    self.constant_row(Op.MAC, f"x{layer.number} = b", "one", layer.b.row(tile), init=1)
                    self.bottom_up(Op.MAC, layer, tile, self.start_place, f"rs{below.number}")
                asm.emit(Op.ST, f"drive of {z}", store=Store.IDENTITY, p1=layer.drive + tile)
                asm.emit(Op.ST, f"start of {z}", store=Store.RELU, p1=layer.start + tile)
            self.goodness("gP1", layer.start, layer)
            asm.compute(Op.RSQ, f"rs{layer.number}", "gP1")
            below = layer

    def activate(self, layer: Layer, old: Place, new: Place, label: int, row: int, noisy: bool) -> None:
        """relu(a) of one layer from the activities ``old``, into ``new``; label inputs start at ``row``."""
        asm, number = self.asm, layer.number
        for tile in range(layer.tiles):
            if number == 1:
                asm.emit(Op.MACV, "a1 = x1", init=1, s=asm.scalar("one"), p1=layer.drive + tile)
            else:
                self.constant_row(Op.MAC, f"a{number} = b{number}", "one", layer.b.row(tile), init=1)
            self._lateral_and_noise(layer, tile, old, noisy)
            if layer is self.top:
                self._add_label(tile, label, row)
            else:
                self.top_down(Op.MAC, layer, tile, old, old.norms[number])
            if number > 1:
                self.bottom_up(Op.MAC, layer, tile, old, old.norms[number - 2])
            asm.emit(Op.ST, f"relu(a{number})", store=Store.RELU, p1=new.words[number - 1] + tile)

    def first_drive(self, layer: Layer, new: Place, noisy: bool) -> None:
        """relu(a) of a layer below the last in the first step, which both phases share; of the last, a without label.

        The latter takes the place of the last layer's drive.
        """
        asm, number, old = self.asm, layer.number, self.start_place
        for tile in range(layer.tiles):
            asm.emit(Op.MACV, f"a{number} = x{number}", init=1, s=asm.scalar("one"), p1=layer.drive + tile)
            self._lateral_and_noise(layer, tile, old, noisy)
            if layer is self.top:
                asm.emit(Op.ST, f"a{number} without label", store=Store.IDENTITY, p1=layer.drive + tile)
            else:
                self.top_down(Op.MAC, layer, tile, old, old.norms[number])
                asm.emit(Op.ST, f"relu(a{number})", store=Store.RELU, p1=new.words[number - 1] + tile)

    def first_label(self, new: Place, label: int, row: int) -> None:
        """relu(a) of the last layer in the first step."""
        asm, top = self.asm, self.top
        for tile in range(top.tiles):
            asm.emit(Op.MACV, f"a{top.number} without label", init=1, s=asm.scalar("one"), p1=top.drive + tile)
            self._add_label(tile, label, row)
            asm.emit(Op.ST, f"relu(a{top.number})", store=Store.RELU, p1=new.words[-1] + tile)

    def _add_label(self, tile: int, label: int, row: int) -> None:
        self.constant_row(Op.MAC, "+ s y VY", "ys", row + tile * self.VY.inputs, label)

    def _lateral_and_noise(self, layer: Layer, tile: int, old: Place, noisy: bool) -> None:
        asm, number = self.asm, layer.number
        if self.parameters.lateral:
            word = old.words[number - 1] + tile
            asm.emit(Op.LMAC, f"- z{number}' Lt{number}", row=layer.L.row(tile), p2=word)
        if noisy and self.parameters.noise:
            asm.emit(Op.NOISE, "noise", s=asm.scalar("noise"))

    def mix(self, layer: Layer, old: int, new: int) -> None:
        """z = (1 - alpha) relu(a) + alpha z'."""
        if self.parameters.alpha:
            for tile in range(layer.tiles):
                terms = ((new + tile, "1-a", 0), (old + tile, "a", 0))
                self.combine(f"z{layer.number} = (1-a) relu(a) + a z'", new + tile, terms)

    def readout(self) -> None:
        """logits = sum over layers of R LN(z) + bR, from the label-free start."""
        asm = self.asm
        for layer in self.layers:
            comment = f"logits {'+' if layer.number > 1 else ''}= R{layer.number} LN(z{layer.number})"
            scale = asm.scalar(f"rs{layer.number}")
            asm.rows(layer.R, self.logits, layer.start, scale, comment, add=layer.number > 1)
        asm.rows(self.bR, self.logits, self.unit_vector(), asm.scalar("one"), "logits += bR", add=True)

    def unit_vector(self) -> int:
        """Word that holds 1 in lane 0 and 0 elsewhere."""
        return self.asm.vector("unit", 1)

    def make_unit_vector(self) -> None:
        """Fill it, and the elements that hold 1."""
        asm = self.asm
        for i in range(2):
            asm.emit(Op.STE, "1.0", s=asm.scalar("one"), e=self.ones + i)
        asm.emit(Op.SCAT, "1 in lane 0", init=1, s=asm.scalar("one"), n=1, e=self.ones)
        asm.emit(Op.ST, "unit vector", store=Store.IDENTITY, p1=self.unit_vector())
