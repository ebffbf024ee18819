"""``onward build`` and ``onward program``: files, reports and errors; the tools are stubs here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from onward.hw.boards import flow
from onward.hw.boards import prepare as preparing
from onward.hw.boards.errors import OutOfTime
from onward.hw.spec.presets import PRESETS, load_preset

from .conftest import Run

CLOCK = PRESETS["ulx3s-85f"].clock_mhz
PLACED = '{"modules": {"with sites": {}}}'


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> list[float | None]:
    """Fmax of each seed in turn, or None for one without end, of tools that do nothing but leave files."""
    speeds: list[float | None] = []

    def prepare(board, config, folder, options=None) -> None:
        (folder / "order.json").write_text(json.dumps({"board": board.name}))
        (folder / "build_onward.sh").write_text(
            '"$YOSYS" -q -l onward.rpt onward.ys\n'
            '"$NEXTPNR_ECP5" --json onward.json --lpf onward.lpf --textcfg onward.config\n'
            '"$ECPPACK" --input onward.config --bit onward.bit\n'
        )

    def run_tool(tool, arguments, folder, log, beat, limit=None) -> float:
        named = dict(zip(arguments[::2], arguments[1::2], strict=False))
        if tool == "YOSYS":
            (folder / "onward.json").write_text('{"modules": {}}')
        elif tool == "NEXTPNR_ECP5":
            assert named["--json"] == "onward.json"
            assert (folder / "onward.json").read_text() == PLACED, "routed before the floorplan was there"
            speed = speeds.pop(0)
            if speed is None:
                assert limit == 90
                raise OutOfTime("stopped")
            (folder / named["--textcfg"]).write_text(named["--seed"])
            report = {
                "fmax": {"$glbnet$clk": {"achieved": speed, "constraint": CLOCK}},
                "utilization": {
                    name: {"used": 10, "available": 100}
                    for name in ("TRELLIS_COMB", "TRELLIS_FF", "DP16KD", "MULT18X18D")
                },
                "critical_paths": [],
            }
            (folder / named["--report"]).write_text(json.dumps(report))
        else:
            (folder / named["--bit"]).write_text(f"bits of seed {(folder / named['--input']).read_text()}")
        return 1.0

    monkeypatch.setattr(flow, "prepare", prepare)
    monkeypatch.setattr(preparing, "prepare", prepare)
    monkeypatch.setattr(flow, "run_tool", run_tool)
    monkeypatch.setattr(flow, "place_clusters", lambda netlist, config, plan: netlist.write_text(PLACED))
    return speeds


def test_the_best_of_three_seeds(run: Run, tools: list[float | None]) -> None:
    tools += [CLOCK - 10, CLOCK + 5, CLOCK + 1]
    result = run(
        "build", "--board", "ulx3s-85f", "--preset", "ulx3s-85f", "--seeds", "3", "--out", "out", "--json", "a.json"
    )
    assert result.exit_code == 0, result.stdout
    report = json.loads(Path("out/report.json").read_text())
    assert report == json.loads(Path("a.json").read_text())
    assert report["fmax_mhz"] == {"min": CLOCK - 10, "median": CLOCK + 1, "max": CLOCK + 5}
    assert report["seed"] == 2
    assert Path("out/onward.bit").read_text() == "bits of seed 2"
    assert report["clock_mhz"] == CLOCK and report["timing_met"]
    assert report["lut"] == report["dsp"] == {"used": 10, "available": 100}
    assert report["samples_per_s"] == pytest.approx(CLOCK * 1e6 / report["cycles_per_sample"], rel=1e-3)
    assert load_preset("out/preset.toml").digest == PRESETS["ulx3s-85f"].digest == report["digest"]
    fmax = f"min {CLOCK - 10}, median {CLOCK + 1}, max {CLOCK + 5}"
    for shown in (fmax, "10 of 100 (10 %)", "timing_met", "samples_per_s"):
        assert shown in result.stdout
    assert "[4/6," in result.stdout


def test_two_seeds_at_a_time(run: Run, tools: list[float | None]) -> None:
    tools += [CLOCK + 5] * 3
    options = ("--preset", "ulx3s-85f", "--seeds", "3", "--jobs", "2", "--first-seed", "4")
    result = run("build", "--board", "ulx3s-85f", *options, "--out", "out")
    assert result.exit_code == 0, result.stdout
    report = json.loads(Path("out/report.json").read_text())
    assert [each["seed"] for each in report["seeds"]] == [4, 5, 6]
    assert Path("out/onward.bit").read_text() == "bits of seed 4"
    result = run("build", "--board", "ulx3s-85f", "--jobs", "0", "--out", "none")
    assert result.exit_code == 2 and not Path("none").exists()


def test_seeds_that_are_not_routed_in_time_do_not_count(run: Run, tools: list[float | None]) -> None:
    options = ("build", "--board", "ulx3s-85f", "--preset", "ulx3s-85f", "--seeds", "3", "--limit", "1.5")
    tools += [None, CLOCK + 5, None]
    result = run(*options, "--out", "out")
    assert result.exit_code == 0, result.stdout
    report = json.loads(Path("out/report.json").read_text())
    assert [each["seed"] for each in report["seeds"]] == [2] and report["seeds_stopped"] == [1, 3]
    assert "seeds 1, 3" in result.stdout
    assert Path("out/onward.bit").read_text() == "bits of seed 2"
    tools += [None] * 3
    result = run(*options, "--out", "none")
    assert result.exit_code == 2
    assert "no placement was routed in 1.5 minutes (seeds 1, 2, 3): give more time (--limit)" in result.output


def test_missed_timing_fails_and_leaves_no_bitstream(run: Run, tools: list[float | None]) -> None:
    tools.append(CLOCK - 0.1)
    result = run("build", "--board", "ulx3s-85f", "--preset", "ulx3s-85f", "--out", "out")
    assert result.exit_code == 1
    assert (
        f"timing is not met: clock $glbnet$clk reaches {CLOCK - 0.1} of {CLOCK:g} MHz; no bitstream is left"
        in result.output
    )
    assert not Path("out/onward.bit").exists()
    assert json.loads(Path("out/report.json").read_text())["timing_met"] is False


def test_missed_timing_that_is_allowed(run: Run, tools: list[float | None]) -> None:
    tools.append(CLOCK - 0.1)
    result = run("build", "--board", "ulx3s-85f", "--preset", "ulx3s-85f", "--out", "out", "--allow-timing-failure")
    assert result.exit_code == 0
    assert (
        f"timing is not met: clock $glbnet$clk reaches {CLOCK - 0.1} of {CLOCK:g} MHz; the bitstream may not work"
        in result.output
    )
    assert Path("out/onward.bit").read_text() == "bits of seed 1"
    assert json.loads(Path("out/report.json").read_text())["timing_met"] is False


def test_a_clock_that_is_not_constrained(run: Run, tools: list[float | None]) -> None:
    tools.append(100.0)
    result = run("build", "--board", "ulx3s-85f", "--preset", "ulx3s-85f", "--clock", "60", "--out", "out")
    assert result.exit_code == 2
    assert result.stderr == "onward: no clock was constrained to 60 MHz: $glbnet$clk\n"


def test_prepare(run: Run, tools: list[float | None]) -> None:
    result = run("build", "--board", "arty-a7", "--prepare", "--out", "out")
    assert result.exit_code == 0, result.stdout
    assert "build_onward.sh" in result.stdout
    assert not Path("out/report.json").exists()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("--board", "none"), "unknown board 'none': use one of ulx3s-85f"),
        (("--board", "arty-a7"), "Arty A7-100 needs the tools of its vendor: use --prepare"),
        (("--board", "ulx3s-85f", "--clock", "999"), "the PLL cannot make 999 MHz of 25 MHz"),
        (("--board", "ulx3s-85f", "--preset", "none"), "unknown preset 'none'"),
    ],
)
def test_refused_before_a_folder_is_made(refused: Callable[..., str], arguments: tuple, message: str) -> None:
    assert message in refused("build", *arguments, "--out", "out")
    assert not Path("out").exists()


def test_a_folder_is_not_overwritten(refused: Callable[..., str]) -> None:
    Path("out").mkdir()
    assert "out: exists already" in refused("build", "--board", "ulx3s-85f", "--out", "out")


def test_program_refuses_what_was_not_built_for_the_board(refused: Callable[..., str]) -> None:
    assert "out: has no report.json; make it with onward build" in refused("program", "out", "--board", "ulx3s-85f")
    Path("out").mkdir()
    Path("out/report.json").write_text("[]")
    assert "is no report of onward build" in refused("program", "out", "--board", "ulx3s-85f")
    Path("out/report.json").write_text('{"board": "icebreaker", "bitstream": "onward.bin"}')
    assert "was built for icebreaker, not for ulx3s-85f" in refused("program", "out", "--board", "ulx3s-85f")
    assert "out/onward.bin: is missing" in refused("program", "out", "--board", "icebreaker")
