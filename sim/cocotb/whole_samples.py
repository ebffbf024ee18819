"""Programs that train and are used on whole samples: all rules, as much of them as a core has room for."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.sw.driver.rules import RULES
from onward.sw.programs.assembler import Program
from onward.sw.programs.pff import build_pff, build_pff_inference
from onward.sw.programs.pff_parameters import PFFParameters
from onward.sw.programs.pff_weights import initial_pff_weights

__all__ = ["WholeSamples", "plain_rule", "predictive_forward_forward"]

_CODES = 5


@dataclass(frozen=True)
class WholeSamples:
    """A rule's programs, and the weights to start from.

    Parameters
    ----------
    training : has the entry ``train``.
    inference : has all others, on the same weight rows.
    weights : rows (rows, lanes).
    """

    training: Program
    inference: Program
    weights: NDArray[np.int32]

    @property
    def uses(self) -> list[str]:
        """Entries that learn nothing."""
        return [name for name in self.inference.entries if name != "train"]


def plain_rule(name: str, config: CoreConfig, rng: random.Random) -> WholeSamples | None:
    """A rule of one program with random rates, fine or coarse; None if it does not fit."""
    rule = RULES[name]
    parameters = replace(rule.parameters, rate=rng.choice((0.02, 0.1, 0.3)), readout_rate=rng.choice((0.05, 0.3)))
    try:
        program = rule.build(config, parameters)
    except ConfigError:
        return None
    return WholeSamples(program, program, rule.initial_weights(program, rng.getrandbits(32)))


def predictive_forward_forward(config: CoreConfig, rng: random.Random) -> WholeSamples | None:
    """Predictive forward-forward with random settings: both circuits, the first alone, or None if it does not fit."""
    noise = 0.05 if all(units % config.lanes == 0 for units in config.hidden) else 0.0
    parameters = PFFParameters(
        loss=rng.choice(("symba", "threshold")),
        negatives=rng.choice(("hard", "random")),
        alpha=rng.choice((0.0, 0.3)),
        bias_factor=rng.choice((0.5, 1.0)),
        margin=rng.choice((0.0, 1.0)),
        steps=rng.choice((2, 3, 4)),
        image_from=rng.choice(("own", "predicted", "either")),
        generator=rng.choice(("start", "steps")),
        generator_every=2,
        noise=noise,
        generator_noise=noise,
        codes=min(_CODES, config.inputs, config.results),
    )
    alone = replace(parameters, generator="off")
    short = replace(alone, steps=2, negatives="hard", bias_factor=1.0, margin=0.0)
    for chosen in (parameters, alone, short):
        try:
            training, inference = build_pff(config, chosen), build_pff_inference(config, chosen)
        except ConfigError:
            continue
        return WholeSamples(training, inference, initial_pff_weights(training, rng.getrandbits(32)))
    return None
