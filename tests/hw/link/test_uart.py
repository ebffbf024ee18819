# amaranth: UnusedElaboratable=no
"""The UART against waveforms made here."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onward.hw.link.uart import Uart

from .link_bench import Bench, collect, put, take, until

BENCHES = {divisor: Bench(Uart(divisor)) for divisor in (4, 5, 18, 27)}


async def drive(context, rx, message: bytes, bit: float, stop: int = 1, pause: int = 0) -> None:
    """Send bytes with bits of ``bit`` cycles; ``stop`` 0 leaves the line low instead of a stop bit."""
    now = 0.0
    cycles = 0
    for byte in message:
        for level in (0, *(byte >> n & 1 for n in range(8)), stop):
            context.set(rx, level)
            now += bit
            while cycles < round(now):
                await context.tick()
                cycles += 1
    context.set(rx, 1)
    for _ in range(pause):
        await context.tick()


def receive(divisor: int, *parts: tuple) -> bytes:
    """What arrives of the parts (message, bit, stop, pause)."""
    dut = BENCHES[divisor].dut
    seen: list[int] = []

    async def main(context):
        for _ in range(5):
            await context.tick()
        for part in parts:
            await drive(context, dut.rx, *part)
        for _ in range(12 * divisor):
            await context.tick()

    BENCHES[divisor].run(main, collect(dut.o, seen))
    return bytes(seen)


@pytest.mark.parametrize("divisor", BENCHES)
def test_receives_without_gaps(divisor):
    message = bytes((0, 255, 0x55, 0xAA, 1, 0x80)) + bytes(range(40))
    assert receive(divisor, (message, divisor)) == message


@settings(max_examples=15, deadline=None)
@given(st.binary(min_size=1, max_size=12), st.floats(-0.04, 0.04), st.sampled_from([18, 27]), st.integers(0, 60))
def test_receives_at_another_clock(message, error, divisor, pause):
    parts = [(bytes([byte]), divisor * (1 + error), 1, pause) for byte in message]
    assert receive(divisor, *parts) == message
    assert receive(divisor, (message, divisor * (1 + error))) == message


@pytest.mark.parametrize("divisor", BENCHES)
def test_byte_without_stop_bit_is_dropped(divisor):
    assert receive(
        divisor, (b"\x11", divisor, 1, 3 * divisor), (b"\x22", divisor, 0, 3 * divisor), (b"\x33", divisor)
    ) == (b"\x11\x33")


def test_break_gives_no_bytes():
    assert receive(18, (b"\0" * 5, 18, 0, 40), (b"\x77", 18)) == b"\x77"


def test_glitch_is_no_start_bit():
    dut = BENCHES[18].dut
    seen: list[int] = []

    async def main(context):
        for length in (1, 3, 6):
            context.set(dut.rx, 0)
            for _ in range(length):
                await context.tick()
            context.set(dut.rx, 1)
            for _ in range(30):
                await context.tick()
        await drive(context, dut.rx, b"\x5a", 18, 1, 40)

    BENCHES[18].run(main, collect(dut.o, seen))
    assert bytes(seen) == b"\x5a"


def test_queue_holds_sixteen_and_drops_the_rest():
    dut = BENCHES[4].dut

    async def main(context):
        await drive(context, dut.rx, bytes(range(20)), 4, 1, 20)
        assert bytes(await take(context, dut.o, lambda items: len(items) == 16)) == bytes(range(16))
        assert not context.get(dut.o.valid)
        await drive(context, dut.rx, b"\x99", 4, 1, 20)
        assert await take(context, dut.o, lambda items: len(items) == 1) == [0x99]

    BENCHES[4].run(main)


@pytest.mark.parametrize("divisor", BENCHES)
def test_sends_exact_waveform_without_gaps(divisor):
    dut = BENCHES[divisor].dut
    message = bytes((0, 255, 0x55, 0x96))

    async def main(context):
        assert context.get(dut.tx)
        await until(context, dut.i.valid & dut.i.ready)
        levels = [level for byte in message for level in (0, *(byte >> n & 1 for n in range(8)), 1)]
        for place, level in enumerate(levels):
            for _ in range(divisor):
                assert context.get(dut.tx) == level, f"bit {place}"
                await context.tick()
        for _ in range(3 * divisor):
            assert context.get(dut.tx)
            await context.tick()

    async def source(context):
        await put(context, dut.i, message)

    BENCHES[divisor].run(main, source)


@pytest.mark.parametrize("divisor", BENCHES)
def test_latency(divisor):
    dut = BENCHES[divisor].dut

    async def main(context):
        for _ in range(7):
            await context.tick()
        assert await until(context, dut.o.valid) == 9 * divisor + divisor // 2 + 4

    async def line(context):
        for _ in range(7):
            await context.tick()
        await drive(context, dut.rx, b"\x42", divisor)

    BENCHES[divisor].run(main, line)


def test_both_ways_at_once():
    dut = BENCHES[5].dut
    rng = random.Random(1)
    out, back = rng.randbytes(30), rng.randbytes(30)
    heard: list[int] = []

    async def main(context):
        await drive(context, dut.rx, out, 5, 1, 100)
        assert bytes(heard) == out

    async def source(context):
        await put(context, dut.i, back)

    BENCHES[5].run(main, source, collect(dut.o, heard))


@pytest.mark.parametrize(("divisor", "depth"), [(3, 16), (0, 16), (4, 1)])
def test_impossible_parameters_are_refused(divisor, depth):
    with pytest.raises(ValueError, match=r"at least \d .*, not \d"):
        Uart(divisor, depth)
