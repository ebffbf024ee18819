"""The learning rules by name: what the driver needs to know of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.sw.programs.assembler import Program
from onward.sw.programs.bp import BPParameters, build_bp, build_dfa, initial_bp_weights
from onward.sw.programs.ff import FFParameters, build_ff, initial_weights
from onward.sw.programs.pff import build_pff, build_pff_inference
from onward.sw.programs.pff_parameters import PFFParameters
from onward.sw.programs.pff_weights import initial_pff_weights
from onward.sw.programs.sigprop import SigPropParameters, build_sigprop, initial_sigprop_weights

__all__ = ["RULES", "Parameters", "Rule", "change_parameters", "find_rule"]

Parameters = FFParameters | PFFParameters | BPParameters | SigPropParameters
"""What a rule's program is made for. All have ``rate``, ``readout_rate`` and ``scaled``."""


@dataclass(frozen=True)
class Rule:
    """A learning rule.

    Members
    -------
    name : what the command line calls it.
    parameters : those that train well; their type is the one that ``build`` takes.
    build : makes the program that trains; its entry ``train`` leaves the readout's guess.
    build_inference : makes the program that uses the same weight rows; its entry ``infer`` leaves the label by
        goodness and the label by the readout.
    initial_weights : makes the weight rows to start from, (rows, lanes), from a program and a seed.
    """

    name: str
    parameters: Parameters
    build: Callable[[CoreConfig, Any], Program]
    build_inference: Callable[[CoreConfig, Any], Program]
    initial_weights: Callable[[Program, int], NDArray[np.int32]]


RULES: dict[str, Rule] = {
    # With rates that fall to a twentieth: 5 % of the MNIST test images wrong after one epoch; half of them, 5.2 %.
    "ff": Rule("ff", FFParameters(rate=0.3, readout_rate=0.1), build_ff, build_ff, initial_weights),
    "pff": Rule("pff", PFFParameters(), build_pff, build_pff_inference, initial_pff_weights),
    "sigprop": Rule("sigprop", SigPropParameters(), build_sigprop, build_sigprop, initial_sigprop_weights),
    "bp": Rule("bp", BPParameters(), build_bp, build_bp, initial_bp_weights),
    # With twice these rates it diverges as soon as weights are read with a little noise.
    "dfa": Rule("dfa", BPParameters(rate=0.02, readout_rate=0.02), build_dfa, build_dfa, initial_bp_weights),
}


def find_rule(name: str) -> Rule:
    """The rule called ``name``; raises ConfigError if there is none."""
    if name not in RULES:
        raise ConfigError(f"unknown rule {name!r}: use one of {', '.join(RULES)}")
    return RULES[name]


def change_parameters(parameters: Parameters, changes: Mapping[str, str]) -> Parameters:
    """``parameters`` with some fields replaced by values in words, such as ``{"alpha": "0.2", "lateral": "no"}``.

    Raises
    ------
    ConfigError
        If there is no such parameter, a value is of the wrong type, or it is out of range.
    """
    known = {field.name: getattr(parameters, field.name) for field in fields(parameters)}
    values: dict[str, Any] = {}
    for name, text in changes.items():
        if name not in known:
            raise ConfigError(f"unknown parameter {name!r}: use one of {', '.join(known)}")
        values[name] = _parse(name, text, type(known[name]))
    return replace(parameters, **values)


def _parse(name: str, text: str, kind: type) -> object:
    if kind is bool:
        if text not in ("yes", "no"):
            raise ConfigError(f"parameter {name} must be yes or no, not {text!r}")
        return text == "yes"
    try:
        return kind(text)
    except ValueError:
        what = "a whole number" if kind is int else "a number"
        raise ConfigError(f"parameter {name} must be {what}, not {text!r}") from None
