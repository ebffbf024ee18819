"""One run of a study: everything that determines it, and nothing else."""

from __future__ import annotations

import hashlib
import json
import shlex
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, cast

from onward.hw.spec.config import CoreConfig
from onward.sw.driver.recipe import Recipe
from onward.sw.driver.rules import RULES, Parameters
from onward.sw.golden.imperfection import Imperfection
from onward.sw.golden.rounding import Rounding

from .baseline import BackpropParameters
from .float_rules import FLOAT_RULES

__all__ = ["Run"]


@dataclass(frozen=True)
class Run:
    """A training and its test.

    Members
    -------
    study, point : where in the file it comes from: name of its block, and place in the block's grid.
    preset : what the file calls the core.
    rule : name of the learning rule, on the core or in float.
    config : the core; of a float net its sizes.
    parameters : of the rule, all of them.
    rounding : of updates.
    imperfection : of the device, the same in training and test; its seed is the recipe's.
    dataset : name of the data set.
    recipe : the training; of a float net, its samples, seed and schedule.
    test : images to test on: the first ones of the test set, or, if ``validation``, the last ones of the training set.
    validation : whether the test set is left alone.
    """

    study: str
    point: dict[str, Any] = field(compare=False)
    preset: str
    rule: str
    config: CoreConfig
    parameters: Parameters | BackpropParameters
    rounding: Rounding
    imperfection: Imperfection
    dataset: str
    recipe: Recipe
    test: int
    validation: bool

    @property
    def is_float(self) -> bool:
        """Whether it is trained in float, not on the golden model."""
        return self.rule in FLOAT_RULES

    @property
    def label(self) -> str:
        """Its place in the study, for messages."""
        point = " ".join(f"{name}={value}" for name, value in self.point.items())
        return ", ".join(part for part in (self.study, point) if part)

    @property
    def key(self) -> str:
        """Sixteen hex digits that identify everything that the outcome depends on, the programs included."""
        # An ideal device goes without saying: its runs have the keys, and so the rows, from before there were others.
        said = {name: each for name, each in self.inputs().items() if each or name not in ("read_noise", "gain_error")}
        determining = said | {"programs": None if self.is_float else self._programs()}
        return hashlib.sha256(json.dumps(determining, sort_keys=True).encode()).hexdigest()[:16]

    def inputs(self) -> dict[str, Any]:
        """What goes into it, as columns of a table; None where a float net has no such thing."""
        core = {name: value for name, value in asdict(self.config).items() if name != "name"}
        if self.is_float:
            core |= {name: None for name in core if name not in FLOAT_RULES[self.rule].fields}
        return {
            "rule": self.rule,
            "arithmetic": "float" if self.is_float else "fixed",
            "rounding": None if self.is_float else self.rounding,
            "read_noise": None if self.is_float else self.imperfection.read_noise,
            "gain_error": None if self.is_float else self.imperfection.gain_error,
            "dataset": self.dataset,
            **core,
            "hidden": list(self.config.hidden),
            "seed": self.recipe.seed,
            "images": self.recipe.images,
            "epochs": self.recipe.epochs,
            "samples": self.recipe.samples,
            **self.options(),
            "test": None if self.validation else self.test,
            "validation": self.test if self.validation else None,
            **{f"parameters.{name}": value for name, value in asdict(self.parameters).items()},
        }

    def options(self) -> dict[str, Any]:
        """The settings of the recipe that have a default: schedule and augmentation."""
        return {
            name: value
            for name, value in asdict(self.recipe).items()
            if name not in ("rule", "images", "samples", "parameters", "seed")
        }

    def command(self, preset: str) -> str | None:
        """The ``onward train`` that does the same with the core called ``preset``; None if there is none."""
        if self.is_float or self.rounding != "stochastic" or not self.imperfection.is_ideal:
            return None
        usual = Recipe(self.rule, self.recipe.images, self.recipe.samples, cast(Parameters, self.parameters))
        words = ["onward", "train", "--preset", preset, "--rule", self.rule, "--dataset", self.dataset]
        words += [
            "--samples",
            str(self.recipe.images),
            "--epochs",
            str(self.recipe.epochs),
            "--seed",
            str(self.recipe.seed),
        ]
        words += ["--validation" if self.validation else "--test", str(self.test)]
        constant = self.recipe.schedule == "constant"
        for name, value in self.options().items():
            if value != getattr(usual, name) and not (constant and name == "final"):
                words += [f"--{name.replace('_', '-')}", str(value)]
        defaults = asdict(RULES[self.rule].parameters)
        for name, value in asdict(self.parameters).items():
            if value != defaults[name]:
                text = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
                words += ["--set", f"{name}={text}"]
        return shlex.join([*words, "--out", f"runs/{self.key}"])

    def _programs(self) -> str:
        return _programs(self.rule, self.config, cast(Parameters, self.parameters))


@cache
def _programs(rule: str, config: CoreConfig, parameters: Parameters) -> str:
    """SHA-256 of both programs of a rule: a rule that was improved makes other runs."""
    method = RULES[rule]
    words = [method.build(config, parameters).words(), method.build_inference(config, parameters).words()]
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()
