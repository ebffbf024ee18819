# amaranth: UnusedElaboratable=no
"""Which replies count as refusals, seen in what the wire carries."""

from __future__ import annotations

from amaranth.sim import Simulator
from cobs import cobs
from hypothesis import given, settings
from hypothesis import strategies as st

from onward.hw.boards.reply_watch import ReplyWatch

replies = st.tuples(st.integers(0x80, 0xFF), st.integers(0, 255), st.sampled_from((0, 0, 1, 5)), st.binary(max_size=12))


def refusals(stream: bytes) -> int:
    dut = ReplyWatch()
    count = 0

    async def bench(context):
        nonlocal count
        for byte in stream:
            context.set(dut.valid, 1)
            context.set(dut.byte, byte)
            await context.tick()
            count += context.get(dut.refused)
            context.set(dut.valid, 0)
            context.set(dut.byte, 5)
            await context.tick()
            count += context.get(dut.refused)

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return count


@settings(max_examples=60, deadline=None)
@given(st.lists(replies, min_size=1, max_size=6))
def test_refusals_are_counted(messages):
    stream = b"".join(
        cobs.encode(bytes((command, sequence, status)) + rest) + b"\0" for command, sequence, status, rest in messages
    )
    assert refusals(stream) == sum(status != 0 for _, _, status, _ in messages)


def test_a_long_reply_without_zeros():
    assert refusals(cobs.encode(bytes((0x81, 7, 3)) + b"\1" * 300) + b"\0") == 1
