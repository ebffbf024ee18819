"""The processor's program: runs instructions of :mod:`onward.hw.spec.isa`, and serves the host between runs.

An instruction comes from the host as eight words of 16 bits and is kept in another form, made once when it is loaded::

    0  address of the code that executes it     4  first word of the list memory, or scalar b
    1  row, or immediate                        5  scalar s
    2  elements                                 6  index register ri, or destination
    3  mode of the stream unit, or              7  vector register word, or index register ri
       upper bits of the immediate

Registers are named by the addresses of their data words; the lowest bit of word 5 chooses the fine shift of a stream's
scalar. LDI has the register's sign and shift in word 3, ROWS has its stride in the upper byte of word 6 and the tiles
in the lower one.
"""

from __future__ import annotations

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT
from onward.hw.spec.isa import FIELDS, INDEX_REGISTERS, SCALAR_REGISTERS, Op, Source

from .firmware_scalar import ScalarCode
from .layout import Word
from .microcode import Code, In, MicroOp, Out, Status
from .stream_unit import Elements, StreamMode

__all__ = ["build_firmware"]


class Pulse:
    """Bits of port CONTROL."""

    PROGRAM = 1
    ACCESS = 2
    SEED = 4
    START = 8
    END = 16


def _mode(**values: int) -> int:
    """A :data:`StreamMode` as a number."""
    return int(StreamMode.const(values).as_value().value)  # type: ignore[attr-defined]


class Firmware(ScalarCode):
    """Emits everything; one method a part."""

    def __init__(self, config: CoreConfig) -> None:
        super().__init__(Code(), config)

    # words of the instruction at work -----------------------------------------------------------------------------

    def word(self, number: int) -> None:
        """A = word ``number``; words from 4 on are there after :meth:`more`."""
        self.code.read(In.ROW + number % self.config.lanes)

    def more(self) -> None:
        """Reads the second half, which is there in the next cycle."""
        self.code.out(Out.READ_ROW)

    def next(self) -> None:
        """The next instruction; its code is there 4 cycles later."""
        self.code.out(Out.READ_ROW)
        self.code.op(MicroOp.GO)

    def next_behind_stream(self) -> None:
        """The next instruction, as soon as the stream or walk does not need the row memory any more.

        Streams and walks end while it is fetched: 4 cycles after the row memory is free a product still needs its
        mode, and 5 cycles after its start a walk its place in the list memory.
        """
        self.wait(MicroOp.JM)
        self.next()

    def wait(self, op: MicroOp = MicroOp.JW) -> None:
        """Until the stream unit rests."""
        label = self.code.fresh("wait")
        self.code.label(label)
        self.code.jump(label, op)

    # lanes --------------------------------------------------------------------------------------------------------

    def streams(self) -> None:
        """The most frequent code."""
        code = self.code
        code.label("walk")
        code.out(Out.LOAD_FIRST)
        code.out(Out.LOAD_SECOND)
        code.out(Out.START_LOADED)
        self.next_behind_stream()

        code.label("stream at")
        code.out(Out.LOAD_FIRST)
        self.word(Word.INDEX)
        code.out(Out.X)
        code.indirect(MicroOp.LD, 0)
        code.out(Out.ADD_FIRST)
        code.jump("stream.second")
        code.label("stream")
        code.out(Out.LOAD_FIRST)
        code.label("stream.second")
        code.out(Out.LOAD_SECOND)
        # X is the scalar; its lowest bit chooses the fine shift instead of the coarse one.
        code.indirect(MicroOp.LD, 2)
        code.out(Out.SHIFT)
        code.indirect(MicroOp.LD, 0)
        code.out(Out.START_LOADED)
        self.next_behind_stream()

    def sums(self) -> None:
        code = self.code
        code.label("reduce")
        self.word(Word.COUNT)
        code.out(Out.COUNT)
        self.more()
        self.word(Word.VECTOR)
        code.out(Out.WORD)
        both = {"vector_first": 1, "vector_second": 1}
        code.put(Out.START, _mode(elements=Elements.ONE, clear=1, steps=1, **both))
        self.add_lanes()
        self.wait()
        code.ld(16 - 2 * ELEMENT.fraction)
        code.call("float total")
        code.jump("give")

        code.label("rows")
        self.word(Word.ROW)
        code.st("row")
        self.word(Word.COUNT)
        code.st("n")
        self.word(Word.MODE)
        code.st("mode")
        self.more()
        code.out(Out.LOAD_SECOND)
        self.take("a")
        code.add(ELEMENT.fraction + 16)
        code.st("scale")
        self.word(Word.INDEX)
        code.st("d")
        self.shift_right(8)
        code.out(Out.STRIDE)
        code.ld("d")
        code.and_(0xFF)
        code.st("d")
        self.word(Word.VECTOR)
        code.st("word")
        self.begin_row()
        # While a row is summed up, the sum of the one before becomes an element.
        code.label("rows.next")
        self.add_lanes()
        code.ld("n")
        code.sub(1)
        code.st("n")
        self.wait()
        code.ld("n")
        code.jump("rows.last", MicroOp.JZ)
        self.begin_row()
        code.label("rows.last")
        code.ld(16 - self.config.weight.fraction - ELEMENT.fraction)
        code.call("float total")
        # The element's magnitude is the product without its lower half, shifted right by -(re + scale). Where that is
        # not from 1 to 16, or the element too large, the routines for all scalars take over.
        code.out(Out.LEFT)
        code.put(Out.RIGHT, "am")
        self.product(In.PRODUCT_HIGH)
        code.out(Out.RIGHT)
        code.ld("re")
        code.add("scale")
        code.out(Out.POWER)
        code.xor(0xFFFF)
        code.and_(0xFFF0)
        code.jump("rows.range", MicroOp.JNZ)
        self.rounded_product()
        code.jump("rows.range", MicroOp.JN)
        code.st("t")
        code.ld("rs")
        code.xor("as")
        code.jump("rows.positive", MicroOp.JNN)
        code.ld(0)
        code.sub("t")
        code.st("t")
        code.label("rows.positive")
        code.ld("mode")
        code.jump("rows.add", MicroOp.JZ)
        code.put(Out.LIST_WRITE, "t")
        code.label("rows.done")
        code.ld("n")
        code.jump("rows.next", MicroOp.JNZ)
        code.put(Out.STRIDE, 1)
        self.next()
        code.label("rows.add")
        code.ld("t")
        code.call("element add")
        code.jump("rows.done")
        code.label("rows.range")
        self.result_becomes("b")
        code.call("multiply")
        code.call("fix")
        code.st("t")
        code.jump("rows.positive")

    def begin_row(self) -> None:
        """Starts the stream of a row's sum."""
        code = self.code
        code.put(Out.FIRST, "row")
        code.add(1)
        code.st("row")
        code.put(Out.COUNT, "d")
        code.put(Out.WORD, "word")
        code.put(Out.START, _mode(elements=Elements.ONE, vector_second=1, clear=1, steps=1))

    def add_lanes(self) -> None:
        """Starts the sum over the lanes, when the stream has ended."""
        self.wait()
        self.code.put(Out.COUNT, self.config.lanes)
        self.code.put(Out.START, _mode(sum=1))

    # sequencer ----------------------------------------------------------------------------------------------------

    def control(self) -> None:
        code = self.code
        code.label("seti")
        self.word(Word.ROW)
        code.st("t0")
        self.word(Word.MODE)
        code.st("t1")
        self.more()
        code.label("set index")
        self.word(Word.DESTINATION)
        code.out(Out.X)
        code.label("set index x")
        code.ld("t1")
        code.and_(0xF)
        code.indirect(MicroOp.ST, 1)
        code.ld("t0")
        code.indirect(MicroOp.ST, 0)
        code.ld(0)
        code.emit(MicroOp.ST, self.indexes)
        code.emit(MicroOp.ST, self.indexes + 1)
        self.next()

        code.label("addi")
        self.word(Word.ROW)
        code.st("t0")
        self.word(Word.MODE)
        code.st("t1")
        self.more()
        self.word(Word.VECTOR)
        code.out(Out.X)
        code.ld("t0")
        code.indirect(MicroOp.ADD, 0)
        code.st("t0")
        code.ld("t1")
        code.indirect(MicroOp.ADC, 1)
        code.st("t1")
        code.jump("set index")

        code.label("lab")
        code.read(In.SAMPLE_LABEL)
        code.st("t0")
        code.ld(0)
        code.st("t1")
        self.more()
        code.jump("set index")

        code.label("loop")
        self.word(Word.ROW)
        code.st("row")
        self.more()
        self.word(Word.DESTINATION)
        code.out(Out.X)
        code.op(MicroOp.NOP)
        code.indirect(MicroOp.LD, 0)
        code.sub(1)
        code.st("t0")
        code.indirect(MicroOp.LD, 1)
        code.sbc(0)
        code.and_(0xF)
        code.st("t1")
        code.or_("t0")
        code.jump("loop.ends", MicroOp.JZ)
        code.ld("row")
        self.address()
        code.out(Out.ROW)
        # index 0 as a counter: the golden model decides before it is set back to 0
        code.label("loop.ends")
        code.jump("set index x")

        code.label("end")
        self.wait()
        code.put(Out.CONTROL, Pulse.END)
        code.label("idle")
        code.put(Out.STRIDE, 1)
        code.label("serve")
        code.read(In.STATUS)
        for label in ("program", "access", "seed", "run", "run"):  # in the order of Status
            code.shr()
            code.jump(label, MicroOp.JC)
        code.jump("serve")

        code.label("run")
        code.read(In.ENTRY)
        self.address()
        code.out(Out.ROW)
        # A new sample has a new sum of squares, which the next one will overwrite; so has the empty one after a reset.
        code.read(In.STATUS)
        code.and_(1 << Status.NORM)
        code.jump("run.again", MicroOp.JZ)
        for port, name in ((In.NORM_LOW, "norm0"), (In.NORM_HIGH, "norm1")):
            code.read(port)
            code.st(name)
        code.label("run.again")
        code.put(Out.CONTROL, Pulse.START)
        self.next()

    def address(self) -> None:
        """A = word of the row memory where instruction A is."""
        self.code.shl()  # two words each
        self.code.add(self.config.rows)

    # host ---------------------------------------------------------------------------------------------------------

    def host(self) -> None:
        code, lanes = self.code, self.config.lanes
        buffer = code.reserve("buffer", lanes, align=lanes)
        code.label("seed")
        low, high = self.generator_constant & 0xFFFF, self.generator_constant >> 16
        code.read(In.SEED_LOW)
        code.xor(low)
        code.or_(1)
        code.st("g0")
        code.read(In.SEED_HIGH)
        code.xor(high)
        code.st("g1")
        code.put(Out.CONTROL, Pulse.SEED)
        code.jump("serve")

        code.label("access")
        code.read(In.ACCESS)
        code.st("t0")
        code.shr(4)
        code.st("n")
        code.ld("t0")
        code.and_(3)
        code.jump("load lane", MicroOp.JZ)
        code.sub(1)
        code.jump("store row", MicroOp.JZ)
        code.st("t1")
        code.read(In.STATUS)
        code.and_(1 << Status.ANSWER_FULL)
        code.jump("access", MicroOp.JNZ)
        code.read(In.ACCESS_ROW)
        code.out(Out.ROW)
        code.ld("t1")
        code.sub(1)
        code.jump("read weight", MicroOp.JZ)
        code.read(In.ACCESS_ROW)
        code.shl(lanes.bit_length() - 1)
        code.or_("n")
        code.out(Out.LIST)
        code.op(MicroOp.NOP)
        code.read(In.LIST)
        code.jump("answer")
        code.label("read weight")
        code.out(Out.READ_ROW)
        for lane in range(lanes):
            code.ld("n")
            code.sub(lane)
            code.jump(f"lane {lane}", MicroOp.JZ)
        for lane in range(lanes):
            code.label(f"lane {lane}")
            code.read(In.ROW + lane)
            if lane < lanes - 1:
                code.jump("answer")
        code.label("answer")
        code.out(Out.ANSWER)
        code.label("access done")
        code.put(Out.CONTROL, Pulse.ACCESS)
        code.jump("serve")

        code.label("load lane")
        code.ld("n")
        code.or_(buffer)
        code.out(Out.X)
        code.read(In.ACCESS_VALUE)
        code.indirect(MicroOp.ST)
        code.jump("access done")
        code.label("store row")
        code.read(In.ACCESS_ROW)
        code.out(Out.ROW)
        for lane in range(lanes):
            code.put(Out.LANES, 1 << lane)
            code.emit(MicroOp.LD, buffer + lane)
            code.out(Out.ROW_WRITE)
        code.jump("access done")

    # loading a program --------------------------------------------------------------------------------------------

    def field(self, name: str) -> None:
        """A = that field of the instruction which the host has sent, its lower 16 bits."""
        code = self.code
        lowest, bits = FIELDS[name]
        first, shift = divmod(lowest, 16)
        bits = min(bits, 16)
        if shift < 3:
            code.ld(f"h{first}")
            code.shr(shift)
        else:
            code.put(Out.POWER, 16 - shift)
            code.ld(f"h{first}")
            code.call("shifted")
        if shift + bits > 16:
            code.st("f")
            code.put(Out.RIGHT, f"h{first + 1}")
            self.product(In.PRODUCT_LOW)
            code.or_("f")
        if bits < 16 and shift + bits != 16:
            code.and_((1 << bits) - 1)

    def scalar_address(self, field: str) -> None:
        self.field(field)
        if FIELDS[field][1] > 5:
            self.code.and_(SCALAR_REGISTERS - 1)
        self.code.shl(2)
        self.code.add(self.scalars)

    def index_address(self, field: str) -> None:
        self.field(field)
        if FIELDS[field][1] > 3:
            self.code.and_(INDEX_REGISTERS - 1)
        self.code.shl()
        self.code.add(self.indexes)

    def load(self) -> None:
        """Turns an instruction into the words of this module's docstring."""
        code, config, lanes = self.code, self.config, self.config.lanes
        tables = self.dispatch
        words, given = (code.reserve(name, 8, align=8) for name in ("words", "given"))
        for number in range(8):
            code.names[f"w{number}"] = words + number
            code.names[f"h{number}"] = given + number
        for op, (handler, mode) in self.handlers().items():
            code.initial[tables + op] = handler
            code.initial[tables + 64 + op] = mode
        elements = config.vectors * config.lanes
        lane_shift = config.lanes.bit_length() - 1

        code.label("program")
        code.read(In.PROGRAM_ADDRESS)
        self.address()
        code.st("at")
        code.ld(0)
        code.label("load.given")
        code.st("n")
        code.or_(given)
        code.out(Out.X)
        code.read(In.PROGRAM_WORD)
        code.indirect(MicroOp.ST)
        code.ld("n")
        code.sub(7)
        code.jump("load.all", MicroOp.JZ)  # the last one stays until the instruction has been dealt with
        code.put(Out.CONTROL, Pulse.PROGRAM)
        code.label("load.wait")
        code.read(In.STATUS)
        code.shr()
        code.jump("load.wait", MicroOp.JNC)
        code.ld("n")
        code.add(1)
        code.jump("load.given")
        code.label("load.all")
        self.field("op")
        code.st("op")
        code.or_(tables)
        code.out(Out.X)
        code.op(MicroOp.NOP)
        code.indirect(MicroOp.LD)
        code.st("w0")
        code.indirect(MicroOp.LD, 64)
        code.st("w3")
        self.field("n")
        code.st("w2")
        self.scalar_address("s")
        code.st("w5")
        self.field("e")
        code.add(elements)
        code.st("w4")
        self.field("tiles")
        code.st("tiles")
        self.field("imm")
        code.st("w1")
        code.ld("op")
        code.sub(int(Op.LDI))
        code.jump("load.other", MicroOp.JC)

        # lanes
        self.index_address("ri")
        code.st("w6")
        self.field("p1")
        code.st("w7")
        code.ld("h0")
        code.and_(1 << FIELDS["init"][0])
        code.jump("load.kept", MicroOp.JZ)
        code.ld(_mode(clear=1, half=1))
        code.or_("w3")
        code.st("w3")
        code.label("load.kept")
        code.ld("w1")
        code.st("imm")
        self.field("row")
        code.st("w1")
        code.ld("h0")
        code.and_(1 << FIELDS["neg"][0])
        code.shl(2)
        code.or_("w3")
        code.st("w3")
        code.ld("op")
        code.sub(int(Op.MAC))
        code.jump("load.stream", MicroOp.JZ)
        code.sub(int(Op.UPD - Op.MAC))
        code.jump("load.stream", MicroOp.JZ)
        code.sub(int(Op.RED - Op.UPD))
        code.jump("load.red", MicroOp.JZ)
        code.sub(int(Op.ROWS - Op.RED))
        code.jump("load.rows", MicroOp.JZ)
        # MACV: four times; ST: the lanes
        code.ld(4)
        code.st("w2")
        code.ld("op")
        code.sub(int(Op.ST))
        code.jump("load.place", MicroOp.JNZ)
        code.ld(config.lanes)
        code.st("w2")
        code.ld("w7")
        code.shl(lane_shift)
        code.st("w4")
        code.ld("h0")
        code.and_(1 << FIELDS["store"][0])  # relu has the same place in a mode
        code.or_("w3")
        code.st("w3")
        code.jump("load.place")

        code.label("load.red")
        code.ld("tiles")
        code.st("w2")
        self.scalar_address("d")
        code.st("w6")
        code.jump("load.place")

        code.label("load.rows")
        code.ld("imm")
        self.shift_left(8)
        code.or_("tiles")
        code.st("w6")
        code.jump("load.place")

        code.label("load.stream")
        self.field("source")
        code.jump("load.fine", MicroOp.JZ)
        code.sub(int(Source.VECTOR))
        code.jump("load.vector", MicroOp.JZ)
        code.sub(int(Source.ELEMENTS - Source.VECTOR))
        code.jump("load.list", MicroOp.JZ)
        code.ld("w3")
        code.or_(_mode(elements=Elements.ONE))
        code.st("w3")
        code.jump("load.fine")
        code.label("load.vector")
        self.field("p2")
        code.shl(lane_shift)
        code.st("w4")
        code.label("load.list")
        code.ld("w3")
        code.or_(_mode(elements=Elements.LIST))
        code.st("w3")
        code.label("load.fine")
        self.field("ri")
        code.jump("load.at", MicroOp.JNZ)
        code.ld(code.address("stream"))
        code.st("w0")
        code.label("load.at")
        code.ld("h0")
        code.and_(1 << FIELDS["fine"][0])
        code.jump("load.place", MicroOp.JZ)
        code.ld("w3")
        code.or_(_mode(fine=1))
        code.st("w3")
        code.ld("w5")
        code.or_(1)
        code.st("w5")
        code.jump("load.place")

        # all others
        code.label("load.other")
        code.ld("h7")
        code.shr(4)
        code.and_(0x1FF)
        code.st("w3")
        code.ld("op")
        code.sub(int(Op.LDI))
        code.jump("load.constant", MicroOp.JZ)
        code.label("load.register")
        self.index_address("ri")
        code.st("w7")
        self.index_address("d")
        code.st("w6")
        code.ld("op")
        code.sub(int(Op.SETI))
        code.jump("load.place", MicroOp.JC)
        for op in (Op.AMAX, Op.DRAW):
            code.ld("op")
            code.sub(int(op))
            code.jump("load.place", MicroOp.JZ)
        code.ld("op")
        code.sub(int(Op.BEST))
        code.jump("load.two", MicroOp.JZ)
        self.scalar_address("d")
        code.st("w6")
        code.ld("op")
        code.sub(int(Op.RSQ))
        code.jump("load.place", MicroOp.JC)
        code.label("load.two")
        self.scalar_address("p1")
        code.st("w4")
        code.jump("load.place")

        # LDI: sign and shift as a register has them, of zero those of 1
        code.label("load.constant")
        code.ld("w1")
        code.jump("load.zero", MicroOp.JZ)
        code.ld("w3")
        code.and_(0xFF)
        code.xor(0x80)
        code.st("t")
        code.ld("w3")
        code.and_(0x100)
        self.shift_left(7)
        code.add(self.zero_shift + 0x80)
        code.sub("t")
        code.st("w3")
        code.jump("load.register")
        code.label("load.zero")
        code.ld(self.zero_shift)
        code.st("w3")
        code.jump("load.register")

        code.label("load.place")
        code.ld(0)
        code.st("w")
        code.label("load.word")
        code.put(Out.ROW, "at")
        code.add(1)
        code.st("at")
        code.ld(1)
        code.st("lane")
        code.label("load.lane")
        code.ld("lane")
        code.out(Out.LANES)
        code.shl()
        code.st("lane")
        code.ld("w")
        code.or_(words)
        code.out(Out.X)
        code.add(1)
        code.and_(7)
        code.st("w")
        code.indirect(MicroOp.LD)
        code.out(Out.ROW_WRITE)
        code.ld("lane")
        code.and_(1 << lanes)
        code.jump("load.lane", MicroOp.JZ)
        code.ld("w")
        code.jump("load.word", MicroOp.JNZ)
        code.put(Out.CONTROL, Pulse.PROGRAM)
        code.jump("serve")

        # A = A >> n, where 2^(16 - n) is the other factor
        code.label("shifted")
        code.out(Out.RIGHT)
        self.product(In.PRODUCT_HIGH)
        code.ret()

    @staticmethod
    def handlers() -> dict[Op, tuple[str, int]]:
        """Code that executes an operation, and the mode that it starts the stream unit in, before flags are added."""
        table = {
            Op.MAC: ("stream at", 0),
            Op.UPD: ("stream at", _mode(vector_first=1, update=1)),
            Op.MACV: ("stream", _mode(elements=Elements.ONE, vector_first=1)),
            Op.ST: ("walk", _mode(store=1)),
            Op.RED: ("reduce", 0),
            Op.ROWS: ("rows", 0),
        }
        others = (
            *(
                Op.LDI,
                Op.MUL,
                Op.ADD,
                Op.SUB,
                Op.RSQ,
                Op.SIG,
                Op.EXP,
                Op.REC,
                Op.XN,
                Op.SMAX,
                Op.EADD,
                Op.DRAW,
                Op.AMAX,
            ),
            *(Op.STE, Op.LDE, Op.BEST, Op.OUTS, Op.OUTI, Op.OUTE, Op.SETI, Op.ADDI, Op.LAB, Op.LOOP, Op.END),
        )
        return table | {op: (op.name.lower(), 0) for op in others}


def build_firmware(config: CoreConfig) -> Code:
    """The whole program of the processor for this core."""
    firmware = Firmware(config)
    firmware.code.jump("idle")
    firmware.streams()
    firmware.sums()
    firmware.control()
    firmware.scalar_instructions()
    firmware.arithmetic()
    firmware.host()
    firmware.load()
    return firmware.code
