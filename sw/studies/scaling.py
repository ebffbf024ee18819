"""How a rule's costs grow: the same figures on cores of other widths, depths and numbers of lanes."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.sw.driver.batches import window
from onward.sw.driver.golden_board import GoldenBoard
from onward.sw.driver.rules import Parameters, find_rule
from onward.sw.golden.sample import Batch

from .rule_costs import ENTRIES, RuleCosts

__all__ = ["AXES", "FIGURES", "Growth", "growth", "point_costs", "point_key", "sized_core", "varied"]

AXES: dict[str, str] = {"width": "units of each hidden layer", "depth": "hidden layers", "lanes": "lanes"}
"""What can be varied, and what a number on that axis counts."""

FIGURES: dict[str, str] = {
    "train_cycles": "cycles, training",
    "infer_cycles": "cycles, inference",
    "train_row_reads": "weight rows read, training",
    "train_row_writes": "weight rows written, training",
    "weight_rows": "weight rows",
    "live_bits": "bits needed at a time",
    "instructions": "instructions, training",
}
"""What is compared, a sample each, and what it counts."""

_LARGEST: dict[str, Any] = {"vectors": 256, "elements": 4096, "program": 4096, "results": 256}
"""As much of everything as a core can have; weight rows are counted instead."""

_MANY_ROWS = 1 << 20

_WATCHED = 4
"""Samples that shares of zeros are found on: a wide core takes a second for each."""


def varied(config: CoreConfig, axis: str, value: int) -> CoreConfig:
    """``config`` at another place of an axis: hidden layers of ``value`` units, as many layers as wide as the first,
    or ``value`` lanes.

    Raises
    ------
    ConfigError
        If there is no such axis, or no such core.
    """
    if axis not in AXES:
        raise ConfigError(f"unknown axis {axis!r}: use one of {', '.join(AXES)}")
    if value < 1:
        raise ConfigError(f"{axis} must be at least 1, not {value}")
    if axis == "width":
        return replace(config, hidden=(value,) * len(config.hidden))
    if axis == "depth":
        return replace(config, hidden=config.hidden[:1] * value)
    return replace(config, lanes=value, group=math.gcd(config.group, value))


def sized_core(config: CoreConfig, rules: Mapping[str, Parameters]) -> tuple[CoreConfig, dict[str, str]]:
    """The core for the network of ``config`` that all ``rules`` fit, and why others fit none.

    Its memories are those of ``config`` if these suffice; else registers and program memory are as large as they can
    be, and there are as many weight rows as are used.
    """
    rows, enough, unfit = config.rows, True, {}
    for name, parameters in rules.items():
        build = find_rule(name).build, find_rule(name).build_inference
        try:
            largest = [each(replace(config, rows=_MANY_ROWS, **_LARGEST), parameters) for each in build]
        except ConfigError as error:
            unfit[name] = str(error)
            continue
        rows = max(rows, *(program.map.used for program in largest))
        try:
            for each in build:
                each(replace(config, rows=_MANY_ROWS), parameters)
        except ConfigError:
            enough = False
    return replace(config, rows=rows) if enough else replace(config, rows=rows, **_LARGEST), unfit


def point_key(
    config: CoreConfig, rule: str, parameters: Parameters, batch: Batch, count: int, seed: int, board: str
) -> str:
    """Names what :func:`point_costs` follows from: core, programs, start weights, images, board."""
    method = find_rule(rule)
    parts = [repr((asdict(config), rule, count, seed, board)).encode(), batch.value.tobytes(), batch.labels.tobytes()]
    for build in (method.build, method.build_inference):
        parts.append(repr(build(config, parameters).words()).encode())
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


def point_costs(
    config: CoreConfig,
    rule: str,
    parameters: Parameters,
    batch: Batch,
    count: int,
    seed: int = 0,
    board: str = "golden",
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, Any]:
    """Costs of a rule on a core that it fits, a sample each: the last ``count`` samples of ``batch``, after the core
    has learned the others on the golden model.

    Returns a value of each of :data:`FIGURES`, and for both entries ``cycles_predicted``; ``differences`` names what a
    board ``sim`` and the golden model count differently. Cycles are predicted on ``golden``, counted on ``sim``.
    ``progress`` hears of samples done, of ``len(batch) + count``.
    """
    method = find_rule(rule)
    program = method.build(config, parameters)
    warm = len(batch) - count
    rows = method.initial_weights(program, seed)
    if warm:
        with GoldenBoard(config) as learning:
            learning.load_program(program)
            learning.write_weights(rows)
            learning.seed(seed)
            learning.run("train", window(batch, 0, warm), progress)
            rows = learning.read_weights()
    costs = RuleCosts(config, method, parameters, _WATCHED).figures(
        board, rows, window(batch, warm, len(batch)), seed, lambda done: progress(warm + done)
    )
    figures: dict[str, Any] = {"differences": costs["differences"]}
    for entry in ENTRIES:
        for name, figure in costs[entry].items():
            if f"{entry}_{name}" in FIGURES:
                measured = figure["measured"]
                figures[f"{entry}_{name}"] = figure["formula"] if measured is None else measured
        figures[f"{entry}_cycles_predicted"] = costs[entry]["cycles"]["formula"]
        figures[f"{entry}_load"] = costs[entry]["load"]
    return figures | {name: costs[name] for name in FIGURES if name in costs}


@dataclass(frozen=True)
class Growth:
    """How a cost grows along an axis.

    Members
    -------
    exponent : of the power of the axis that fits all places best, by least squares of the logarithms.
    last : the same of the last two places.
    step : how much more a unit of the axis costs, between the last two places.
    """

    exponent: float
    last: float
    step: float


def growth(places: Sequence[float], costs: Sequence[float]) -> Growth:
    """How ``costs``, all above 0, grow over at least two rising ``places``."""
    if len(places) < 2:
        raise ValueError(f"growth takes at least two places, not {len(places)}")
    x, y = np.log(places), np.log(costs)
    last = (y[-1] - y[-2]) / (x[-1] - x[-2])
    step = (costs[-1] - costs[-2]) / (places[-1] - places[-2])
    return Growth(float(np.polyfit(x, y, 1)[0]), float(last), float(step))
