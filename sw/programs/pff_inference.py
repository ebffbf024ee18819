"""Predictive forward-forward, classification: the entry ``infer`` of the program.

From the label-free start K/2 + 1 steps are made with each label in turn; the label of least activity, summed over
layers and the last two steps, wins.
"""

from __future__ import annotations

from onward.hw.spec.isa import Op

from .pff_circuit import Circuit, Layer, Place

__all__ = ["Inference"]


class Inference:
    """Emits the entry ``infer``; results: the label by goodness, and the readout's."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit

    def emit(self) -> None:
        circuit, asm = self.circuit, self.circuit.asm
        classes, top = circuit.config.classes, circuit.top
        candidate = asm.index("candidate", classes + 1)
        best = asm.index("best", classes + 1)
        asm.entry("infer")
        circuit.start()
        circuit.constants({})
        circuit.make_unit_vector()
        circuit.readout()
        asm.emit(Op.AMAX, "guess", d=circuit.guess, e=circuit.logits, n=classes)
        # Registers: t1 the best score so far, t2 the candidate's.
        asm.constant("t1", -(2.0**100))
        first = circuit.place("P", 0)
        circuit.first_drive(top, first, noisy=False)
        for layer in circuit.layers[:-1]:
            circuit.first_drive(layer, first, noisy=False)
            circuit.mix(layer, layer.start, first.words[layer.number - 1])
            circuit.goodness("gP1", first.words[layer.number - 1], layer)
            asm.compute(Op.RSQ, first.norms[layer.number - 1], "gP1")
        asm.emit(Op.SETI, "for candidate = classes .. 1", d=candidate, imm=classes)
        loop = len(asm.instructions)
        # Candidates count from 1.
        row = circuit.VY.base - 1
        steps = circuit.parameters.steps // 2 + 1
        # The second step needs what the first left, for every candidate anew: it has the other words.
        circuit.first_label(first, candidate, row)
        circuit.mix(top, top.start, first.words[-1])
        asm.constant("t2", 0.0)
        self._add_score(top, first, counted=steps <= 2, norm=steps > 1)
        old = first
        for step in range(2, steps + 1):
            # Words of the negative phase, so that those of the first step stay.
            new = circuit.place("G", step % 2)
            for layer in reversed(circuit.layers):
                circuit.activate(layer, old, new, candidate, row, noisy=False)
                circuit.mix(layer, old.words[layer.number - 1], new.words[layer.number - 1])
                self._add_score(layer, new, counted=step >= steps - 1, norm=step < steps)
            old = new
        asm.emit(
            Op.BEST,
            "keep the best candidate",
            d=best,
            s=asm.scalar("t2"),
            p1=asm.scalar("t1"),
            ri=candidate,
        )
        asm.emit(Op.LOOP, "next candidate", d=candidate, imm=loop)
        asm.emit(Op.ADDI, "labels count from 0", d=best, ri=best, imm=(1 << 20) - 1)
        asm.emit(Op.OUTI, "label by goodness", ri=best)
        asm.emit(Op.OUTI, "label by readout", ri=circuit.guess)
        asm.emit(Op.END)

    def _add_score(self, layer: Layer, place: Place, counted: bool, norm: bool) -> None:
        """score -= goodness of a layer; its norm for the next step."""
        asm = self.circuit.asm
        self.circuit.goodness("gP1", place.words[layer.number - 1], layer)
        if norm:
            asm.compute(Op.RSQ, place.norms[layer.number - 1], "gP1")
        if counted:
            asm.compute(Op.SUB, "t2", "t2", "gP1")
