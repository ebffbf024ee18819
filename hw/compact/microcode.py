"""The compact core's processor as its programs see it: operations, ports, and an assembler in Python."""

from __future__ import annotations

from enum import IntEnum

__all__ = [
    "ARGUMENT_BITS",
    "CODE_BITS",
    "CODE_WORDS",
    "DATA_WORDS",
    "INDIRECT",
    "TABLE_WORDS",
    "Code",
    "In",
    "MicroOp",
    "Out",
    "Status",
]

ARGUMENT_BITS = 11
CODE_BITS = 5 + ARGUMENT_BITS
CODE_WORDS = 1792
"""Seven block RAMs."""
DATA_WORDS = 508
TABLE_WORDS = 260
"""Data words behind the others, for the function tables: only X reaches them."""
INDIRECT = 1 << 9
"""Of a data address: the rest of it is added to register X, bit by bit without carries."""


class MicroOp(IntEnum):
    """Operations. A is the accumulator, C its carry; ``m`` a data word, ``p`` a port."""

    NOP = 0
    # A and a data word; the lowest bits choose within the unit
    LD = 1
    AND = 2
    OR = 3
    XOR = 4
    ADD = 5
    """also sets C"""
    ADC = 6
    SUB = 7
    """C = 1: no borrow"""
    SBC = 8
    SHL = 9
    """C takes the bit shifted out; RCL and RCR shift the old one in"""
    RCL = 10
    SHR = 11
    RCR = 12
    LZC = 13
    """zeros above the highest bit of A that is set, 16 if A = 0"""
    IN = 14
    ST = 15
    OUT = 16
    JMP = 17
    JZ = 18
    JNZ = 19
    JC = 20
    JNC = 21
    JN = 22
    JNN = 23
    CALL = 24
    RET = 25
    GO = 26
    """to the code whose address is in lane 0 of the word of the row memory that was read"""
    JW = 27
    """as long as the stream unit works"""
    JM = 28
    """as long as it needs the row memory"""

    @property
    def reads_data(self) -> bool:
        """Takes a data word."""
        return MicroOp.LD <= self <= MicroOp.SBC


class In(IntEnum):
    """Ports that IN reads. ``ROW`` + k: lane k of the row memory."""

    STATUS = 0
    LIST = 1
    """list memory"""
    TOTAL_LOW = 2
    TOTAL_MIDDLE = 3
    TOTAL_HIGH = 4
    PRODUCT_LOW = 5
    PRODUCT_HIGH = 6
    RETURN = 7
    SAMPLE_LABEL = 9
    ENTRY = 10
    """where the program starts that waits"""
    ACCESS = 11
    """kind in the lowest bits, lane in the bits from 4 on"""
    ACCESS_ROW = 12
    ACCESS_VALUE = 13
    SEED_LOW = 14
    SEED_HIGH = 15
    PROGRAM_ADDRESS = 16
    PROGRAM_WORD = 17
    """of the instruction that the host sends"""
    LIST_NEXT = 18
    """list memory, which goes on to its next word"""
    NORM_LOW = 19
    NORM_HIGH = 20
    """sum of the squared pixels"""
    ROW = 32


class Out(IntEnum):
    """Ports that OUT writes."""

    ROW = 0
    """word of the row memory to access"""
    STRIDE = 1
    COUNT = 2
    LIST = 3
    WORD = 4
    SHIFT = 6
    START = 7
    READ_ROW = 8
    """reads the row memory, and goes on to its next word; the value does not matter"""
    LIST_WRITE = 9
    X = 10
    LEFT = 11
    RIGHT = 12
    """factors of the product"""
    RETURN = 13
    CONTROL = 14
    """pulses, see :class:`.firmware.Pulse`"""
    RESULT_LOW = 15
    RESULT_HIGH = 16
    """also stores the result"""
    ANSWER = 17
    SATURATED = 18
    """an element has been saturated"""
    LANES = 19
    """which lanes ROW_WRITE writes"""
    ROW_WRITE = 20
    """the value, into LANES of the word ROW of the row memory"""
    POWER = 21
    """LEFT becomes 2^A, A modulo 16"""
    FIRST = 22
    """first row of a stream"""
    ADD_FIRST = 23
    LOAD_FIRST = 24
    """rows, count and mode of a stream are in the word read, and the next one is read; the value does not matter"""
    LOAD_SECOND = 25
    """list, vector register word and X are in the word read; the value does not matter"""
    START_LOADED = 26
    """with the value as magnitude of the scalar"""


class Status(IntEnum):
    """Bits of port STATUS."""

    PROGRAM = 0
    ACCESS = 1
    SEED = 2
    RUN = 3
    SAMPLE = 4
    ANSWER_FULL = 5
    NORM = 7
    """the sum of squares is that of the sample at work from now on"""


class Code:
    """Collects microcode, and the data words that it uses.

    A word written cannot be read by the next operation, nor an address in X used by it: a NOP is put between them.
    """

    def __init__(self) -> None:
        self.words: list[tuple[MicroOp, int | str]] = []
        self.labels: dict[str, int] = {}
        self.names: dict[str, int] = {}
        self.initial: dict[int, int | str] = {}
        self._next = 0
        self._fresh = 0

    # data ---------------------------------------------------------------------------------------------------------

    def reserve(self, name: str, words: int = 1, align: int = 1) -> int:
        """Address of ``words`` new data words."""
        self._next = -(-self._next // align) * align
        self.names[name] = address = self._next
        self._next += words
        if self._next > DATA_WORDS:
            raise ValueError(f"no place for {name}: there are {DATA_WORDS} data words")
        return address

    def const(self, value: int) -> int:
        """Address of a data word with this value (16 bits)."""
        value &= 0xFFFF
        name = f"#{value}"
        if name not in self.names:
            self.initial[self.reserve(name)] = value
        return self.names[name]

    def address(self, label: str) -> str:
        """Name of a data word with the address of a label."""
        name = f"&{label}"
        if name not in self.names:
            self.initial[self.reserve(name)] = label
        return name

    def var(self, name: str) -> int:
        """Address of the word called ``name``."""
        return self.names[name] if name in self.names else self.reserve(name)

    # code ---------------------------------------------------------------------------------------------------------

    def emit(self, op: MicroOp, argument: int | str = 0) -> None:
        if self.words and self._too_early(op, argument):
            self.words.append((MicroOp.NOP, 0))
        self.words.append((op, argument))

    def _too_early(self, op: MicroOp, argument: int | str) -> bool:
        """Whether what the operation uses is not there yet."""
        last, previous = self.words[-1]
        indirect = isinstance(argument, int) and bool(argument & INDIRECT)
        if last is MicroOp.ST:
            return op.reads_data and (previous == argument or indirect or bool(int(previous) & INDIRECT))
        changes = last is MicroOp.OUT and previous in (Out.X, Out.LOAD_SECOND)
        return changes and indirect and (op.reads_data or op is MicroOp.ST)

    def label(self, name: str) -> None:
        if name in self.labels:
            raise ValueError(f"{name} is there twice")
        self.labels[name] = len(self.words)

    def fresh(self, name: str = "at") -> str:
        """A label that is used once."""
        self._fresh += 1
        return f"{name}.{self._fresh}"

    def operand(self, value: int | str) -> int:
        """A number is a constant, a name a data word."""
        return self.const(value) if isinstance(value, int) else self.var(value)

    def ld(self, value: int | str) -> None:
        self.emit(MicroOp.LD, self.operand(value))

    def add(self, value: int | str) -> None:
        self.emit(MicroOp.ADD, self.operand(value))

    def adc(self, value: int | str) -> None:
        self.emit(MicroOp.ADC, self.operand(value))

    def sub(self, value: int | str) -> None:
        self.emit(MicroOp.SUB, self.operand(value))

    def sbc(self, value: int | str) -> None:
        self.emit(MicroOp.SBC, self.operand(value))

    def and_(self, value: int | str) -> None:
        self.emit(MicroOp.AND, self.operand(value))

    def or_(self, value: int | str) -> None:
        self.emit(MicroOp.OR, self.operand(value))

    def xor(self, value: int | str) -> None:
        self.emit(MicroOp.XOR, self.operand(value))

    def st(self, name: str) -> None:
        self.emit(MicroOp.ST, self.var(name))

    def shl(self, times: int = 1) -> None:
        for _ in range(times):
            self.emit(MicroOp.SHL)

    def shr(self, times: int = 1) -> None:
        for _ in range(times):
            self.emit(MicroOp.SHR)

    def op(self, op: MicroOp) -> None:
        self.emit(op)

    def indirect(self, op: MicroOp, offset: int = 0) -> None:
        """``op`` on the word at X, whose bits in ``offset`` are flipped."""
        self.emit(op, INDIRECT | offset)

    def read(self, port: int) -> None:
        self.emit(MicroOp.IN, int(port))

    def out(self, port: Out) -> None:
        self.emit(MicroOp.OUT, int(port))

    def put(self, port: Out, value: int | str) -> None:
        self.ld(value)
        self.out(port)

    def jump(self, label: str, op: MicroOp = MicroOp.JMP) -> None:
        self.emit(op, label)

    def call(self, label: str) -> None:
        self.emit(MicroOp.CALL, label)

    def ret(self) -> None:
        self.emit(MicroOp.RET)

    # results ------------------------------------------------------------------------------------------------------

    def assemble(self) -> list[int]:
        """The code words.

        Raises
        ------
        ValueError
            If there are more than the code memory holds, or a label is missing.
        """
        if len(self.words) > CODE_WORDS:
            raise ValueError(f"{len(self.words)} code words, but the memory holds {CODE_WORDS}")
        words = []
        for op, argument in self.words:
            number = self.labels[argument] if isinstance(argument, str) else argument
            words.append(int(op) << ARGUMENT_BITS | number)
        return words

    def data(self) -> list[int]:
        """First contents of the data memory; a string is the address of that label."""
        values = [self.initial.get(address, 0) for address in range(DATA_WORDS + TABLE_WORDS)]
        return [self.labels[value] if isinstance(value, str) else value for value in values]
