"""Forward-forward of the first layer alone, which hands on its activities: for a core whose layer above is elsewhere.

The layer learns as in :mod:`.ff`, with a readout of its own for the hard negatives: nothing that it does depends on the
layers above, so nothing waits for them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ONE_PROBABILITY
from onward.hw.spec.isa import Op

from .assembler import Program
from .ff import FFBuilder, FFParameters, initial_weights
from .handover import Handover, write_handover_rows

__all__ = ["build_ff_first", "initial_first_weights"]


class _Builder(FFBuilder):
    """Adds the handover to the passes and updates of a network of one layer."""

    def __init__(self, config: CoreConfig, parameters: FFParameters) -> None:
        super().__init__(config, parameters, depth=1)
        self.handover = Handover(self.asm, self.layers[0].units)

    def sample(self, entry: str, learn: bool) -> None:
        """One sample; results: the readout's guess before learning, and the activities before learning, handed on."""
        asm, first, classes = self.asm, self.layers[0], self.config.classes
        asm.entry(entry)
        asm.emit(Op.LAB, "label", d=self.label)
        self.start(*(self.training_constants() if learn else ()), *self.handover.constants())
        self.first_layer("P", self.label)
        self.readout()
        self.handover.scale(self.norm("P", 1))
        asm.emit(Op.SMAX, "p = softmax(logits)", e=self.logits, n=classes)
        self.draw()
        asm.emit(Op.AMAX, "guess", d=self.guess, e=self.logits, n=classes)
        if learn:
            asm.emit(Op.EADD, "p - y", e=self.logits, ri=self.label, imm=-ONE_PROBABILITY & 0xFFFF)
            self.readout_rates()
        self.first_layer("G", self.wrong)
        self.handover.scale(self.norm("G", 1))
        if learn:
            self.subtract()
            self.modulator(first)
            self.update_readout()
        # The lanes pack while the scalar unit works out the modulator, and learn while it sends.
        for number, phase in enumerate("PG"):
            self.handover.pair(number, first.vectors[phase], self.norm(phase, 1))
        asm.emit(Op.OUTI, "guess", ri=self.guess)
        self.handover.send()
        if learn:
            self.update_first()
        asm.emit(Op.END)


def build_ff_first(config: CoreConfig, parameters: FFParameters | None = None, hands_on: bool = True) -> Program:
    """The program for the first layer of ``config.hidden``, with the entries ``train`` and ``activities``.

    ``activities`` hands on and learns nothing. Without ``hands_on`` there is only ``train``, whose result is the guess;
    the layer learns the same. The matrices WL, W1, b1 and R1 have the rows that :func:`.ff.build_ff` gives them.

    Raises
    ------
    ConfigError
        If weights, registers or program do not fit the core.
    """
    if not hands_on:
        plain = FFBuilder(config, parameters or FFParameters(), depth=1)
        plain.train()
        return plain.asm.assemble()
    builder = _Builder(config, parameters or FFParameters())
    builder.sample("train", learn=True)
    builder.sample("activities", learn=False)
    return builder.asm.assemble()


def initial_first_weights(program: Program, seed: int) -> NDArray[np.int32]:
    """Weight rows (rows, lanes) to start from: those of :func:`.ff.initial_weights`, and the constant ones."""
    memory = initial_weights(program, seed)
    write_handover_rows(program, memory)
    return memory
