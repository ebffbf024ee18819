"""Proves that a mutant does what the unit does, so that no test can tell them apart."""

from __future__ import annotations

import hashlib
import inspect
import re

from . import aiger
from .design import Mutant, MutatedDesign
from .yosys import YosysError, run_yosys

__all__ = ["prove_equivalent"]

_MODULE = re.compile(r"-module (\S+)")
_PATIENCE_S = 120
"""Of real time: a proof takes seconds, and more on a machine that has much else to do."""
_LARGEST = 1_000_000
"""Bytes of netlist above which a unit and its larger parts are beyond a proof in that time."""
_PREPARE = """
chformal -remove
delete t:$print
hierarchy -top {top}
{inside}
opt_expr
opt_clean
techmap
opt -fast
opt_clean -purge
setundef -undriven -zero
select -set registers t:$_*DFF*_ %co1:+[Q] w:* %i
rename -hide w:* @registers %d
rename {top} {name}
"""
"""Down to single bits, of which those that nothing depends on go; the circuits then meet in registers and ports."""
_MATCH = "equiv_struct -fwd -icells"
"""Quick where most is the same; but it may take cells for each other's match that are none, and then there is no proof.
"""
_TOGETHER = """flatten
memory_map"""
_ALONE = "expose -evert t:{name}.* t:$mem_v2"
"""What is inside of a component becomes ports of it."""
_SCRIPT = """
read_rtlil netlist.il
mutate {options}
{mutant}
design -stash mutated
read_rtlil netlist.il
{unit}
design -copy-from mutated -as mutated mutated
equiv_make unit mutated both
hierarchy -top both
opt_clean -purge
{match}
equiv_simple
equiv_induct
equiv_status -assert
"""
_GATES = """
read_rtlil netlist.il
{change}
chformal -remove
delete t:$print
hierarchy -top {top}
flatten
opt_expr
opt_clean
expose -evert t:$mem_v2
opt -full -fast
techmap
opt -full -fast
opt_clean -purge
setundef -undriven -zero
dffunmap
aigmap
opt_clean -purge
write_aiger -ascii -symbols {name}.aag
"""
"""Memories stay what they are: their ports become ports of the circuit."""


def prove_equivalent(design: MutatedDesign, mutant: Mutant) -> bool:
    """Whether yosys proves, by induction over cycles, that all outputs of the component stay the same for any inputs.

    No proof is needed if nothing of the mutation is left among the gates of the whole unit, as nothing depends on what
    it changes. Else the smallest component around the mutation is looked at, with those inside of it, and then the
    whole unit, where some inputs or outputs may not matter; of a unit that is too large, only that component alone.
    False does not say that there is a difference: only that no proof was found in two minutes. What was found is kept
    in the design's folder.
    """
    found = _MODULE.search(mutant.options)
    assert found is not None, "a mutation without a module"
    netlist = (design.folder / "netlist.il").read_bytes()
    texts = mutant.options, _GATES, _SCRIPT, _PREPARE, _MATCH, _TOGETHER, _ALONE, inspect.getsource(aiger)
    parts = netlist, *(text.encode() for text in texts)
    key = hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
    known = design.folder / f"equivalent-{key}"
    if not known.exists():
        alone = len(netlist) > _LARGEST
        tops = dict.fromkeys((found[1],) if alone else (found[1], design.name))
        proved = _same_gates(design, mutant) or any(_proved(design, mutant, top, alone) for top in tops)
        known.write_text(str(proved), encoding="utf-8")
    return known.read_text(encoding="utf-8") == str(True)


def _proved(design: MutatedDesign, mutant: Mutant, top: str, alone: bool) -> bool:
    inside = _ALONE.format(name=design.name) if alone else _TOGETHER
    mutated, unit = (_PREPARE.format(top=top, name=name, inside=inside) for name in ("mutated", "unit"))
    match = "" if alone else _MATCH
    script = _SCRIPT.format(options=mutant.options, mutant=mutated, unit=unit, match=match)
    try:
        run_yosys(script, design.folder, _PATIENCE_S)
    except YosysError:
        return False
    return True


def _same_gates(design: MutatedDesign, mutant: Mutant) -> bool:
    netlist = hashlib.sha256((design.folder / "netlist.il").read_bytes()).hexdigest()[:16]
    unit, mutated = f"gates-{netlist}", "gates-mutated"
    try:
        if not (design.folder / f"{unit}.aag").exists():
            run_yosys(_GATES.format(change="", top=design.name, name=unit), design.folder, _PATIENCE_S)
        change = f"mutate {mutant.options}"
        run_yosys(_GATES.format(change=change, top=design.name, name=mutated), design.folder, _PATIENCE_S)
    except YosysError:
        return False
    return aiger.same_circuit(design.folder / f"{unit}.aag", design.folder / f"{mutated}.aag")
