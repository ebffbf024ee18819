"""Predicted cycles of a program on a compact core: instructions one after the other, whatever they depend on."""

from __future__ import annotations

from onward.hw.spec.isa import Instruction, Op, Source

__all__ = ["compact_cycles"]

# All of them were counted from one instruction's code to the next one's, in simulations of programs; where data decide,
# they are means.
_PRODUCT, _UPDATE, _INDEX = 17, 22, 8
"""What a stream takes beside its elements, and more if an index register is added to its row."""
_SHORTEST = 18
_RED = 90
"""What a RED takes beside its tiles."""
_ROWS, _ELEMENT, _ROW = 30, 105, 45
"""What ROWS takes; each of its elements; a row beside its tiles, which is summed up while an element is made."""

_SCALAR = {
    Op.MACV: 21,
    Op.ST: 8,
    Op.LDI: 20,
    Op.MUL: 45,
    Op.ADD: 128,
    Op.SUB: 130,
    Op.RSQ: 84,
    Op.REC: 106,
    Op.EXP: 155,
    Op.SIG: 292,
    Op.XN: 64,
    Op.EADD: 35,
    Op.STE: 88,
    Op.LDE: 68,
    Op.BEST: 147,
    Op.OUTS: 36,
    Op.OUTI: 12,
    Op.SETI: 21,
    Op.ADDI: 32,
    Op.LAB: 24,
    Op.LOOP: 37,
}
_ELEMENTS = {Op.SMAX: (127, 110), Op.DRAW: (190, 24), Op.AMAX: (60, 10), Op.OUTE: (10, 13)}
"""Cycles of an instruction, and of each element that it works on."""


def compact_cycles(word: Instruction, pixels: float) -> float:
    """Cycles of one instruction; a stream of the sample has ``pixels`` elements.

    Only a sample is kept without its zeros: those of other vectors take as long as any element.
    """
    if word.op in (Op.MAC, Op.UPD):
        steps = pixels if word.source == Source.SAMPLE else word.n
        each, rest = (2, _UPDATE) if word.op is Op.UPD else (1, _PRODUCT)
        return max(_SHORTEST, rest + each * steps) + (_INDEX if word.ri else 0)
    if word.op is Op.RED:
        return _RED + word.tiles
    if word.op is Op.ROWS:
        return _ROWS + word.n * max(_ELEMENT, _ROW + word.tiles)
    if word.op in _ELEMENTS:
        once, each = _ELEMENTS[word.op]
        return once + each * word.n
    return _SCALAR[word.op]
