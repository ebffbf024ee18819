"""Predicted cycles of a program on a compact core: instructions one after the other, whatever they depend on."""

from __future__ import annotations

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import Instruction, Op

__all__ = ["compact_cycles"]

_FETCH = 14
_STREAM = 16
"""From the fetch of an instruction until its stream starts."""
_DRAIN, _DRAIN_UPDATE = 13, 16
"""From the last element of a stream until the next instruction is fetched."""
_WALK = 25
"""A vector register word is stored."""
_SUM, _ROW = 175, 370
"""What a RED takes beside its tiles, and a row of ROWS."""

_SCALAR = {
    Op.LDI: 45,
    Op.MUL: 95,
    Op.ADD: 115,
    Op.SUB: 130,
    Op.RSQ: 125,
    Op.REC: 110,
    Op.EXP: 200,
    Op.SIG: 400,
    Op.XN: 95,
    Op.EADD: 40,
    Op.STE: 100,
    Op.LDE: 95,
    Op.BEST: 160,
    Op.OUTS: 45,
    Op.OUTI: 25,
    Op.SETI: 30,
    Op.ADDI: 35,
    Op.LAB: 30,
    Op.LOOP: 35,
    Op.END: 25,
}
_ELEMENTS = {Op.SMAX: (150, 130), Op.DRAW: (190, 55), Op.AMAX: (45, 21), Op.OUTE: (25, 14)}
"""Cycles of an instruction, and of each element that it works on."""


def compact_cycles(config: CoreConfig, word: Instruction, steps: float) -> float:
    """Cycles of one instruction whose stream has ``steps`` elements."""
    if word.op is Op.UPD:
        return _FETCH + _STREAM + 2 * steps + _DRAIN_UPDATE
    if word.op is Op.MAC:
        return _FETCH + _STREAM + steps + _DRAIN
    if word.op is Op.MACV:
        return _FETCH + _STREAM + 4 + _DRAIN
    if word.op is Op.ST:
        return _FETCH + _WALK + config.lanes
    if word.op is Op.RED:
        return _FETCH + _SUM + config.lanes + steps
    if word.op is Op.ROWS:
        return _FETCH + word.n * (_ROW + config.lanes + word.tiles)
    if word.op in _ELEMENTS:
        once, each = _ELEMENTS[word.op]
        return _FETCH + once + each * word.n
    return _SCALAR[word.op]
