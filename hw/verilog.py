"""Verilog text of a component: for the simulated board, for cocotb, and for other people's tools.

What Yosys writes for Amaranth is changed in two places.

* ``always @*`` never runs when nothing on its right side changes, so constant bits of a vector that has others, too,
  stay X in event simulators and 0 in Verilator. ``always_comb`` runs at time zero, and makes the dummy signals
  needless by which Yosys avoids the same for whole vectors. The text is plain Verilog otherwise; tools must read it as
  SystemVerilog (Icarus: ``-g2012``).
* A memory that starts with zeros takes a loop instead of one line a row: less to read, and to compile.
"""

from __future__ import annotations

import gc
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from amaranth.back import verilog
from amaranth.lib import wiring

__all__ = ["generate", "save"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PROCESS = re.compile(r"^( *)always @\*", re.MULTILINE)
_DUMMY = r"\\\$auto\$verilog_backend\.cc:\d+:dump_module\$\d+ "
_DUMMIES = re.compile(rf"^ *(?:reg {_DUMMY} = 0;|if \({_DUMMY}\) begin end)\n", re.MULTILINE)
_ZEROS = re.compile(
    r"^    (?P<memory>\S+ ?)\[0\] = (?P<zero>\d+'[hd]0+);\n(?:    (?P=memory)\[\d+\] = (?P=zero);\n)+(?=  end\n)",
    re.MULTILINE,
)


def generate(component: wiring.Component, name: str = "onward", *, sources: bool = False) -> str:
    """SystemVerilog of ``component`` as a module ``name`` with the ports ``clk``, ``rst`` and its members.

    A member ``i.payload`` becomes the port ``i__payload``. The same component gives the same text on every machine: it
    names neither source files nor times, unless ``sources`` asks for attributes ``src`` with the lines that things come
    from. Assertions are part of it, and so is what spoils a word of the element memory that is read while it is
    written.

    Raises
    ------
    ValueError
        If ``name`` is no Verilog identifier.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"a module name must be letters, digits and underscores, not {name!r}")
    with _no_garbage_collection():
        text = verilog.convert(component, name=name, emit_src=sources, strip_internal_attrs=not sources)
    text = _DUMMIES.sub("", _PROCESS.sub(r"\1always_comb", text))
    return _ZEROS.sub(_zero_loop, text)


def save(text: str, path: Path) -> None:
    """Write ``text`` to ``path``: all of it, or nothing; a file that was there stays as it was until then.

    Raises
    ------
    OSError
        If the folder does not exist or cannot be written to.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _zero_loop(match: re.Match[str]) -> str:
    rows = match[0].count("\n")
    return f"    for (int i = 0; i < {rows}; i = i + 1)\n      {match['memory']}[i] = {match['zero']};\n"


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Amaranth makes millions of small objects and no garbage; looking for it takes two thirds of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
