"""The layers of a forward-forward network as stages, each of which a core can train without the others.

Forward-forward learns a layer from what that layer sees. So a stage needs what the one below has handed on, and nothing
from above: no error, no gradient, no weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import Program
from onward.sw.programs.ff import FFParameters, build_ff
from onward.sw.programs.ff_first import build_ff_first, initial_first_weights
from onward.sw.programs.ff_upper import build_ff_upper, initial_upper_weights
from onward.sw.programs.handover import PHASES, handover_words, read_handover

__all__ = ["Stage", "handover_batch", "make_stages", "merge_weights", "stage_core", "whole_core"]


@dataclass(frozen=True)
class Stage:
    """One hidden layer.

    Members
    -------
    config : the core; its ``hidden`` names all layers.
    number : of the layer, counted from 1.
    """

    config: CoreConfig
    number: int

    @property
    def hands_on(self) -> bool:
        """Whether there is a layer above."""
        return self.number < len(self.config.hidden)

    @property
    def units(self) -> int:
        """Units of the layer."""
        return self.config.hidden[self.number - 1]

    @property
    def words(self) -> int:
        """Result words that an image hands on: 0 from the last layer."""
        return PHASES * handover_words(self.units) if self.hands_on else 0

    def program(self, parameters: FFParameters, hands_on: bool) -> Program:
        """The program that trains the layer, by its entry ``train``; its rows come before those for handing on."""
        if self.number == 1:
            return build_ff_first(self.config, parameters, hands_on)
        return build_ff_upper(self.config, self.number, parameters, hands_on)

    def initial_weights(self, program: Program, seed: int) -> NDArray[np.int32]:
        """Weight rows that the program uses, (rows, lanes), to start from; layer 1 as in a whole network."""
        if self.number == 1:
            return initial_first_weights(program, seed)[: program.map.used]
        own = int(np.random.SeedSequence((seed, self.number)).generate_state(1)[0])
        return initial_upper_weights(program, own)[: program.map.used]

    def handed_on(self, results: Sequence[Sequence[int]]) -> NDArray[np.uint8]:
        """Pixels (images, phases, units) out of the results of a run; images alone if this is the last layer."""
        # An upper stage has two samples an image, of which the first has no results.
        words: ArrayLike = [words[-self.words :] for words in results if words]
        return read_handover(words, self.units)


def stage_core(config: CoreConfig) -> CoreConfig:
    """The core of ``config`` with results that hold what its widest layer hands on: any stage runs on it.

    Raises
    ------
    ConfigError
        If there is one layer only, or one is too wide.
    """
    if len(config.hidden) < 2:
        raise ConfigError(f"{config.name}: layers apart takes two hidden layers at least, not {len(config.hidden)}")
    widest = max(config.hidden[:-1])
    wanted = 1 + PHASES * handover_words(widest)
    try:
        return replace(config, name=f"{config.name}-layers", results=max(wanted, config.results))
    except ConfigError as error:
        raise ConfigError(f"{config.name}: a layer of {widest} units hands on too much: {error}") from None


def whole_core(config: CoreConfig) -> CoreConfig:
    """A core that holds all layers at a time, with as many weight rows as they take: ``config`` may have fewer.

    Raises
    ------
    ConfigError
        If no core could hold them.
    """
    roomy = replace(config, name=f"{config.name}-whole", rows=1 << 20, vectors=256, program=4096)
    return replace(roomy, rows=build_ff(roomy).map.used)


def make_stages(config: CoreConfig) -> list[Stage]:
    """The stages of a network on cores of ``config``, from the first layer on."""
    return [Stage(config, number) for number in range(1, len(config.hidden) + 1)]


def handover_batch(pixels: NDArray[np.uint8]) -> Batch:
    """Samples for the stage above from pixels (images, phases, units): one for each phase, which is its label."""
    phases = np.tile(np.arange(PHASES, dtype=np.uint8), len(pixels))
    return Batch.from_images(pixels.reshape(len(phases), -1), phases)


def merge_weights(whole: Program, programs: Sequence[Program], rows: Sequence[NDArray[np.int32]]) -> NDArray[np.int32]:
    """Weight rows for a program that :func:`.ff.build_ff` made for all layers, from the rows of each stage's program.

    Readouts that no stage has are zero, so the readout is that of layer 1.
    """
    memory = np.zeros((whole.map.used, whole.config.lanes), dtype=np.int32)
    for program, own in zip(programs, rows, strict=True):
        for name, matrix in program.map.matrices.items():
            place = whole.map.matrices.get(name)
            if place is not None:
                memory[place.base : place.base + place.rows] = own[matrix.base : matrix.base + matrix.rows]
    return memory
