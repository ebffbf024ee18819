"""Fully connected layers as instructions: their rows, their products, and updates of the form pre x post x scalar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from onward.hw.spec.isa import Op, Source
from onward.hw.spec.memory_map import Matrix

from .assembler import Assembler

__all__ = ["LARGEST_ACTIVITY", "DenseLayer", "DenseLayers"]

LARGEST_ACTIVITY = 4
"""What an activity is expected to stay below; a larger one saturates an update's operand, which is counted."""


@dataclass(frozen=True)
class DenseLayer:
    """Rows of one hidden layer; layer 1 sees the sample, the others a vector."""

    number: int
    inputs: int
    units: int
    weights: Matrix
    bias: Matrix

    @property
    def tiles(self) -> int:
        """Words of lanes that its units take."""
        return self.weights.tiles


class DenseLayers:
    """The hidden layers of a core's configuration, W1, b1, W2 and so on, and the instructions that all rules share.

    Scalar registers: ``one``, and ``rx``, which the sample is multiplied by. Iterating gives the layers from the
    first to the last.
    """

    def __init__(self, asm: Assembler) -> None:
        self.asm = asm
        self.layers: list[DenseLayer] = []
        inputs = asm.config.inputs
        for number, units in enumerate(asm.config.hidden, 1):
            weights = asm.map.add(f"W{number}", inputs, units)
            self.layers.append(DenseLayer(number, inputs, units, weights, asm.map.add(f"b{number}", 1, units)))
            inputs = units

    def __iter__(self) -> Iterator[DenseLayer]:
        return iter(self.layers)

    def start(self, input_scale: float) -> None:
        """``one``, and ``rx`` = input_scale / |x|."""
        asm = self.asm
        asm.emit(Op.XN, "sum of squared pixels", d=asm.scalar("rx"))
        asm.compute(Op.RSQ, "rx", "rx")
        asm.constant("one", 1.0)
        if input_scale != 1:
            asm.constant("input scale", input_scale)
            asm.compute(Op.MUL, "rx", "rx", "input scale")

    def product(self, layer: DenseLayer, tile: int, below: int | None, scale: str, below_index: int = 0) -> None:
        """acc = b + scale W below of one tile; ``below`` is the first word of a vector, plus an index register, or None
        for the sample."""
        asm = self.asm
        bias = layer.bias.row(tile)
        asm.emit(Op.MAC, f"b{layer.number}", source=Source.CONST, init=1, s=asm.scalar("one"), row=bias, n=1)
        self._scan(Op.MAC, f"W{layer.number}", layer, tile, below, below_index, scale, {})

    def update(
        self,
        layer: DenseLayer,
        tile: int,
        below: int | None,
        post: int,
        scale: str,
        bias_scale: str,
        fine: bool,
        below_index: int = 0,
    ) -> None:
        """W -= scale below post, b -= bias_scale post of one tile; ``post`` is the vector word of the tile.

        ``fine`` is for scalars so small that the product with every element stays below 1/4.
        """
        asm = self.asm
        fields = {"fine": int(fine), "neg": 1, "p1": post}
        self._scan(Op.UPD, f"W{layer.number} learns", layer, tile, below, below_index, scale, fields)
        row, s = layer.bias.row(tile), asm.scalar(bias_scale)
        asm.emit(Op.UPD, f"b{layer.number} learns", source=Source.CONST, s=s, row=row, n=1, **fields)

    def _scan(
        self,
        op: Op,
        comment: str,
        layer: DenseLayer,
        tile: int,
        below: int | None,
        below_index: int,
        scale: str,
        fields: dict[str, int],
    ) -> None:
        """MAC or UPD of one tile of a layer's weights over all its inputs."""
        place: dict[str, int] = {"source": Source.SAMPLE} if below is None else {"source": Source.VECTOR, "p2": below}
        if below_index:
            place["p2i"] = below_index
        row, s = layer.weights.row(tile), self.asm.scalar(scale)
        self.asm.emit(op, comment, s=s, row=row, n=layer.inputs, **place, **fields)
