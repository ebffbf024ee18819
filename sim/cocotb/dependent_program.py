"""Random programs in which nearly every instruction depends on the one before it."""

from __future__ import annotations

import random

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import Op, Source, Store
from onward.sw.programs.assembler import Assembler, Program

__all__ = ["dependent_program"]

_SCALARS = 3
_WORDS = 2
_ELEMENTS = 10
_INDEXES = 3
"""The index register stays below this."""
_BURST = 10
"""Sums behind a long scalar instruction: more than may wait for the scalar unit."""
_INDEXED = (Op.MAC, Op.UPD, Op.MACV, Op.MACVV, Op.LMAC, Op.LUPD, Op.ST, Op.ROWS, Op.RED, Op.DOT)
"""Lane instructions that add index registers to rows or words."""
_ADDS = (Op.MAC, Op.MACV, Op.NOISE, Op.SCAT)
_CLEARS = (Op.MACVV, Op.LMAC)
_LANES = (*_ADDS, *_CLEARS, Op.MAC, Op.UPD, Op.UPD, Op.LUPD, Op.ST, Op.ST, Op.ROWS, Op.ROWS, Op.RED, Op.DOT)
_ELEMENTWISE = (Op.STE, Op.LDE, Op.EADD, Op.SMAX, Op.AMAX, Op.DRAW)
_SCALAR = (Op.MUL, Op.ADD, *_ELEMENTWISE, Op.BEST, Op.SETI, Op.OUTS, Op.OUTI, Op.ADDI, Op.OUTE)
_WILD = (Op.EXP, Op.REC, Op.RSQ, Op.SIG, Op.XN)
"""Their results may be so large that all that is computed from them saturates: they are put out, and replaced."""


def dependent_program(config: CoreConfig, rng: random.Random, length: int) -> Program:
    """Mostly short instructions on two words, few rows and elements, three scalars and an index, with the entry at 0.

    Sequences of unrelated instructions seldom meet a rule about distances; these meet little else. At the end all that
    can wait for an index register does, and elements saturate.
    """
    asm = Assembler(config)
    index = asm.index("index", _INDEXES)
    asm.emit(Op.SETI, d=index, imm=0)
    for number in range(_SCALARS):
        asm.constant(f"s{number}", rng.choice((-1, 1)) * 2.0 ** rng.uniform(-6, 0))
    asm.emit(Op.NOISE, init=1, s=0)
    room = config.max_terms - 8

    def emit(op: Op, moves: float = 0.3) -> dict[str, int]:
        nonlocal room
        fields = _fields(config, rng, op, index, moves)
        if op in _CLEARS:
            fields["init"] = 1
            room = 0  # it may have used all
        elif op in _ADDS:
            fields["init"] = int(room < 8 or rng.random() < 0.3)
            room = (config.max_terms if fields["init"] else room) - 8
        asm.emit(op, **fields)
        return fields

    while len(asm.instructions) < length - 3 * len(_INDEXED):
        op = rng.choice((*_LANES, *_SCALAR, rng.choice(_WILD)))
        fields = emit(op)
        if op in _WILD:
            asm.emit(Op.OUTS, s=fields["d"])
            asm.constant(f"s{fields['d']}", rng.choice((-1, 1)) * 2.0 ** rng.uniform(-6, 0))
        if op is Op.SMAX and rng.random() < 0.3:
            for _ in range(_BURST):
                emit(Op.RED)
    for op in _INDEXED:
        asm.emit(Op.SETI, d=index, imm=rng.randrange(_INDEXES))
        emit(Op.AMAX)
        emit(op, moves=1)
    for number in range(_SCALARS):
        asm.emit(Op.OUTS, s=number)
    _saturate(asm)
    asm.emit(Op.END)
    return asm.assemble()


def _saturate(asm: Assembler) -> None:
    """Store what no element can hold: a word of noise, times eight, and once more."""
    asm.constant("s0", 7.9)
    asm.emit(Op.NOISE, init=1, s=0)
    asm.emit(Op.ST)
    asm.emit(Op.MACV, init=1, s=0)
    asm.emit(Op.ST)


def _fields(config: CoreConfig, rng: random.Random, op: Op, index: int, moves: float) -> dict[str, int]:
    """Operands of one instruction, but for ``init`` of those that accumulate; ``moves``: chance of index registers."""
    scalar, other = rng.randrange(_SCALARS), rng.randrange(_SCALARS)
    ri = index if rng.random() < max(moves, 0.5) else 0
    words = {"p1": rng.randrange(_WORDS), "p2": rng.randrange(_WORDS)}
    for place in ("p1", "p2"):
        room = words[place] + _INDEXES <= config.vectors
        words |= {f"{place}i": index if room and rng.random() < moves else 0}
    first = {name: words[name] for name in ("p1", "p1i")}
    second = {name: words[name] for name in ("p2", "p2i")}
    elements = min(_ELEMENTS, config.elements)
    source = rng.choice((Source.VECTOR, Source.CONST, Source.CONST, Source.ELEMENTS, Source.RESIDUAL))
    listens = source in (Source.ELEMENTS, Source.RESIDUAL)
    if op is Op.SMAX or (op in (Op.MAC, Op.UPD) and listens):
        n = min(elements, config.rows - _INDEXES)  # takes its time, while others want the elements
    else:
        n = rng.randint(1, min(_INDEXES, config.lanes, elements, config.rows - _INDEXES))
    row = rng.randrange(min(3, config.rows - n - _INDEXES + 2))
    group_row = rng.randrange(min(3, config.rows - config.group - _INDEXES + 2))
    e, one = rng.randrange(elements - n + 1), rng.randrange(elements - _INDEXES + 1)
    if op in (Op.MAC, Op.UPD):
        fields = {"source": source, "s": scalar, "neg": rng.getrandbits(1), "row": row, "ri": ri, "n": n}
        fields |= second if source == Source.VECTOR else {}
        fields |= {"e": e} if listens else {}
        return fields | ({**first, "fine": rng.getrandbits(1)} if op is Op.UPD else {})
    rows = {"s": scalar, "row": row, "ri": ri, "n": n, **first, "e": e, "tiles": 1}
    operands: dict[Op, dict[str, int]] = {
        Op.MACV: {"s": scalar, "neg": rng.getrandbits(1), **first},
        Op.NOISE: {"s": scalar},
        Op.SCAT: {"s": scalar, "neg": rng.getrandbits(1), "n": n, "e": e},
        Op.MACVV: words,
        Op.LMAC: {"row": group_row, "ri": ri, **second},
        Op.LUPD: {"row": group_row, "ri": ri, **words},
        Op.ST: {**first, "store": rng.choice(list(Store))},
        Op.ROWS: rows | {"init": rng.getrandbits(1)},
        Op.RED: {"d": other, **first, "tiles": 1},
        Op.DOT: {"d": other, **words, "tiles": 1},
        Op.MUL: {"d": other, "s": scalar, "p1": rng.randrange(_SCALARS)},
        Op.ADD: {"d": other, "s": scalar, "p1": rng.randrange(_SCALARS)},
        Op.BEST: {"d": index, "s": scalar, "p1": other, "ri": ri},
        Op.STE: {"s": scalar, "e": one, "ri": ri},
        Op.LDE: {"d": other, "e": one, "ri": ri},
        Op.EADD: {"e": one, "ri": ri, "imm": rng.getrandbits(16)},
        Op.SMAX: {"e": e, "n": n},
        Op.AMAX: {"d": index, "e": e, "n": n},
        Op.DRAW: {"d": index, "e": e, "n": n, "ri": ri, "imm": rng.getrandbits(8)},
        Op.SETI: {"d": index, "imm": rng.randrange(_INDEXES)},
        Op.ADDI: {"d": index, "ri": ri, "imm": 0 if ri else rng.randrange(_INDEXES)},
        Op.OUTS: {"s": scalar},
        Op.OUTE: {"e": e, "n": n},
        Op.XN: {"d": other},
        Op.OUTI: {"ri": ri},
    }
    return operands.get(op, {"d": other, "s": scalar})
