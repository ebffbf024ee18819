"""The processor executes each operation as its description says."""

from typing import Any

import pytest
from amaranth.sim import Simulator

from onward.hw.compact.microcode import CODE_WORDS, Code, In, MicroOp, Out
from onward.hw.compact.processor import Processor


def run(
    code: Code,
    inputs: dict[int, int] | None = None,
    divert: bool = False,
    works: int = 0,
    uses_rows: int = 0,
    x: int = 0,
) -> list[tuple[int, int]]:
    """What the program writes to its ports, until it jumps to ``stop``; GO goes to ``target``, the stream unit works
    and uses the row memory for so many cycles, LOAD_SECOND makes X ``x``."""
    code.label("stop")
    code.jump("stop")
    dut = Processor(code.assemble(), code.data(), code.labels.get("refuge", 0))
    written = []

    async def bench(ctx: Any) -> None:
        ctx.set(dut.divert, divert)
        ctx.set(dut.target, code.labels.get("target", 0))
        ctx.set(dut.x, x)
        for cycle in range(200):
            ctx.set(dut.works, cycle < works)
            ctx.set(dut.uses_rows, cycle < uses_rows)
            ctx.set(dut.set_x, bool(ctx.get(dut.writes)) and ctx.get(dut.port) == Out.LOAD_SECOND)
            ctx.set(dut.input, (inputs or {}).get(ctx.get(dut.port), 0))
            if ctx.get(dut.writes):
                written.append((ctx.get(dut.port), ctx.get(dut.output)))
            await ctx.tick()

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return written


@pytest.mark.parametrize(
    ("op", "result", "carry"),
    [
        (MicroOp.LD, 0x1235, 0),
        (MicroOp.AND, 0x1234 & 0xF235, 0),
        (MicroOp.ADD, (0xF234 + 0x1235) & 0xFFFF, 1),
        (MicroOp.SUB, 0xF234 - 0x1235, 1),
        (MicroOp.XOR, 0xF234 ^ 0x1235, 0),
        (MicroOp.OR, 0xF234 | 0x1235, 0),
    ],
)
def test_arithmetic(op: MicroOp, result: int, carry: int) -> None:
    code = Code()
    code.ld(0)
    code.add(0)  # C = 0
    code.ld(0xF234)
    code.emit(op, code.const(0x1235))
    code.out(Out.ROW)
    code.ld(0)
    code.adc(0)
    code.out(Out.COUNT)
    expected = result if op is not MicroOp.AND else 0xF234 & 0x1235
    assert run(code) == [(Out.ROW, expected), (Out.COUNT, carry)]


def test_shifts_and_zeros() -> None:
    code = Code()
    for first, second in ((MicroOp.SHL, MicroOp.RCL), (MicroOp.SHR, MicroOp.RCR)):
        code.ld(0x8001)
        code.op(first)
        code.out(Out.ROW)
        code.op(second)
        code.out(Out.ROW)
    for value in (0, 1, 0x0800, 0xFFFF):
        code.ld(value)
        code.op(MicroOp.LZC)
        code.out(Out.COUNT)
    expected = [0x0002, 0x0005, 0x4000, 0xA000]
    zeros = [16, 15, 4, 0]
    assert run(code) == [(Out.ROW, value) for value in expected] + [(Out.COUNT, value) for value in zeros]


def test_jumps_and_calls() -> None:
    code = Code()
    code.ld(3)
    code.label("again")
    code.call("show")
    code.sub(1)
    code.jump("again", MicroOp.JNZ)
    code.jump("stop")
    code.label("show")
    code.out(Out.ROW)
    code.ret()
    assert run(code) == [(Out.ROW, 3), (Out.ROW, 2), (Out.ROW, 1)]


def test_indirect_words_and_ports() -> None:
    code = Code()
    table = code.reserve("table", 4, align=4)
    code.ld(table | 1)
    code.out(Out.X)
    code.read(In.LIST)
    code.indirect(MicroOp.ST, 2)
    code.ld(0)
    code.emit(MicroOp.LD, table + 3)
    code.out(Out.ROW)
    assert run(code, inputs={In.LIST: 77}) == [(Out.X, table | 1), (Out.ROW, 77)]


def test_a_word_written_is_read_two_operations_later() -> None:
    code = Code()
    code.ld(5)
    code.st("word")
    code.ld("word")
    code.out(Out.ROW)
    assert MicroOp.NOP in [op for op, _ in code.words]
    assert run(code) == [(Out.ROW, 5)]


def test_too_much_code() -> None:
    code = Code()
    for _ in range(CODE_WORDS + 1):
        code.op(MicroOp.NOP)
    with pytest.raises(ValueError, match=f"{CODE_WORDS + 1} code words, but the memory holds {CODE_WORDS}"):
        code.assemble()


@pytest.mark.parametrize(("divert", "written"), [(False, 1), (True, 7)])
def test_go_takes_the_target_or_the_refuge(divert: bool, written: int) -> None:
    code = Code()
    code.op(MicroOp.GO)
    code.out(Out.ROW)
    for label, value in (("target", 1), ("refuge", 7)):
        code.label(label)
        code.ld(value)
        code.out(Out.COUNT)
        code.jump("stop")
    assert run(code, divert=divert) == [(Out.COUNT, written)]


@pytest.mark.parametrize(("op", "works", "uses_rows"), [(MicroOp.JW, 9, 0), (MicroOp.JM, 0, 9)])
def test_waiting_for_the_stream_unit(op: MicroOp, works: int, uses_rows: int) -> None:
    code = Code()
    code.label("wait")
    code.ld(1)
    code.out(Out.ROW)
    code.jump("wait", op)
    code.out(Out.COUNT)
    written = run(code, works=works, uses_rows=uses_rows)
    assert written[-1] == (Out.COUNT, 1)
    # 5 cycles a round: 9 cycles are over in the third one
    assert len(written) == 3


def test_x_from_a_port() -> None:
    code = Code()
    word = code.reserve("word")
    code.initial[word] = 42
    code.out(Out.LOAD_SECOND)
    code.indirect(MicroOp.LD)
    code.out(Out.ROW)
    assert [op for op, _ in code.words].count(MicroOp.NOP) == 1
    assert run(code, x=word)[-1] == (Out.ROW, 42)


def test_a_call_returns_to_the_operation_behind_it() -> None:
    """Whatever has been executed just before: also a jump that was taken."""
    code = Code()
    code.jump("calls")
    code.label("calls")
    code.call("part")
    code.out(Out.ROW)
    code.jump("stop")
    code.label("part")
    code.ld(5)
    code.ret()
    assert run(code) == [(Out.ROW, 5)]
