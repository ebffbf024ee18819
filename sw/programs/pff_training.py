"""Predictive forward-forward, training: the entry ``train`` of the program.

One sample: the label-free start feeds the softmax readout, which learns, and draws the hard negative label; the
generative circuit learns; then K steps of positive and negative, after each of which the representation circuit
learns.

Program order is chosen so that the lanes work while the scalar unit waits; the meaning does not depend on it.
"""

from __future__ import annotations

import math

from onward.hw.spec.formats import ONE_PROBABILITY, PROBABILITY_SCALE
from onward.hw.spec.isa import Op, Source

from .pff_circuit import Circuit, Layer, Place, uniform_range
from .pff_generator import GeneratorPasses
from .pff_updates import Updates

__all__ = ["Training"]


class Training:
    """Emits the entry ``train``; result: the readout's label before learning."""

    def __init__(self, circuit: Circuit, generator: GeneratorPasses | None) -> None:
        self.circuit, self.generator, self.updates = circuit, generator, Updates(circuit)
        self.asm, self.parameters = circuit.asm, circuit.parameters
        self.symba = self.updates.symba

    def emit(self) -> None:
        circuit, asm, parameters = self.circuit, self.asm, self.parameters
        asm.entry("train")
        asm.emit(Op.LAB, "label", d=circuit.label)
        circuit.start()
        self._constants()
        circuit.make_unit_vector()
        circuit.readout()
        self._readout_and_negative()
        if self.generator and parameters.generator == "start":
            self.generator.learn(circuit.start_place, circuit.place("P", 0))
        self._learn_readout()
        self._first_step()
        for step in range(2, parameters.steps + 1):
            self._step(step)
        self.updates.update_first_layer()
        asm.emit(Op.OUTI, "guess", ri=circuit.guess)
        asm.emit(Op.END)

    def _constants(self) -> None:
        parameters = self.parameters
        names = {"rate": parameters.rate} | self.updates.constants()
        if self.symba and parameters.slope != 1:
            names["slope"] = parameters.slope
        if self.symba and parameters.margin:
            names["margin"] = parameters.margin
        if not self.symba:
            names["theta"] = parameters.threshold
        if parameters.noise:
            names["noise"] = uniform_range(parameters.noise)
        self.circuit.constants(names)

    # readout ------------------------------------------------------------------------------------------------------

    def _readout_and_negative(self) -> None:
        """Softmax, the guess, and the wrong label."""
        circuit, asm = self.circuit, self.asm
        classes = circuit.config.classes
        asm.emit(Op.AMAX, "guess", d=circuit.guess, e=circuit.logits, n=classes)
        asm.emit(Op.SMAX, "p = softmax(logits)", e=circuit.logits, n=classes)
        hard = self.parameters.negatives == "hard"
        weights = circuit.logits if hard else asm.zeros(classes)
        floor = math.floor(self.parameters.floor * ONE_PROBABILITY + 0.5)
        asm.emit(Op.DRAW, "wrong label", d=circuit.wrong, e=weights, n=classes, ri=circuit.label, imm=floor)
        asm.emit(Op.EADD, "p - y", e=circuit.logits, ri=circuit.label, imm=-ONE_PROBABILITY & 0xFFFF)

    def _learn_readout(self) -> None:
        """R -= rate (p - y) LN(z), bR -= rate (p - y)."""
        circuit = self.circuit
        self.asm.constant("t3", self.parameters.readout_rate * PROBABILITY_SCALE)
        for layer in circuit.layers:
            scale = f"t{1 + layer.number % 2}"
            self.asm.compute(Op.MUL, scale, "t3", f"rs{layer.number}")
            for tile in range(layer.tiles):
                self._update_by_probabilities(f"R{layer.number}", scale, layer.R.row(tile), layer.start + tile)
        self._update_by_probabilities("bR", "t3", circuit.bR.base, circuit.unit_vector())

    def _update_by_probabilities(self, name: str, scale: str, row: int, word: int) -> None:
        self.asm.emit(
            Op.UPD,
            f"{name} -= rate (p - y)",
            source=Source.ELEMENTS,
            fine=1,
            neg=1,
            s=self.asm.scalar(scale),
            row=row,
            n=self.circuit.config.classes,
            p1=word,
            e=self.circuit.logits,
        )

    # steps --------------------------------------------------------------------------------------------------------

    def _places(self, step: int) -> dict[str, Place]:
        """Activities after a step; after the first one the phases share all but the last layer."""
        places = {phase: self.circuit.place(phase, (step - 1) % 2) for phase in "PG"}
        if step == 1:
            shared, own = places["P"], places["G"]
            places["G"] = Place(shared.words[:-1] + own.words[-1:], shared.norms[:-1] + own.norms[-1:])
        return places

    def _first_step(self) -> None:
        """Below the last layer positive and negative are equal: one pass, and one update, serve both."""
        circuit, top = self.circuit, self.circuit.top
        old, new = circuit.start_place, self._places(1)
        circuit.first_drive(top, new["P"], noisy=True)
        circuit.first_label(new["P"], circuit.label, circuit.VY.base)
        circuit.first_label(new["G"], circuit.wrong, circuit.VY.base)
        for phase in "PG":
            circuit.mix(top, old.words[-1], new[phase].words[-1])
        self._measure(top, new)
        for layer in circuit.layers[:-1]:
            circuit.first_drive(layer, new["P"], noisy=True)
            circuit.mix(layer, layer.start, new["P"].words[layer.number - 1])
            self._measure(layer, new)
        self.updates.update_labels(new)
        # Under SymBa the updates of what the phases share cancel.
        for layer in [top] if self.symba else reversed(circuit.layers):
            self.updates.update_shared(layer, old, new)
        self._learn_generator(1, circuit.start_place, new)

    def _step(self, step: int) -> None:
        """One step of both phases, all layers from the activities before it, then all updates."""
        circuit = self.circuit
        old, new = self._places(step - 1), self._places(step)
        needed = step < self.parameters.steps or self._generator_learns(step)
        for layer in reversed(circuit.layers):
            for phase, label in (("P", circuit.label), ("G", circuit.wrong)):
                circuit.activate(layer, old[phase], new[phase], label, circuit.VY.base, noisy=True)
            for phase in "PG":
                circuit.mix(layer, old[phase].words[layer.number - 1], new[phase].words[layer.number - 1])
            self._measure(layer, new, needed)
        self.updates.update_labels(new)
        for layer in reversed(circuit.layers):
            self.updates.update(layer, step, old, new)
        self._learn_generator(step, old["P"], new)

    def _measure(self, layer: Layer, new: dict[str, Place], norms: bool = True) -> None:
        """Goodness, the norms that follow from it, and the modulators: of two phases, or of what they share."""
        asm, number = self.asm, layer.number
        places = {phase: new[phase].words[number - 1] for phase in "PG"}
        shared = places["P"] == places["G"]
        for phase, word in places.items():
            if phase == "P" or not shared:
                self.circuit.goodness(self.updates.goodness(phase, layer), word, layer)
        if norms:
            for phase in "P" if shared else "PG":
                asm.compute(Op.RSQ, new[phase].norms[number - 1], self.updates.goodness(phase, layer))
        positive, negative = (self.updates.goodness(phase, layer) for phase in "PG")
        if self.symba and shared:
            return
        if self.symba:
            asm.compute(Op.SUB, positive, positive, negative)
            if self.parameters.slope != 1:
                asm.compute(Op.MUL, positive, positive, "slope")
            if self.parameters.margin:
                asm.compute(Op.ADD, positive, positive, "margin")
            changed = [positive]
        else:
            asm.compute(Op.SUB, negative, "theta", positive if shared else negative)
            asm.compute(Op.SUB, positive, positive, "theta")
            changed = [positive, negative]
        for name in changed:
            asm.compute(Op.SIG, name, name)
            asm.compute(Op.MUL, name, name, "rate")

    # generative circuit -------------------------------------------------------------------------------------------

    def _generator_learns(self, step: int) -> bool:
        return self.parameters.generator == "steps" and step % self.parameters.generator_every == 0

    def _learn_generator(self, step: int, free: Place, new: dict[str, Place]) -> None:
        """The generative circuit learns from the positive phase; ``free`` are words that no one needs any more."""
        if self.generator and self._generator_learns(step):
            self.generator.learn(new["P"], free)
