"""Verilog text of a component: for the simulated board, for cocotb, and for other people's tools.

The text is plain Verilog but for ``always_comb``, so tools must read it as SystemVerilog (2005 or later; Icarus: -g2012).
Yosys writes ``always @*``, which never runs when nothing on the right changes: bits of a vector that are constant, next
to others that are not, then stay X in event simulators and 0 in Verilator.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from amaranth.back import verilog
from amaranth.lib import wiring

__all__ = ["generate", "save"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PROCESS = re.compile(r"^( *)always @\*", re.MULTILINE)
_DUMMY = r"\\\$auto\$verilog_backend\.cc:\d+:dump_module\$\d+ "
_DUMMIES = re.compile(rf"^ *(?:reg {_DUMMY} = 0;|if \({_DUMMY}\) begin end)\n", re.MULTILINE)


def generate(component: wiring.Component, name: str = "onward") -> str:
    """SystemVerilog of ``component`` as a module ``name`` with the ports ``clk``, ``rst`` and its members.

    A member ``i.payload`` becomes the port ``i__payload``. The same component gives the same text on every machine: it
    names neither source files nor times. Assertions are part of it.

    Raises
    ------
    ValueError
        If ``name`` is no Verilog identifier.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"a module name must be letters, digits and underscores, not {name!r}")
    text = verilog.convert(component, name=name, emit_src=False, strip_internal_attrs=True)
    return _DUMMIES.sub("", _PROCESS.sub(r"\1always_comb", text))


def save(text: str, path: Path) -> None:
    """Write ``text`` to ``path``: all of it, or nothing; a file that was there stays as it was until then.

    Raises
    ------
    OSError
        If the folder does not exist or cannot be written to.
    """
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(part, 0o666 & ~umask)
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise
