"""The updates of the predictive forward-forward rule's representation circuit: every one is pre x post x a scalar.

W1 and b1, whose input stays the same over the steps, learn once a sample, from the sum of the steps' errors.
"""

from __future__ import annotations

from onward.hw.spec.formats import ELEMENT
from onward.hw.spec.isa import Op, Source

from .pff_circuit import Circuit, Layer, Place

__all__ = ["Updates"]

_LATERAL_PARTS = 4
"""Errors of lateral weights are sums of so many equal parts: the operand's range ends before the vector's."""


class Updates:
    """Emits updates from the goodness that is measured after a step.

    Registers: ``gP1`` and so on hold a layer's goodness, then rate times its modulator; ``t1`` to ``t5`` are for the
    moment.
    """

    def __init__(self, circuit: Circuit) -> None:
        self.circuit, self.asm, self.parameters = circuit, circuit.asm, circuit.parameters
        self.symba = self.parameters.loss == "symba"
        # Errors in vector registers are larger than they are, for the sake of their fraction bits: as much as leaves
        # a modulator, which is below 1, in the range of an operand.
        self._error_scale = float(2 ** (circuit.config.operand_bits - 16))

    def constants(self) -> dict[str, float]:
        """Scalars that the updates need."""
        parameters = self.parameters
        names = {
            # From modulators to errors in vector registers, and from those to changes of weights.
            "to error": self._error_scale / parameters.rate if parameters.rate else self._error_scale,
            "from error": parameters.rate / self._error_scale,
        }
        if parameters.bias_factor != 1:
            names["bias"] = parameters.bias_factor
        if parameters.lateral:
            whole = 2.0 ** (self.circuit.config.fine_operand.fraction - ELEMENT.fraction)
            names["lateral"] = whole / _LATERAL_PARTS
        return names

    # registers ----------------------------------------------------------------------------------------------------

    def modulator(self, phase: str, layer: Layer) -> str:
        """Register of rate times a phase's modulator; it takes the place of a goodness."""
        return self.goodness("P" if self.symba else phase, layer)

    def goodness(self, phase: str, layer: Layer) -> str:
        """Register of a phase's goodness; under SymBa that of the negative is needed for a moment only."""
        return "gG" if self.symba and phase == "G" else f"g{phase}{layer.number}"

    def _bias_rate(self, rate: str, target: str) -> str:
        """Register of a layer's rate as its bias learns with it."""
        if self.parameters.bias_factor == 1:
            return rate
        self.asm.compute(Op.MUL, target, rate, "bias")
        return target

    # updates of a step --------------------------------------------------------------------------------------------

    def update_shared(self, layer: Layer, old: Place, new: dict[str, Place]) -> None:
        """Updates of the first step, whose presynaptic activities both phases share, from the error of both."""
        circuit, asm, number = self.circuit, self.asm, layer.number
        error = self._add_error(layer, new, first=True)
        if number > 1:
            asm.compute(Op.MUL, "t1", "from error", old.norms[number - 2])
            bias = self._bias_rate("from error", "t2")
            for tile in range(layer.tiles):
                fields = {"fine": 1, "p1": error + tile}
                circuit.bottom_up(Op.UPD, layer, tile, old, "t1", **fields)
                circuit.constant_row(Op.UPD, f"b{number}", bias, layer.b.row(tile), **fields)
        if layer is not circuit.top:
            asm.compute(Op.MUL, "t2", "from error", old.norms[number])
            for tile in range(layer.tiles):
                circuit.top_down(Op.UPD, layer, tile, old, "t2", fine=1, p1=error + tile)
        if self.parameters.lateral:
            asm.compute(Op.MUL, "t3", "lateral", "from error")
            self._update_lateral(layer, old, error, "t3", 0)

    def update_labels(self, new: dict[str, Place]) -> None:
        """VY -= rate modulator s y zP, VY += rate modulator s y zG."""
        circuit, top = self.circuit, self.circuit.top
        fine = int(self.parameters.rate * self.parameters.label_scale < 0.25)
        for phase, label, neg in (("P", circuit.label, 1), ("G", circuit.wrong, 0)):
            self.asm.compute(Op.MUL, "t1", self.modulator(phase, top), "ys")
            for tile in range(top.tiles):
                row, word = circuit.VY.row(tile), new[phase].words[-1] + tile
                circuit.constant_row(Op.UPD, f"VY, z{phase}", "t1", row, label, fine=fine, neg=neg, p1=word)

    def update(self, layer: Layer, step: int, old: dict[str, Place], new: dict[str, Place]) -> None:
        """Updates of a layer with both phases, one after the other; layer 1 adds its error to that of the steps."""
        circuit, asm, number = self.circuit, self.asm, layer.number
        below, above, bias = {"P": "t1", "G": "t2"}, {}, {}
        # The negative phase goes first: where the phases share a norm, its product goes elsewhere.
        for phase in "GP":
            modulator = self.modulator(phase, layer)
            if number > 1:
                bias[phase] = self._bias_rate(modulator, f"t{'3' if phase == 'P' or self.symba else '4'}")
                asm.compute(Op.MUL, below[phase], modulator, old[phase].norms[number - 2])
            if layer is not circuit.top:
                above[phase] = circuit.place(phase, step % 2).norms[number]
                asm.compute(Op.MUL, above[phase], modulator, old[phase].norms[number])
        for phase, neg in (("P", 1), ("G", 0)):
            post = new[phase].words[number - 1]
            for tile in range(layer.tiles):
                fields = {"fine": 1, "neg": neg, "p1": post + tile}
                if number > 1:
                    circuit.bottom_up(Op.UPD, layer, tile, old[phase], below[phase], **fields)
                    coarse = fields | {"fine": int(self.parameters.rate < 0.25)}
                    circuit.constant_row(Op.UPD, f"b{number}", bias[phase], layer.b.row(tile), **coarse)
                if layer is not circuit.top:
                    circuit.top_down(Op.UPD, layer, tile, old[phase], above[phase], **fields)
            if self.parameters.lateral:
                asm.compute(Op.MUL, "t5", self.modulator(phase, layer), "lateral")
                self._update_lateral(layer, old[phase], post, "t5", neg)
        if number == 1:
            self._add_error(layer, new, first=self.symba and step == 2)

    def _add_error(self, layer: Layer, new: dict[str, Place], first: bool) -> int:
        """error (+)= modulator zG - modulator zP of a layer, scaled; returns its word. That of layer 1 is kept."""
        asm, number = self.asm, layer.number
        widest = max(each.units for each in self.circuit.layers)
        error = asm.vector("D1", layer.units) if number == 1 else asm.vector("error", widest)
        scales = {"P": "t3", "G": "t3" if self.symba else "t4"}
        for phase in "P" if self.symba else "PG":
            asm.compute(Op.MUL, scales[phase], "to error", self.modulator(phase, layer))
        for tile in range(layer.tiles):
            terms = [] if first else [(error + tile, "one", 0)]
            terms += [(new[phase].words[number - 1] + tile, scales[phase], int(phase == "P")) for phase in "PG"]
            self.circuit.combine(f"error of layer {number}", error + tile, terms)
        return error

    def _update_lateral(self, layer: Layer, old: Place, post: int, scale: str, neg: int) -> None:
        """L from the post vector times ``scale``: on the diagonal like W, elsewhere with the opposite sign."""
        circuit, asm, number = self.circuit, self.asm, layer.number
        error = asm.vector("error", max(each.units for each in circuit.layers))
        for tile in range(layer.tiles):
            circuit.combine(f"error of L{number}", error + tile, [(post + tile, scale, neg)] * _LATERAL_PARTS)
        for tile in range(layer.tiles):
            word = old.words[number - 1] + tile
            asm.emit(Op.LUPD, f"L{number}", row=layer.L.row(tile), p1=error + tile, p2=word)

    def update_first_layer(self) -> None:
        """W1 += LN(x) D1, b1 += D1: the sum of all steps."""
        circuit, asm, first = self.circuit, self.asm, self.circuit.layers[0]
        asm.compute(Op.MUL, "rx", "rx", "from error")
        bias = self._bias_rate("from error", "t1")
        error = asm.vector("D1", first.units)
        for tile in range(first.tiles):
            asm.emit(
                Op.UPD,
                "W1 += LN(x) D1",
                source=Source.SAMPLE,
                fine=1,
                s=asm.scalar("rx"),
                row=first.W.row(tile),
                n=circuit.config.inputs,
                p1=error + tile,
            )
            circuit.constant_row(Op.UPD, "b1 += D1", bias, first.b.row(tile), fine=1, p1=error + tile)
