"""The instruction set: opcodes, the 128-bit instruction word, and which fields each instruction uses.

Vector instructions stream one element a cycle to all lanes. W is the weight memory, v a vector register word,
E the element memory, S a scalar register, I an index register (I0 reads as 0), acc the lane accumulators.
Addresses marked ``+I`` have the index register named beside them added. ``m_j`` is the broadcast operand: element j
of the source, times the scalar S[s] (negated if ``neg``), rounded to nearest for products and stochastically for UPD.
Sources: SAMPLE (nonzero pixels), VECTOR (nonzero elements of v[p2..], one a cycle), ELEMENTS (E[e..e+n)), CONST
(1.0, n times), RESIDUAL (E[e..e+n) clipped to the range of a pixel, minus the sample's pixels).

See ``docs/instruction-set.md`` for the contract of every instruction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

__all__ = [
    "FIELDS",
    "INDEX_BITS",
    "INDEX_REGISTERS",
    "INSTRUCTION_BITS",
    "SCALAR_REGISTERS",
    "USED_FIELDS",
    "Instruction",
    "Op",
    "Source",
    "Store",
]

INSTRUCTION_BITS = 128
SCALAR_REGISTERS = 32
INDEX_REGISTERS = 8
INDEX_BITS = 20


class Op(IntEnum):
    """Operation codes. 1-31 run on the lanes, 32-55 in the scalar unit, the others in the sequencer."""

    END = 0
    # lanes
    MAC = 1
    UPD = 2
    RED = 3
    DOT = 4
    ROWS = 5
    MACV = 6
    MACVV = 7
    NOISE = 8
    SCAT = 9
    LMAC = 10
    LUPD = 11
    ST = 12
    # scalar unit
    LDI = 32
    MUL = 33
    ADD = 34
    SUB = 35
    RSQ = 36
    SIG = 37
    EXP = 38
    REC = 39
    XN = 40
    SMAX = 41
    EADD = 42
    DRAW = 43
    AMAX = 44
    STE = 45
    LDE = 46
    BEST = 47
    OUTS = 48
    OUTI = 49
    OUTE = 50
    # sequencer
    SETI = 56
    ADDI = 57
    LAB = 58
    LOOP = 59

    @property
    def is_vector(self) -> bool:
        """Runs on the lanes."""
        return 1 <= self <= 31

    @property
    def is_scalar(self) -> bool:
        """Runs in the scalar unit."""
        return 32 <= self <= 55


class Source(IntEnum):
    """Where the broadcast unit takes its elements from."""

    SAMPLE = 0
    VECTOR = 1
    ELEMENTS = 2
    CONST = 3
    RESIDUAL = 4
    """The error of a generated image: element j, clipped to 0..WHITE, minus pixel j of the current sample."""


class Store(IntEnum):
    """Function applied by ST to the rounded accumulator."""

    IDENTITY = 0
    RELU = 1
    STEP = 2
    """1.0 where the accumulator is positive, else 0."""


FIELDS: dict[str, tuple[int, int]] = {
    # name: (lowest bit, bits)
    "op": (0, 6),
    "init": (8, 1),
    "fine": (9, 1),
    "neg": (10, 1),
    "store": (11, 2),
    "s": (13, 5),
    "d": (18, 5),
    "ri": (23, 3),
    "p1i": (26, 3),
    "p2i": (29, 3),
    "row": (32, 20),
    "n": (52, 12),
    "p1": (64, 8),
    "p2": (72, 8),
    "e": (80, 12),
    "tiles": (92, 8),
    "imm": (100, 25),
    "source": (125, 3),
}
"""Bit positions of the fields of an instruction word; bits 6 and 7 are 0.

``stride`` of ROWS travels in ``imm``; so do scalar constants."""

USED_FIELDS: dict[Op, tuple[str, ...]] = {
    Op.END: (),
    Op.MAC: ("source", "init", "neg", "s", "row", "ri", "n", "p2", "p2i", "e"),
    Op.UPD: ("source", "fine", "neg", "s", "row", "ri", "n", "p1", "p1i", "p2", "p2i", "e"),
    Op.RED: ("d", "p1", "p1i", "tiles"),
    Op.DOT: ("d", "p1", "p1i", "p2", "p2i", "tiles"),
    Op.ROWS: ("init", "s", "row", "ri", "n", "p1", "p1i", "e", "tiles", "imm"),
    Op.MACV: ("init", "neg", "s", "p1", "p1i"),
    Op.MACVV: ("init", "p1", "p1i", "p2", "p2i"),
    Op.NOISE: ("init", "s"),
    Op.SCAT: ("init", "neg", "s", "n", "e"),
    Op.LMAC: ("init", "row", "ri", "p2", "p2i"),
    Op.LUPD: ("row", "ri", "p1", "p1i", "p2", "p2i"),
    Op.ST: ("store", "p1", "p1i"),
    Op.LDI: ("d", "imm"),
    Op.MUL: ("d", "s", "p1"),
    Op.ADD: ("d", "s", "p1"),
    Op.SUB: ("d", "s", "p1"),
    Op.RSQ: ("d", "s"),
    Op.SIG: ("d", "s"),
    Op.EXP: ("d", "s"),
    Op.REC: ("d", "s"),
    Op.XN: ("d",),
    Op.SMAX: ("e", "n"),
    Op.EADD: ("e", "ri", "imm"),
    Op.DRAW: ("d", "e", "n", "ri", "imm"),
    Op.AMAX: ("d", "e", "n"),
    Op.STE: ("s", "e", "ri"),
    Op.LDE: ("d", "e", "ri"),
    Op.BEST: ("d", "s", "p1", "ri"),
    Op.OUTS: ("s",),
    Op.OUTI: ("ri",),
    Op.OUTE: ("e", "n"),
    Op.SETI: ("d", "imm"),
    Op.ADDI: ("d", "ri", "imm"),
    Op.LAB: ("d",),
    Op.LOOP: ("d", "imm"),
}


@dataclass(frozen=True)
class Instruction:
    """One instruction; fields an operation does not use are 0.

    For scalar operations ``s`` is the first source, ``p1`` the second, ``d`` the destination.

    Raises
    ------
    ValueError
        From :meth:`encode`, if a field does not fit its bits.
    """

    op: Op
    source: int = 0
    init: int = 0
    fine: int = 0
    neg: int = 0
    store: int = 0
    s: int = 0
    d: int = 0
    ri: int = 0
    p1i: int = 0
    p2i: int = 0
    row: int = 0
    n: int = 0
    p1: int = 0
    p2: int = 0
    e: int = 0
    tiles: int = 0
    imm: int = 0

    def encode(self) -> int:
        """The 128-bit instruction word."""
        word = 0
        for name, (lowest, bits) in FIELDS.items():
            value = int(getattr(self, name))
            if not 0 <= value < 1 << bits:
                raise ValueError(f"{self.op.name}: field {name} must be 0 to {(1 << bits) - 1}, not {value}")
            word |= value << lowest
        return word

    @classmethod
    def decode(cls, word: int) -> Instruction:
        """The instruction of a word; raises ValueError for an unknown opcode."""
        values = {name: (word >> lowest) & ((1 << bits) - 1) for name, (lowest, bits) in FIELDS.items()}
        return cls(Op(values.pop("op")), **values)

    def but(self, **changes: int) -> Instruction:
        """This instruction with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]
