"""Builds programs: named registers, bounds checks, listing."""

from __future__ import annotations

from dataclasses import dataclass, field

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.hw.spec.formats import scalar_from_float, scalar_to_float
from onward.hw.spec.isa import INDEX_REGISTERS, SCALAR_REGISTERS, USED_FIELDS, Instruction, Op, Source
from onward.hw.spec.limits import check_compact
from onward.hw.spec.memory_map import Matrix, MemoryMap

__all__ = ["Assembler", "AssemblyError", "Program"]


class AssemblyError(ConfigError):
    """A program that does not fit the core, or would leave its memories."""


@dataclass(frozen=True)
class Program:
    """An assembled program: instructions, entry points by name, a comment an instruction, and its memory map."""

    config: CoreConfig
    instructions: tuple[Instruction, ...]
    comments: tuple[str, ...]
    entries: dict[str, int]
    map: MemoryMap

    def words(self) -> list[int]:
        """The 128-bit instruction words."""
        return [instruction.encode() for instruction in self.instructions]

    def describe(self, address: int) -> str:
        """One line for the instruction at ``address``: mnemonic, used fields, comment."""
        instruction = self.instructions[address]
        parts = []
        for name in USED_FIELDS[instruction.op]:
            value = getattr(instruction, name)
            if name == "source":
                parts.append(Source(value).name.lower())
            elif name == "imm" and instruction.op is Op.LDI:
                parts.append(f"{scalar_to_float(value):.6g}")
            elif name in ("init", "fine", "neg"):
                parts.extend([name] if value else [])
            elif value or name not in ("ri", "p1i", "p2i", "store"):
                parts.append(f"{name}={value}")
        return f"{instruction.op.name:5} {' '.join(parts):60} ; {self.comments[address]}"

    def listing(self) -> str:
        """All instructions with their addresses, entry points marked."""
        names = {address: name for name, address in self.entries.items()}
        lines = []
        for address in range(len(self.instructions)):
            if address in names:
                lines.append(f"{names[address]}:")
            lines.append(f"{address:5}  {self.describe(address)}".rstrip())
        return "\n".join(lines)


@dataclass
class Assembler:
    """Collects instructions; :meth:`assemble` checks them against the core's memories.

    Scalar registers, vector words and elements are allocated by name: asking again for a name gives the same one.
    ``index(name, limit)`` promises that the register stays below ``limit``, which the bounds check relies on.
    """

    config: CoreConfig
    map: MemoryMap = field(init=False)
    instructions: list[Instruction] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    entries: dict[str, int] = field(default_factory=dict)
    _scalars: dict[str, int] = field(default_factory=dict)
    _indexes: dict[str, tuple[int, int]] = field(default_factory=dict)
    _vectors: dict[str, tuple[int, int]] = field(default_factory=dict)
    _elements: dict[str, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.map = MemoryMap(self.config)

    # registers ----------------------------------------------------------------------------------------------------

    def scalar(self, name: str) -> int:
        """The scalar register called ``name``."""
        if name not in self._scalars:
            if len(self._scalars) == SCALAR_REGISTERS:
                raise AssemblyError(f"no scalar register left for {name!r}: all {SCALAR_REGISTERS} are taken")
            self._scalars[name] = len(self._scalars)
        return self._scalars[name]

    def index(self, name: str, limit: int) -> int:
        """The index register called ``name``, whose values stay below ``limit``."""
        if name not in self._indexes:
            if len(self._indexes) == INDEX_REGISTERS - 1:
                raise AssemblyError(f"no index register left for {name!r}: all {INDEX_REGISTERS - 1} are taken")
            self._indexes[name] = (len(self._indexes) + 1, limit)
        return self._indexes[name][0]

    def vector(self, name: str, units: int) -> int:
        """The first of the vector register words called ``name``, which hold ``units`` elements."""
        return self._allocate(self._vectors, name, self.config.tiles(units), self.config.vectors, "vector words")

    def elements(self, name: str, count: int) -> int:
        """The first of ``count`` elements called ``name``."""
        return self._allocate(self._elements, name, count, self.config.elements, "elements")

    def _allocate(self, table: dict[str, tuple[int, int]], name: str, size: int, depth: int, what: str) -> int:
        if name not in table:
            first = sum(length for _, length in table.values())
            if first + size > depth:
                raise AssemblyError(f"{self.config.name}: the program needs more than the core's {depth} {what}")
            table[name] = (first, size)
        return table[name][0]

    # instructions -------------------------------------------------------------------------------------------------

    def entry(self, name: str) -> None:
        """Mark the next instruction as an entry point."""
        self.entries[name] = len(self.instructions)

    def emit(self, op: Op, comment: str = "", /, **fields: int) -> None:
        """Append one instruction."""
        unknown = set(fields) - set(USED_FIELDS[op])
        if unknown:
            raise AssemblyError(f"{op.name} has no field {', '.join(sorted(unknown))}")
        self.instructions.append(Instruction(op, **fields))
        self.comments.append(comment)

    def jump_here(self, branch: int) -> None:
        """Make the LOOP at address ``branch`` go to the next instruction."""
        self.instructions[branch] = self.instructions[branch].but(imm=len(self.instructions))

    def zeros(self, count: int) -> int:
        """The first of ``count`` elements that the program sets to zero here."""
        first, register = self.elements("zeros", count), self.constant("zero", 0.0)
        for i in range(count):
            self.emit(Op.STE, "0", s=register, e=first + i)
        return first

    def constant(self, name: str, value: float) -> int:
        """Load a constant into the scalar register called ``name``; returns the register."""
        register = self.scalar(name)
        self.emit(Op.LDI, f"{name} = {value:g}", d=register, imm=scalar_from_float(value))
        return register

    def compute(self, op: Op, result: str, a: str, b: str | None = None) -> int:
        """``result = op(a, b)`` on scalar registers by name; returns the result's register."""
        register = self.scalar(result)
        operands = {"s": self.scalar(a)} | ({"p1": self.scalar(b)} if b is not None else {})
        self.emit(op, f"{result} = {op.name.lower()}({a}{', ' + b if b else ''})", d=register, **operands)
        return register

    def rows(self, matrix: Matrix, e: int, vector: int, scale: int, comment: str, add: bool = False) -> None:
        """ROWS: a matrix-vector product along the lanes, one element of E for each input of ``matrix``."""
        self.emit(
            Op.ROWS,
            comment,
            init=int(not add),
            s=scale,
            row=matrix.base,
            n=matrix.inputs,
            p1=vector,
            e=e,
            tiles=matrix.tiles,
            imm=matrix.inputs,
        )

    # checks -------------------------------------------------------------------------------------------------------

    def assemble(self) -> Program:
        """The checked program.

        Raises
        ------
        AssemblyError
            If it is too long, a field does not fit, an address can leave its memory, an accumulation can overflow, or
            a program does not initialise the accumulators.
        """
        if len(self.instructions) > self.config.program:
            raise AssemblyError(
                f"{self.config.name}: the program has {len(self.instructions)} instructions,"
                f" the program memory holds {self.config.program}"
            )
        limits = dict(self._indexes.values()) | {0: 1}
        room: float = -1
        # A compact core may come back to these from products that are in the accumulators.
        returns = {word.imm for word in self.instructions if word.op is Op.LOOP and self.config.compact}
        for address, instruction in enumerate(self.instructions):
            try:
                room = -1 if address in returns else room
                instruction.encode()
                _check_bounds(self.config, instruction, limits, len(self.instructions))
                check_compact(self.config, instruction)
                room = _accumulator_room(self.config, instruction, room)
            except ValueError as error:
                raise AssemblyError(f"instruction {address} ({self.comments[address]}): {error}") from error
            if address + 1 in self.entries.values():
                room = -1
        if not self.instructions or self.instructions[-1].op not in (Op.END, Op.LOOP):
            raise AssemblyError("a program must end with END")
        return Program(self.config, tuple(self.instructions), tuple(self.comments), dict(self.entries), self.map)


def _check_bounds(config: CoreConfig, word: Instruction, limits: dict[int, int], length: int) -> None:
    """Raise ValueError if any address that the instruction can form is outside its memory."""
    used = USED_FIELDS[word.op]
    spans: list[tuple[str, int, int]] = []
    extra = limits.get(word.ri, 1 << 20) - 1 if "ri" in used else 0
    inputs = min(word.n, config.inputs) if word.op in (Op.MAC, Op.UPD) and word.source == Source.SAMPLE else word.n
    if word.op is Op.ROWS:
        spans.append(("row", word.row + extra + (word.tiles - 1) * word.imm + word.n, config.rows))
    elif word.op in (Op.MAC, Op.UPD):
        spans.append(("row", word.row + extra + inputs, config.rows))
    elif word.op in (Op.LMAC, Op.LUPD):
        spans.append(("row", word.row + extra + config.group, config.rows))
    tiles = word.tiles if word.op in (Op.RED, Op.DOT, Op.ROWS) else 1
    if word.op.is_vector and "p1" in used:
        spans.append(("p1", word.p1 + limits.get(word.p1i, 1 << 20) - 1 + tiles, config.vectors))
    scans = word.op in (Op.MAC, Op.UPD)
    if word.op.is_vector and "p2" in used and not (scans and word.source != Source.VECTOR):
        words = config.tiles(word.n) if scans else tiles
        spans.append(("p2", word.p2 + limits.get(word.p2i, 1 << 20) - 1 + words, config.vectors))
    if "e" in used and not (scans and word.source not in (Source.ELEMENTS, Source.RESIDUAL)):
        count = word.n if "n" in used else 1 + extra
        spans.append(("e", word.e + count, config.elements))
    if word.op is Op.SCAT:
        spans.append(("n", word.n, config.lanes))
    if word.op is Op.LOOP:
        spans.append(("imm", word.imm + 1, length))
    if word.op in (Op.BEST,) and word.p1 >= SCALAR_REGISTERS:
        raise ValueError(f"p1 must be a scalar register, not {word.p1}")
    if ("n" in used and word.n < 1) or ("tiles" in used and word.tiles < 1):
        raise ValueError("n and tiles must be at least 1")
    if word.op is Op.LDI and word.imm and not word.imm & 0x8000:
        raise ValueError(f"LDI: {word.imm:#x} is no scalar, its magnitude is not normalised")
    for name, end, depth in spans:
        if end > depth:
            raise ValueError(f"{word.op.name}: {name} reaches {end - 1}, the last is {depth - 1}")


def _accumulator_room(config: CoreConfig, word: Instruction, room: float) -> float:
    """Products that may still be added before the accumulators could overflow; -1 while they are not initialised."""
    excess = config.operand_bits - 15
    costs = {  # in units of one weight x operand product, whose size is below 2^(2 + excess)
        Op.MAC: word.n,
        Op.MACV: 4,
        Op.MACVV: max(1, 2 ** (6 - excess)),
        Op.NOISE: 1,
        Op.SCAT: 1,
        Op.LMAC: config.group * max(1, 2 ** (4 - excess)),
    }
    if word.op is Op.ST and room < 0:
        raise ValueError("ST of accumulators that the program has not initialised")
    if word.op not in costs:
        # The multipliers of a compact core make other products in the same accumulators.
        spoils = config.compact and word.op in (Op.UPD, Op.RED, Op.ROWS)
        return -1 if spoils else room
    if word.init:
        room = config.max_terms
    elif room < 0:
        raise ValueError(f"{word.op.name} adds to accumulators that the program has not initialised")
    room -= costs[word.op]
    if room < 0:
        raise ValueError(f"{word.op.name}: more than {config.max_terms} products in one accumulation could overflow")
    return room
