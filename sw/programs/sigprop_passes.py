"""Registers, loops over the classes and forward passes of the signal propagation program."""

from __future__ import annotations

from dataclasses import dataclass

from onward.hw.spec.isa import INDEX_BITS, Op, Source, Store

from .assembler import Assembler
from .dense import DenseLayer, DenseLayers

__all__ = ["Loop", "Passes"]


@dataclass(frozen=True)
class Loop:
    """A loop over the classes that has begun: its first instruction, and the tiles that its registers count by."""

    first: int
    steps: tuple[int, ...]


class Passes:
    """Allocates everything and emits what training and classification share.

    Of each layer: the activity h, and the targets t(c) of the classes. Elements hold 1/|t(c)| (``r``), the cosine of h
    and t(c) (``k``), and that times ``similarity`` (``s``; after the softmax the errors ``p - y``). Scalar registers
    hold 1/|h| (``rh1`` and so on).

    Loops count a class ``c`` from ``classes`` down to 1. An index register for each number of tiles counts the words of
    its targets: those of class ``c - 1`` begin at ``t - tiles`` plus that register. The target of layer 1 is always
    that of the class at hand.
    """

    def __init__(self, asm: Assembler, input_scale: float, similarity: float) -> None:
        self.asm, self.input_scale, self.similarity = asm, input_scale, similarity
        self.classes = classes = asm.config.classes
        self.dense = DenseLayers(asm)
        self.labels = asm.map.add("S", classes, asm.config.hidden[0])
        self.h = {layer.number: asm.vector(f"h{layer.number}", layer.units) for layer in self.dense}
        self.t = {
            layer.number: asm.vector(f"t{layer.number}", classes * layer.tiles * asm.config.lanes)
            for layer in self.dense.layers[1:]
        }
        self.t[1] = asm.vector("t1", asm.config.hidden[0])
        asm.elements("spare", 1)  # so that the others can be counted from 1
        self.c = asm.index("c", classes + 1)

    # places -------------------------------------------------------------------------------------------------------

    def elements(self, kind: str, layer: DenseLayer) -> int:
        """First element of ``s``, ``k`` or ``r`` of a layer."""
        return self.asm.elements(f"{kind}{layer.number}", self.classes)

    def below(self, layer: DenseLayer) -> int | None:
        """First word of what a layer sees of the sample; None for the sample itself."""
        return self.h[layer.number - 1] if layer.number > 1 else None

    def below_scale(self, layer: DenseLayer) -> str:
        """Register that makes what a layer sees of the sample a vector of a fixed length."""
        return f"rh{layer.number - 1}" if layer.number > 1 else "rx"

    def target(self, layer: DenseLayer, tile: int = 0) -> int:
        """Word of a layer's target, without the index register."""
        return self.t[layer.number] + tile - (layer.tiles if layer.number > 1 else 0)

    def place(self, layer: DenseLayer) -> int:
        """Index register of the words of a layer's targets."""
        if layer.number == 1:
            return 0
        return self._counter(layer.tiles)

    def _counter(self, tiles: int) -> int:
        if tiles == 1:
            return self.c
        return self.asm.index(f"place of {tiles}", self.classes * tiles + 1)

    # loops over the classes ---------------------------------------------------------------------------------------

    def begin(self, *layers: DenseLayer) -> Loop:
        """Begin a loop that needs the targets of some layers; that of layer 1 is made in it, by the lanes."""
        asm = self.asm
        asm.emit(Op.SETI, "for c = classes .. 1", d=self.c, imm=self.classes)
        steps = tuple(sorted({layer.tiles for layer in layers if layer.number > 1} - {1}))
        for tiles in steps:
            asm.emit(Op.SETI, "words of its target", d=self._counter(tiles), imm=self.classes * tiles)
        loop = Loop(len(asm.instructions), steps)
        if layers[0].number == 1:
            self.label_target(layers[0])
        return loop

    def end(self, loop: Loop) -> None:
        """The next class."""
        asm = self.asm
        for tiles in loop.steps:
            register = self._counter(tiles)
            asm.emit(Op.ADDI, "words of the next target", d=register, ri=register, imm=(1 << INDEX_BITS) - tiles)
        asm.emit(Op.LOOP, "next class", d=self.c, imm=loop.first)

    def with_below(self, layer: DenseLayer) -> list[DenseLayer]:
        """A layer, and before it the one below if there is one."""
        return self.dense.layers[max(0, layer.number - 2) : layer.number]

    def load(self, register: str, kind: str, layer: DenseLayer) -> str:
        """An element of the class of a loop into a scalar register; returns its name."""
        e = self.elements(kind, layer) - 1
        self.asm.emit(Op.LDE, f"{kind}{layer.number}(c)", d=self.asm.scalar(register), e=e, ri=self.c)
        return register

    def keep(self, register: str, kind: str, layer: DenseLayer) -> None:
        """A scalar register into an element of the class of a loop."""
        e = self.elements(kind, layer) - 1
        self.asm.emit(Op.STE, f"{kind}{layer.number}(c)", s=self.asm.scalar(register), e=e, ri=self.c)

    # passes -------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """The constants and the sample's norm."""
        self.dense.start(self.input_scale)
        self.asm.constant("similarity", self.similarity)

    def sample(self, layer: DenseLayer) -> None:
        """h of a layer and 1/|h|."""
        asm, number = self.asm, layer.number
        for tile in range(layer.tiles):
            self.dense.product(layer, tile, self.below(layer), self.below_scale(layer))
            asm.emit(Op.ST, f"h{number}", store=Store.RELU, p1=self.h[number] + tile)
        asm.emit(Op.RED, f"|h{number}| squared", d=asm.scalar("n"), p1=self.h[number], tiles=layer.tiles)
        asm.compute(Op.RSQ, f"rh{number}", "n")

    def label_target(self, layer: DenseLayer) -> None:
        """t of the class of a loop, from the label or from the layer below."""
        asm, number = self.asm, layer.number
        if number > 1:
            below = self.dense.layers[number - 2]
            self.load("rb", "r", below)
        for tile in range(layer.tiles):
            if number == 1:
                row, one = self.labels.row(tile) - 1, asm.scalar("one")
                asm.emit(Op.MAC, "S_c", source=Source.CONST, init=1, s=one, row=row, ri=self.c, n=1)
            else:
                self.dense.product(layer, tile, self.target(below), "rb", self.place(below))
            place = self.place(layer)
            asm.emit(Op.ST, f"t{number}(c)", store=Store.RELU, p1=self.target(layer, tile), p1i=place)

    def measure_target(self, layer: DenseLayer) -> None:
        """1/|t| of the class of a loop into ``rt`` and its element."""
        word, place = self.target(layer), self.place(layer)
        fields = {"d": self.asm.scalar("n"), "p1": word, "p1i": place, "tiles": layer.tiles}
        self.asm.emit(Op.RED, f"|t{layer.number}(c)| squared", **fields)
        self.asm.compute(Op.RSQ, "rt", "n")
        self.keep("rt", "r", layer)

    def cosine(self, layer: DenseLayer) -> None:
        """``k`` = cosine of h and the target of the class of a loop, whose 1/norm is in ``rt``."""
        asm, number = self.asm, layer.number
        fields = {"p1": self.h[number], "p2": self.target(layer), "p2i": self.place(layer), "tiles": layer.tiles}
        asm.emit(Op.DOT, f"h{number} . t{number}(c)", d=asm.scalar("k"), **fields)
        asm.compute(Op.MUL, "k", "k", "rt")
        asm.compute(Op.MUL, "k", "k", f"rh{number}")
