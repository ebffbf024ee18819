"""What options may be given besides ``--resume``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onward.hw.spec.presets import load_preset
from onward.sw.cli.training import parameter_changes
from onward.sw.driver.plan import Plan
from onward.sw.driver.rules import change_parameters

from .report import RunError

__all__ = ["check_agreement"]

_FREE = {"resume", "board", "folder", "json", "if_lost"}
"""Change nothing of what comes out: boards are equal, and data are known by their hash."""


def check_agreement(run: Path, plan: Plan, given: Mapping[str, Any]) -> None:
    """Raise RunError if an option that was ``given``, by its parameter's name, says other than the run's plan."""
    recipe = plan.recipe
    planned = {
        "rule": recipe.rule,
        "dataset": plan.dataset,
        "samples": recipe.images,
        "epochs": recipe.samples // recipe.images,
        "seed": recipe.seed,
        "test": plan.test,
        "validation": plan.validation,
        "validate_every": plan.validate_every,
        "checkpoint_every": plan.checkpoint_every,
        "rate": recipe.parameters.rate,
        "readout_rate": recipe.parameters.readout_rate,
        "schedule": recipe.schedule,
        "final": recipe.final,
        "jitter": recipe.jitter,
        "jitter_until": recipe.jitter_until,
        "tensorboard": plan.tensorboard,
    }
    for name, value in given.items():
        if name in _FREE:
            continue
        if name == "preset":
            agrees = load_preset(value).digest == plan.config.digest
        elif name == "out":
            agrees = value.resolve() == run.resolve()
        elif name == "settings":
            agrees = change_parameters(recipe.parameters, parameter_changes(value)) == recipe.parameters
        else:
            agrees = value == planned[name]
        if not agrees:
            option = "--set" if name == "settings" else "--" + name.replace("_", "-")
            known = f", which is {planned[name]}" if name in planned else ""
            raise RunError(f"{run}: {option} is not that of the run{known}; --resume needs no other option")
