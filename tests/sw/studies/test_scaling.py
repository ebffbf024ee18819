"""How costs grow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from onward.hw.spec.config import ConfigError
from onward.hw.spec.presets import PRESETS
from onward.sw.driver.rules import RULES
from onward.sw.studies.scaling import FIGURES, growth, point_costs, sized_core, varied
from tests.sw.driver.driver_data import TINY, batch_of

ALL = {name: rule.parameters for name, rule in RULES.items()}


def test_places() -> None:
    assert varied(TINY, "width", 9).hidden == (9, 9)
    assert varied(TINY, "depth", 3).hidden == (6, 6, 6)
    assert (varied(TINY, "lanes", 6).lanes, varied(TINY, "lanes", 6).group) == (6, 2)
    assert varied(TINY, "lanes", 3).group == 1
    with pytest.raises(ConfigError, match="unknown axis 'length': use one of width, depth, lanes"):
        varied(TINY, "length", 3)
    with pytest.raises(ConfigError, match="depth must be at least 1, not 0"):
        varied(TINY, "depth", 0)
    with pytest.raises(ConfigError, match="lanes must be 1 to 1024, not 2000"):
        varied(TINY, "lanes", 2000)


def test_a_core_that_suffices_stays() -> None:
    assert sized_core(PRESETS["ulx3s-85f"], ALL) == (PRESETS["ulx3s-85f"], {})


def test_a_core_grows_with_its_network() -> None:
    core, unfit = sized_core(varied(TINY, "depth", 4), ALL)
    assert list(unfit) == ["pff"]
    assert "codes must be at most its 20 inputs" in unfit["pff"]
    assert core.rows > TINY.rows
    used = []
    for name in ALL.keys() - unfit:
        programs = RULES[name].build(core, ALL[name]), RULES[name].build_inference(core, ALL[name])
        used += [program.map.used for program in programs]
    assert core.rows == max(used)


@pytest.mark.parametrize("rule", ["ff", "bp"])
def test_costs(rule: str) -> None:
    core, _ = sized_core(TINY, {rule: ALL[rule]})
    seen: list[int] = []
    figures = point_costs(core, rule, ALL[rule], batch_of(10), 4, 2, progress=seen.append)
    assert figures.keys() >= FIGURES.keys()
    assert all(figures[name] > 0 for name in FIGURES)
    assert figures["train_cycles"] == figures["train_cycles_predicted"]
    assert (seen[-1], figures["differences"]) == (6 + 8, [])
    # What was learned before shows in the shares of zeros.
    assert figures != point_costs(core, rule, ALL[rule], batch_of(4), 4, 2)


def test_counted_on_the_simulated_core() -> None:
    core, _ = sized_core(TINY, {"bp": ALL["bp"]})
    golden, sim = (point_costs(core, "bp", ALL["bp"], batch_of(8), 6, 2, board) for board in ("golden", "sim"))
    assert sim["differences"] == []
    for entry in ("train", "infer"):
        assert sim[f"{entry}_cycles_predicted"] == golden[f"{entry}_cycles"] != sim[f"{entry}_cycles"]
        assert sim[f"{entry}_cycles"] == pytest.approx(golden[f"{entry}_cycles"], rel=0.05)
    assert sim["train_row_reads"] == golden["train_row_reads"]


def test_wider_and_deeper_costs_more_and_lanes_cost_less() -> None:
    base = replace(TINY, hidden=(8, 8))
    for axis, values, sign in (("width", (4, 16), 1), ("depth", (1, 3), 1), ("lanes", (2, 8), -1)):
        cycles = []
        for value in values:
            core, _ = sized_core(varied(base, axis, value), {"bp": ALL["bp"]})
            cycles.append(point_costs(core, "bp", ALL["bp"], batch_of(4), 4)["train_cycles"])
        assert sign * (cycles[1] - cycles[0]) > 50, axis


def test_growth() -> None:
    square = growth([1, 2, 4, 8], [3, 12, 48, 192])
    assert (square.exponent, square.last, square.step) == (pytest.approx(2), pytest.approx(2), 36)
    bent = growth([1, 2, 4], [10, 10, 20])
    assert (bent.exponent, bent.last, bent.step) == (pytest.approx(0.5), pytest.approx(1), 5)
    with pytest.raises(ValueError, match="at least two places, not 1"):
        growth([1], [1])
