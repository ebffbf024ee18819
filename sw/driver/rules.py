"""The learning rules by name: what the driver needs to know of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.sw.programs.assembler import Program
from onward.sw.programs.ff import FFParameters, build_ff, initial_weights

__all__ = ["RULES", "Rule", "find_rule"]


@dataclass(frozen=True)
class Rule:
    """A learning rule.

    Members
    -------
    name : what the command line calls it.
    parameters : those that train well.
    build : makes the program; its entry ``train`` leaves the readout's guess, its entry ``infer`` the label by
        goodness and the label by the readout.
    initial_weights : makes the weight rows to start from, (rows, lanes), from a program and a seed.
    """

    name: str
    parameters: FFParameters
    build: Callable[[CoreConfig, FFParameters], Program]
    initial_weights: Callable[[Program, int], NDArray[np.int32]]


RULES: dict[str, Rule] = {
    # With rates that fall to a twentieth: 5 % of the MNIST test images wrong after one epoch; half of them, 5.2 %.
    "ff": Rule("ff", FFParameters(rate=0.3, readout_rate=0.1), build_ff, initial_weights),
}


def find_rule(name: str) -> Rule:
    """The rule called ``name``; raises ConfigError if there is none."""
    if name not in RULES:
        raise ConfigError(f"unknown rule {name!r}: use one of {', '.join(RULES)}")
    return RULES[name]
