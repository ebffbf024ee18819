"""From the points of a study file to runs that can be done: all is checked before anything is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, cast, get_args, get_origin, get_type_hints

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.hw.spec.presets import load_preset
from onward.sw.data.datasets import Dataset, load
from onward.sw.data.errors import DatasetError
from onward.sw.driver.fitting import fit_dataset
from onward.sw.driver.recipe import Recipe
from onward.sw.driver.rules import RULES, Parameters, change_parameters, find_rule
from onward.sw.driver.samples import check_recipe
from onward.sw.golden.imperfection import Imperfection
from onward.sw.golden.rounding import check_rounding

from .baseline import BackpropParameters
from .float_rules import FLOAT_RULES
from .run import Run
from .study_file import CONFIG_KEYS, OPTION_KEYS, Point, StudyError, read_study

__all__ = ["plan_runs", "run_data"]

_TYPES: dict[str, Any] = {
    **{key: get_type_hints(Recipe)[key] for key in OPTION_KEYS},
    **dict.fromkeys(("rule", "preset", "dataset", "rounding"), str),
    **dict.fromkeys(("read_noise", "gain_error"), float),
    **dict.fromkeys(("images", "epochs", "seed", "test", "validation"), int),
}
_WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


def plan_runs(path: Path, folder: Path | None = None) -> list[Run]:
    """The runs of the study file at ``path``, with data sets looked for in ``folder`` first.

    Raises
    ------
    StudyError
        If the file cannot be used, or the run at some point of a grid is impossible.
    """
    runs = []
    for point in read_study(path):
        try:
            runs.append(_run(point, folder))
        except (ConfigError, DatasetError, StudyError, ValueError) as error:
            axes = " ".join(f"{key}={value}" for key, value in point.axes.items())
            where = ": ".join(part for part in (str(path), point.study, axes) if part)
            raise StudyError(f"{where}: {error}") from None
    return runs


@lru_cache(maxsize=4)
def run_data(dataset: str, inputs: CoreConfig, folder: Path | None) -> Dataset:
    """The data set called ``dataset`` as a core of this configuration takes it; the last ones stay in memory."""
    return fit_dataset(_loaded(dataset, folder), inputs)


@lru_cache(maxsize=2)
def _loaded(dataset: str, folder: Path | None) -> Dataset:
    return load(dataset, folder)


def _run(point: Point, folder: Path | None) -> Run:
    settings = point.settings
    for key in settings:
        if key in _TYPES and not _fits(settings[key], _TYPES[key]):
            raise StudyError(f"{key} must be {_WORDS.get(_TYPES[key], _TYPES[key])}, not {settings[key]!r}")
    rule = settings.get("rule", "ff")
    if rule not in RULES and rule not in FLOAT_RULES:
        raise StudyError(f"unknown rule {rule!r}: use one of {', '.join([*RULES, *FLOAT_RULES])}")
    preset = settings.get("preset", "ulx3s-85f")
    config = _configuration(preset, {key: settings[key] for key in CONFIG_KEYS if key in settings})
    changes = {
        key.removeprefix("parameters."): value for key, value in settings.items() if key.startswith("parameters.")
    }
    parameters = _parameters(rule, changes)
    rounding = settings.get("rounding", "stochastic")
    check_rounding(rounding)
    dataset = settings.get("dataset", "mnist")
    data = run_data(dataset, config, folder)
    held = settings.get("validation", 0)
    images, test = _counts(settings, data, held)
    recipe = Recipe(
        "ff" if rule in FLOAT_RULES else rule,
        images,
        images * _at_least_one("epochs", settings.get("epochs", 1)),
        RULES["ff"].parameters if rule in FLOAT_RULES else cast(Parameters, parameters),
        settings.get("seed", 0),
        **{key: settings[key] for key in OPTION_KEYS if key in settings},
    )
    check_recipe(config, recipe, data.train_images, data.train_labels)
    # Every seed has a device of its own.
    imperfection = Imperfection(float(settings.get("read_noise", 0)), float(settings.get("gain_error", 0)), recipe.seed)
    run = Run(
        study=point.study,
        point=point.axes,
        preset=preset,
        rule=rule,
        config=config,
        parameters=parameters,
        rounding=rounding,
        imperfection=imperfection,
        dataset=dataset,
        recipe=recipe,
        test=test,
        validation=held > 0,
    )
    if run.is_float:
        FLOAT_RULES[rule].check(config, parameters)
        nothing = [key for key in point.axes if run.inputs().get(key, key) is None]
        if nothing:
            raise StudyError(f"{nothing[0]} means nothing to {rule}, which is float: give it a [[study]] of its own")
    # Its programs are assembled for the key: what does not fit the core is found here.
    _ = run.key
    return run


def _configuration(preset: str, changes: dict[str, Any]) -> CoreConfig:
    """The preset with some fields changed; a group that does not divide the lanes any more is chosen anew."""
    config = load_preset(preset)
    if not changes:
        return config
    lanes = changes.get("lanes")
    if "group" not in changes and isinstance(lanes, int) and lanes > 0:
        changes["group"] = max(size for size in range(1, 9) if lanes % size == 0)
    return replace(config, **changes)


def _parameters(rule: str, changes: Mapping[str, Any]) -> Parameters | BackpropParameters:
    usual = FLOAT_RULES[rule].parameters if rule in FLOAT_RULES else find_rule(rule).parameters
    for name, value in changes.items():
        if not isinstance(value, str | int | float):
            raise StudyError(f"parameter {name} must be a number or a text, not {value!r}")
    # In words, as from the command line. The function takes any dataclass.
    words = {
        name: {True: "yes", False: "no"}[each] if each in (True, False) and isinstance(each, bool) else str(each)
        for name, each in changes.items()
    }
    return cast("Parameters | BackpropParameters", change_parameters(cast(Parameters, usual), words))


def _counts(settings: Mapping[str, Any], data: Dataset, held: int) -> tuple[int, int]:
    """Images to train on and to test on."""
    if held < 0:
        raise StudyError(f"validation must be 0 or more images, not {held}")
    if held and "test" in settings:
        raise StudyError("validation leaves the test images alone: give it or test, not both")
    available = len(data.train_labels) - held
    if available < 1:
        raise StudyError(
            f"validation on {held:,} of {len(data.train_labels):,} training images leaves none to train on"
        )
    images = _at_least_one("images", settings.get("images", available))
    if images > available:
        raise StudyError(f"there are {available:,} training images, not {images:,}")
    test = held or _at_least_one("test", settings.get("test", len(data.test_labels)))
    if not held and test > len(data.test_labels):
        raise StudyError(f"there are {len(data.test_labels):,} test images, not {test:,}")
    return images, test


def _at_least_one(key: str, value: int) -> int:
    if value < 1:
        raise StudyError(f"{key} must be at least 1, not {value}")
    return value


def _fits(value: object, hint: Any) -> bool:
    """Whether a value from TOML is of the type that a field has; a whole number is a number, too."""
    if get_origin(hint) is not None and not all(isinstance(each, type) for each in get_args(hint)):
        return True  # a choice of words, which the recipe checks itself
    kinds = get_args(hint) or (hint,)
    if isinstance(value, bool):
        return bool in kinds
    return any(isinstance(value, int | float if kind is float else kind) for kind in kinds)
