"""Random programs within all bounds: what golden model, simulators and boards are compared on."""

from __future__ import annotations

import random
from collections.abc import Callable

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import INDEX_BITS, INDEX_REGISTERS, SCALAR_REGISTERS, Op, Source, Store
from onward.hw.spec.limits import COMPACT_LANE_OPS

from .assembler import Assembler, Program

__all__ = ["random_program"]

_SCALARS = 8
_INDEXES = 4


class _Writer:
    """Emits one random instruction at a time."""

    def __init__(self, config: CoreConfig, rng: random.Random) -> None:
        self.config, self.rng = config, rng
        self.asm = Assembler(config)
        # Any registers, not always the first.
        for number in range(rng.randrange(INDEX_REGISTERS - _INDEXES)):
            self.asm.index(f"unused {number}", 1)
        self.label = self.asm.index("label", config.classes)
        self.drawn = self.asm.index("drawn", config.classes)
        self.counter = self.asm.index("counter", 4)
        self.any_index = self.asm.index("any", 1 << INDEX_BITS)
        self.span = min(config.classes, config.elements // 2)
        first = rng.randrange(SCALAR_REGISTERS - _SCALARS + 1)
        self.scalars = range(first, first + _SCALARS)
        for number in range(self.scalars.stop):
            self.asm.scalar(f"s{number}")
        self.initialised = False
        self.room = 0

    def scalar(self) -> int:
        return self.rng.choice(self.scalars)

    def vector(self, words: int = 1) -> int:
        return self.rng.randrange(self.config.vectors - words + 1)

    def index(self) -> int:
        return self.rng.choice((0, 0, self.label, self.drawn))

    def rows(self, count: int) -> int:
        return self.rng.randrange(self.config.rows - count - self.config.classes + 1)

    def elements(self, count: int) -> int:
        return self.rng.randrange(self.config.elements - count - self.config.classes + 1)

    def tiles(self) -> int:
        """A few; now and then as many as there are words."""
        return self.rng.randint(1, min(self.rng.choice((3, 3, 3, 3, 256)), self.config.vectors, 256))

    def init(self, terms: int) -> int:
        """Whether the instruction must clear the accumulators, or happens to."""
        clear = self.room < terms or self.rng.random() < 0.2
        self.room = (self.config.max_terms if clear else self.room) - terms
        self.initialised = True
        return int(clear)

    def spoil(self) -> None:
        """In a compact core an instruction that multiplies leaves its products in the accumulators."""
        if self.config.compact:
            self.initialised, self.room = False, 0

    def stream(self, op: Op) -> None:
        """MAC or UPD of a random source."""
        rng, config = self.rng, self.config
        source = rng.choice([source for source in Source if not (config.compact and source is Source.RESIDUAL)])
        limit = {Source.SAMPLE: config.inputs, Source.CONST: 4, Source.ELEMENTS: self.span}
        # Often fewer elements than pixels, sometimes more.
        limit[Source.RESIDUAL] = min(config.inputs + 2, config.elements - config.classes, config.rows // 4)
        n = rng.randint(1, limit.get(source, min(2 * config.lanes, config.rows // 4)))
        if config.compact and source is Source.SAMPLE:
            n = config.inputs
        fields = {"source": source, "s": self.scalar(), "row": self.rows(n), "ri": self.index(), "n": n}
        fields["neg"] = rng.randrange(2)
        if source == Source.VECTOR:
            fields["p2"] = self.vector(config.tiles(n))
        elif source in (Source.ELEMENTS, Source.RESIDUAL):
            fields["e"] = self.elements(n)
        if source == Source.RESIDUAL:
            self.draw_pixel(fields["e"] + rng.randrange(n))
        if op is Op.MAC:
            fields["init"] = self.init(n)
        else:
            fields |= {"fine": rng.randrange(2), "p1": self.vector()}
            self.spoil()
        self.asm.emit(op, **fields)

    def draw_pixel(self, e: int) -> None:
        """Set an element to what a pixel may be, or to a little less or more: what others leave there seldom is."""
        number = self.scalar()
        self.asm.constant(f"s{number}", self.rng.randint(-20, 275) / 256)
        self.asm.emit(Op.STE, s=number, e=e)

    def reduce(self, op: Op) -> None:
        tiles = self.tiles()
        fields = {"d": self.scalar(), "p1": self.vector(tiles), "tiles": tiles}
        if op is Op.DOT:
            fields["p2"] = self.vector(tiles)
        self.spoil()
        self.asm.emit(op, **fields)

    def reduce_rows(self, op: Op) -> None:
        rng = self.rng
        stride, n = rng.randint(1, 4), rng.randint(1, self.span)
        tiles = min(self.tiles(), 1 + (self.config.rows - n - self.config.classes) // stride)
        fields = {"tiles": tiles, "n": n, "imm": stride, "row": self.rows((tiles - 1) * stride + n)}
        fields |= {"s": self.scalar(), "p1": self.vector(tiles), "e": self.elements(n), "init": rng.randrange(2)}
        self.spoil()
        self.asm.emit(op, **fields)

    def vectorial(self, op: Op) -> None:
        """The instructions of one word."""
        rng, config = self.rng, self.config
        if op is Op.ST:
            if self.initialised:
                stores = [store for store in Store if not (config.compact and store is Store.STEP)]
                self.asm.emit(op, store=rng.choice(stores), p1=self.vector())
            return
        if op is Op.LUPD:
            fields = {"row": self.rows(config.group), "p1": self.vector(), "p2": self.vector()}
            self.asm.emit(op, **fields)
            return
        terms = {Op.MACVV: 32, Op.LMAC: 8 * config.group}.get(op, 4)
        fields = {"init": self.init(terms)}
        if op in (Op.MACV, Op.NOISE, Op.SCAT):
            fields["s"] = self.scalar()
        if op in (Op.MACV, Op.MACVV):
            fields["p1"] = self.vector()
        if op in (Op.MACVV, Op.LMAC):
            fields["p2"] = self.vector()
        if op is Op.LMAC:
            fields["row"] = self.rows(config.group)
        if op is Op.SCAT:
            fields["n"] = rng.randint(1, min(config.lanes, self.span))
            fields["e"] = self.elements(fields["n"])
        self.asm.emit(op, **fields)

    def constant(self, op: Op) -> None:
        magnitude = 2.0 ** self.rng.uniform(-12, 3)
        self.asm.constant(f"s{self.scalar()}", self.rng.choice((-1, 1)) * magnitude)

    def arithmetic(self, op: Op) -> None:
        fields = {"d": self.scalar()}
        if op is not Op.XN:
            fields["s"] = self.scalar()
        if op in (Op.MUL, Op.ADD, Op.SUB):
            fields["p1"] = self.scalar()
        if op is Op.BEST:
            fields = {"d": self.drawn, "s": self.scalar(), "p1": self.scalar(), "ri": self.label}
        self.asm.emit(op, **fields)

    def elementary(self, op: Op) -> None:
        """Scalar instructions on elements."""
        rng = self.rng
        n = rng.randint(1, self.span)
        fields = {"e": self.elements(n)}
        if op in (Op.SMAX, Op.AMAX, Op.DRAW, Op.OUTE):
            fields["n"] = n
        if op in (Op.EADD, Op.STE, Op.LDE):
            fields["ri"] = self.index()
        if op is Op.EADD:
            fields["imm"] = rng.randrange(1 << 16)
        if op is Op.DRAW:
            fields |= {"d": self.drawn, "ri": rng.choice((0, self.label)), "imm": rng.randrange(1 << 10)}
        if op is Op.AMAX:
            fields["d"] = self.drawn
        if op is Op.STE:
            fields["s"] = self.scalar()
        if op is Op.LDE:
            fields["d"] = self.scalar()
        self.asm.emit(op, **fields)

    def wide(self, op: Op) -> None:
        """An index register with any number in it, that nothing else uses."""
        self.asm.emit(Op.SETI, d=self.any_index, imm=self.rng.getrandbits(INDEX_BITS))
        self.asm.emit(op, d=self.any_index, ri=self.any_index, imm=self.rng.getrandbits(INDEX_BITS))
        self.asm.emit(Op.OUTI, ri=self.any_index)

    def output(self, op: Op) -> None:
        self.asm.emit(op, **({"s": self.scalar()} if op is Op.OUTS else {"ri": self.index()}))

    def loop(self, op: Op) -> None:
        self.asm.emit(Op.SETI, d=self.counter, imm=self.rng.randint(1, 3))
        start = len(self.asm.instructions)
        for _ in range(self.rng.randint(1, 4)):
            # Each turn starts from cleared accumulators, so that the number of turns does not count.
            self.room = 0
            self.spoil()
            self.any(loops=False)
        self.asm.emit(Op.LOOP, d=self.counter, imm=start)

    def any(self, loops: bool = True) -> None:
        """One instruction (or loop) of any kind."""
        kinds: list[tuple[Callable[[Op], None], tuple[Op, ...]]] = [
            (self.stream, (Op.MAC, Op.UPD)),
            (self.reduce, (Op.RED, Op.DOT)),
            (self.reduce_rows, (Op.ROWS,)),
            (self.vectorial, (Op.ST, Op.ST, Op.MACV, Op.MACVV, Op.NOISE, Op.SCAT, Op.LMAC, Op.LUPD)),
            (self.constant, (Op.LDI,)),
            (self.arithmetic, (Op.MUL, Op.ADD, Op.SUB, Op.RSQ, Op.SIG, Op.EXP, Op.REC, Op.XN, Op.BEST)),
            (self.elementary, (Op.SMAX, Op.EADD, Op.DRAW, Op.AMAX, Op.STE, Op.LDE, Op.OUTE)),
            (self.output, (Op.OUTS, Op.OUTI)),
            (self.wide, (Op.ADDI,)),
        ]
        if loops:
            kinds.append((self.loop, (Op.LOOP,)))
        emit, ops = self.rng.choice(kinds)
        if self.config.compact:
            ops = tuple(op for op in ops if not op.is_vector or op in COMPACT_LANE_OPS)
        emit(self.rng.choice(ops))


def random_program(config: CoreConfig, seed: int, length: int = 60) -> Program:
    """A program of about ``length`` instructions with the entry ``main``; the same seed gives the same program.

    It starts by loading the label and some scalar registers, and ends by sending some of its state as results.
    """
    writer = _Writer(config, random.Random(seed))
    asm = writer.asm
    asm.entry("main")
    asm.emit(Op.LAB, d=writer.label)
    asm.emit(Op.SETI, d=writer.drawn, imm=config.classes - 1)
    for number in writer.scalars:
        asm.constant(f"s{number}", 2.0 ** writer.rng.uniform(-10, 0))
    asm.emit(Op.MACV, init=1, s=writer.scalar(), p1=writer.vector())
    writer.initialised, writer.room = True, config.max_terms - 4
    while len(asm.instructions) < length:
        writer.any()
    asm.emit(Op.OUTI, ri=writer.drawn)
    for number in writer.scalars:
        asm.emit(Op.OUTS, s=number)
    asm.emit(Op.END)
    return asm.assemble()
