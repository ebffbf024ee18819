"""Errors of yosys are passed on."""

from pathlib import Path

import pytest

from onward.sim.mutation import yosys
from onward.sim.mutation.yosys import YosysError, run_yosys


def test_files_and_output(tmp_path: Path) -> None:
    assert "hello" in run_yosys("log hello\nread_verilog <<end\nmodule top; endmodule\nend\nwrite_rtlil a.il", tmp_path)
    assert "top" in (tmp_path / "a.il").read_text()


def test_failure(tmp_path: Path) -> None:
    with pytest.raises(YosysError, match="yosys failed:\n(.*\n)*.*nonsense"):
        run_yosys("nonsense", tmp_path)


def test_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yosys.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(YosysError, match="pip install"):
        run_yosys("", tmp_path)


def test_patience(tmp_path: Path) -> None:
    with pytest.raises(YosysError, match="not finished within 0.01 s"):
        run_yosys("log", tmp_path, patience=0.01)
