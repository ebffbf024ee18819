"""What the reports of cocotb and the logs of the simulators are taken for."""

from pathlib import Path

import pytest

from onward.sim.cocotb.report import BenchResult, read_results

REPORT = """<testsuites><testsuite>
<testcase name="first" time="1.5"/>
<testcase name="second" time="0.25"><failure message="3 is not 4" type="AssertionError"/></testcase>
</testsuite></testsuites>"""
PASSED = '<testsuites><testsuite><testcase name="first" time="1.5"/></testsuite></testsuites>'
VERILATOR = "too hot[{time}] %Error: onward.sv:66: Assertion failed in onward: 'assert' failed.\n"
ICARUS = "ERROR: x.sv:9: \n       Time: 0 Scope: onward\ntoo hotERROR: x.sv:9: \n       Time: {time} Scope: onward\n"


def read(folder: Path, report: str | None, log: str | None, trouble: str = "") -> list[BenchResult]:
    for name, text in (("r.xml", report), ("s.log", log)):
        if text is not None:
            (folder / name).write_text(text)
    return read_results("unit", folder / "r.xml", folder / "s.log", trouble, 9.0)


def test_results_of_tests(tmp_path: Path) -> None:
    first, second = read(tmp_path, REPORT, "", "the simulation failed")
    assert first == BenchResult("unit.first", True, 1.5)
    assert second == BenchResult("unit.second", False, 0.25, f"3 is not 4; log: {tmp_path / 's.log'}")


@pytest.mark.parametrize("log", [VERILATOR, ICARUS])
def test_assertions(tmp_path: Path, log: str) -> None:
    results = read(tmp_path, PASSED, "hello\n" + log.format(time=90_000))
    assert [result.passed for result in results] == [True, False]
    assert results[1].name == "unit.simulation" and results[1].message.startswith("assertion failed: too hot; log: ")


@pytest.mark.parametrize("log", [VERILATOR, ICARUS])
def test_assertions_before_the_end_of_the_reset(tmp_path: Path, log: str) -> None:
    assert all(result.passed for result in read(tmp_path, PASSED, log.format(time=80_000)))


def test_simulations_that_end_badly(tmp_path: Path) -> None:
    (result,) = read(tmp_path, None, "one\ntwo\n", "Command failed with return code: 3")
    assert (result.name, result.passed, result.seconds) == ("unit.simulation", False, 9.0)
    assert result.message == f"Command failed with return code: 3; log: {tmp_path / 's.log'}\none\ntwo"
    (result,) = read(tmp_path, "<testsuites/>", None)
    assert result.message.startswith("no test was found; log: ")
    good, bad = read(tmp_path, PASSED, "", "Command failed with return code: 3")
    assert (good.passed, bad.passed) == (True, False)
