"""Predictive forward-forward (Ororbia & Mali, arXiv 2301.01452) as programs: both circuits.

One program trains; another classifies, reconstructs and synthesises.

One training sample: the label-free start feeds the softmax readout, which learns, and draws the hard negative label;
the generative circuit learns; then K steps of positive and negative, after each of which the representation circuit
learns. W1 and b1, whose input stays the same over the steps, learn once, from the sum of the steps' errors.

Program order is chosen so that the lanes work while the scalar unit waits; the meaning does not depend on it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.hw.spec.formats import ELEMENT, PROBABILITY_FRACTION
from onward.hw.spec.isa import Op, Source

from .assembler import Assembler, Program
from .pff_circuit import Circuit, Layer, Place, uniform_range
from .pff_generator import GeneratorPasses
from .pff_parameters import PFFParameters

__all__ = ["build_pff", "build_pff_inference"]

_ERROR_SCALE = 4.0
"""Errors kept in vector registers are this much larger than they are, for the sake of their fraction bits."""

_ONE_PROBABILITY = 1 << PROBABILITY_FRACTION
_PROBABILITY_SCALE = 2.0 ** (11 - PROBABILITY_FRACTION)
"""Probabilities are elements with 14 fraction bits, which the broadcast unit reads as 11."""


@dataclass
class _Training:
    """Emits the entry ``train``."""

    circuit: Circuit
    generator: GeneratorPasses | None

    def __post_init__(self) -> None:
        self.asm, self.parameters = self.circuit.asm, self.circuit.parameters
        self.symba = self.parameters.loss == "symba"

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
        self._learn_first_layer()
        asm.emit(Op.OUTI, "guess", ri=circuit.guess)
        asm.emit(Op.END)

    def _constants(self) -> None:
        parameters = self.parameters
        names = {
            "rate": parameters.rate,
            # From modulators to errors in vector registers, and from those to changes of weights.
            "to error": _ERROR_SCALE / parameters.rate if parameters.rate else _ERROR_SCALE,
            "from error": parameters.rate / _ERROR_SCALE,
            "readout rate": parameters.readout_rate * _PROBABILITY_SCALE,
        }
        if self.symba and parameters.slope != 1:
            names["slope"] = parameters.slope
        if self.symba and parameters.margin:
            names["margin"] = parameters.margin
        if parameters.bias_factor != 1:
            names["bias"] = parameters.bias_factor
        if not self.symba:
            names["theta"] = parameters.threshold
        if parameters.lateral:
            names["lateral/2"] = 2.0 ** (self.circuit.config.fine_operand.fraction - ELEMENT.fraction - 1)
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
        floor = math.floor(self.parameters.floor * _ONE_PROBABILITY + 0.5)
        asm.emit(Op.DRAW, "wrong label", d=circuit.wrong, e=weights, n=classes, ri=circuit.label, imm=floor)
        asm.emit(Op.EADD, "p - y", e=circuit.logits, ri=circuit.label, imm=-_ONE_PROBABILITY & 0xFFFF)

    def _learn_readout(self) -> None:
        """R -= rate (p - y) LN(z), bR -= rate (p - y)."""
        circuit = self.circuit
        for layer in circuit.layers:
            scale = f"t{1 + layer.number % 2}"
            self.asm.compute(Op.MUL, scale, "readout rate", f"rs{layer.number}")
            for tile in range(layer.tiles):
                self._update_by_probabilities(f"R{layer.number}", scale, layer.R.row(tile), layer.start + tile)
        self._update_by_probabilities("bR", "readout rate", circuit.bR.base, circuit.unit_vector())

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

    # modulators ---------------------------------------------------------------------------------------------------

    def _modulator(self, phase: str, layer: Layer) -> str:
        """Register of rate times a phase's modulator; it takes the place of a goodness."""
        return f"g{'P' if self.symba else phase}{layer.number}"

    def _measure(self, layer: Layer, new: dict[str, Place], norms: bool = True) -> None:
        """Goodness, the norms that follow from it, and the modulators: of two phases, or of what they share."""
        asm, number = self.asm, layer.number
        places = {phase: new[phase].words[number - 1] for phase in "PG"}
        shared = places["P"] == places["G"]
        for phase, word in places.items():
            if phase == "P" or not shared:
                self.circuit.goodness(f"g{phase}{number}", word, layer)
        if norms:
            for phase in "P" if shared else "PG":
                asm.compute(Op.RSQ, new[phase].norms[number - 1], f"g{phase}{number}")
        positive, negative = f"gP{number}", f"gG{number}"
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

    def _bias_rate(self, rate: str, target: str) -> str:
        """Register of a layer's rate as its bias learns with it."""
        if self.parameters.bias_factor == 1:
            return rate
        self.asm.compute(Op.MUL, target, rate, "bias")
        return target

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
        self._update_labels(new)
        # Under SymBa the updates of what the phases share cancel.
        for layer in [top] if self.symba else reversed(circuit.layers):
            self._update_shared(layer, old, new)
        self._learn_generator(1, circuit.start_place, new)

    def _update_shared(self, layer: Layer, old: Place, new: dict[str, Place]) -> None:
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
            asm.compute(Op.MUL, "t3", "lateral/2", "from error")
            self._update_lateral(layer, old, error, "t3", 0)

    def _add_error(self, layer: Layer, new: dict[str, Place], first: bool) -> int:
        """error (+)= modulator zG - modulator zP of a layer, scaled; returns its word. That of layer 1 is kept."""
        asm, number = self.asm, layer.number
        widest = max(each.units for each in self.circuit.layers)
        error = asm.vector("D1", layer.units) if number == 1 else asm.vector("error", widest)
        scales = {"P": "t3", "G": "t3" if self.symba else "t4"}
        for phase in "P" if self.symba else "PG":
            asm.compute(Op.MUL, scales[phase], "to error", self._modulator(phase, layer))
        for tile in range(layer.tiles):
            terms = [] if first else [(error + tile, "one", 0)]
            terms += [(new[phase].words[number - 1] + tile, scales[phase], int(phase == "P")) for phase in "PG"]
            self.circuit.combine(f"error of layer {number}", error + tile, terms)
        return error

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
        self._update_labels(new)
        for layer in reversed(circuit.layers):
            self._update(layer, step, old, new)
        self._learn_generator(step, old["P"], new)

    def _update_labels(self, new: dict[str, Place]) -> None:
        """VY -= rate modulator s y zP, VY += rate modulator s y zG."""
        circuit, top = self.circuit, self.circuit.top
        fine = int(self.parameters.rate * self.parameters.label_scale < 0.25)
        for phase, label, neg in (("P", circuit.label, 1), ("G", circuit.wrong, 0)):
            self.asm.compute(Op.MUL, "t1", self._modulator(phase, top), "ys")
            for tile in range(top.tiles):
                row, word = circuit.VY.row(tile), new[phase].words[-1] + tile
                circuit.constant_row(Op.UPD, f"VY, z{phase}", "t1", row, label, fine=fine, neg=neg, p1=word)

    def _update(self, layer: Layer, step: int, old: dict[str, Place], new: dict[str, Place]) -> None:
        """Updates of a layer with both phases, one after the other; layer 1 adds its error to that of the steps."""
        circuit, asm, number = self.circuit, self.asm, layer.number
        below, above, bias = {"P": "t1", "G": "t2"}, {}, {}
        # The negative phase goes first: where the phases share a norm, its product goes elsewhere.
        for phase in "GP":
            modulator = self._modulator(phase, layer)
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
                asm.compute(Op.MUL, "t5", self._modulator(phase, layer), "lateral/2")
                self._update_lateral(layer, old[phase], post, "t5", neg)
        if number == 1:
            self._add_error(layer, new, first=self.symba and step == 2)

    def _update_lateral(self, layer: Layer, old: Place, post: int, scale: str, neg: int) -> None:
        """L from the post vector times ``scale``: on the diagonal like W, elsewhere with the opposite sign."""
        circuit, asm, number = self.circuit, self.asm, layer.number
        error = asm.vector("error", max(each.units for each in circuit.layers))
        for tile in range(layer.tiles):
            # In two halves: the operand's range ends before the vector's.
            circuit.combine(f"error of L{number}", error + tile, [(post + tile, scale, neg)] * 2)
        for tile in range(layer.tiles):
            word = old.words[number - 1] + tile
            asm.emit(Op.LUPD, f"L{number}", row=layer.L.row(tile), p1=error + tile, p2=word)

    def _learn_first_layer(self) -> None:
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

    # generative circuit -------------------------------------------------------------------------------------------

    def _generator_learns(self, step: int) -> bool:
        return self.parameters.generator == "steps" and step % self.parameters.generator_every == 0

    def _learn_generator(self, step: int, free: Place, new: dict[str, Place]) -> None:
        """The generative circuit learns from the positive phase; ``free`` are words that no one needs any more."""
        if self.generator and self._generator_learns(step):
            self.generator.learn(new["P"], free)


@dataclass
class _Inference:
    """Emits the entry ``infer``: the label by goodness, and the readout's."""

    circuit: Circuit

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


def build_pff(config: CoreConfig, parameters: PFFParameters | None = None) -> Program:
    """The program with the entry ``train``.

    Raises
    ------
    ConfigError
        If weights, registers or program do not fit the core, or the core has only one hidden layer.
    """
    circuit, generator = _allocate(config, parameters or PFFParameters())
    _Training(circuit, generator).emit()
    return circuit.asm.assemble()


def build_pff_inference(config: CoreConfig, parameters: PFFParameters | None = None) -> Program:
    """The program with the entry ``infer`` and those of :class:`.pff_generator.GeneratorPasses`, for the same weights.

    Raises
    ------
    ConfigError
        As :func:`build_pff`.
    """
    circuit, generator = _allocate(config, parameters or PFFParameters())
    _Inference(circuit).emit()
    if generator:
        generator.emit_entries()
    return circuit.asm.assemble()


def _allocate(config: CoreConfig, parameters: PFFParameters) -> tuple[Circuit, GeneratorPasses | None]:
    """Both circuits, in the same rows for every program."""
    if len(config.hidden) < 2:
        raise ConfigError(f"{config.name}: the pff rule needs at least two hidden layers, not {len(config.hidden)}")
    if parameters.noise or parameters.generator_noise:
        for units in config.hidden:
            if units % config.lanes:
                raise ConfigError(
                    f"{config.name}: noise needs layers of whole words of {config.lanes} lanes, not {units} units"
                )
    circuit = Circuit(config, parameters, Assembler(config))
    return circuit, None if parameters.generator == "off" else GeneratorPasses(circuit)
