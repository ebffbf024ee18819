"""Costs of a program, as a board counts them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from onward.hw.spec.config import ConfigError
from onward.sw.driver.costs import Costs, counted_board, measure_costs
from onward.sw.driver.rules import RULES

from .driver_data import FF, TINY, batch_of, program

COUNTERS = {"cycles": 100, "row_reads": 40, "saturations": None}


def costs_of(**changes: object) -> Costs:
    start = Costs(10, dict(COUNTERS), None, None, [[1], [2]], np.zeros((3, 4), np.int32))
    return replace(start, **changes)  # type: ignore[arg-type]


def test_per_sample() -> None:
    assert costs_of().per_sample("row_reads") == 4
    assert costs_of().per_sample("saturations") is None


def test_differences() -> None:
    assert costs_of().differences(costs_of()) == []
    # What one of them cannot know does not differ.
    assert costs_of(counters=COUNTERS | {"cycles": None}).differences(costs_of()) == []
    other = costs_of(counters=COUNTERS | {"row_reads": 41}, results=[[1], [3]], weights=np.ones((3, 4), np.int32))
    assert costs_of().differences(other) == ["row_reads", "results", "weights"]
    assert costs_of().differences(costs_of(weights=np.zeros((2, 4), np.int32))) == ["weights"]


def test_golden_counts_rows_but_no_cycles_and_bytes() -> None:
    rows = FF.initial_weights(program(), 1)
    with counted_board("golden", TINY) as counted:
        costs = measure_costs(counted, program(), "train", rows, batch_of(6), 2)
    assert (costs.samples, costs.to_core, costs.from_core, costs.counters["cycles"]) == (6, None, None, None)
    assert (costs.per_sample("row_reads") or 0) > 20
    assert len(costs.results) == 6
    assert (costs.weights != rows[: len(costs.weights)]).any()


def test_simulated_core_counts_all_and_the_same() -> None:
    sigprop = RULES["sigprop"]
    made = sigprop.build(TINY, sigprop.parameters)
    rows = sigprop.initial_weights(made, 1)
    for entry in ("train", "infer"):
        each = []
        for name in ("sim", "golden"):
            with counted_board(name, TINY) as counted:
                each.append(measure_costs(counted, made, entry, rows, batch_of(6), 2))
        assert each[0].differences(each[1]) == []
        assert (each[0].per_sample("cycles") or 0) > 100
        assert (each[0].to_core or 0) >= 6 * 11
        # Each word of results takes four bytes, and a reply nine more.
        assert each[0].from_core == 6 * (9 + 4 * len(each[0].results[0]))


def test_preparation_is_not_counted() -> None:
    sigprop = RULES["sigprop"]
    made = sigprop.build(TINY, sigprop.parameters)
    rows = sigprop.initial_weights(made, 1)
    with counted_board("golden", TINY) as counted:
        one, two = (measure_costs(counted, made, "infer", rows, batch_of(n)) for n in (1, 2))
    assert (two.counters["row_reads"] or 0) < 2.5 * (one.counters["row_reads"] or 0)


def test_no_other_boards() -> None:
    with pytest.raises(ConfigError, match="golden or sim, not on 'serial:x'"), counted_board("serial:x", TINY):
        pass
