"""The whole gateware in Amaranth's simulator: enough to see that everything is connected."""

import gc

import pytest
from amaranth.sim import Simulator

from onward.hw.spec.presets import PRESETS
from onward.hw.spec.protocol import Command
from onward.hw.top import ByteTop, UartTop
from onward.sw.driver.frames import FrameDecoder, encode_frame, parse_identity

TINY = PRESETS["tiny"]


def test_identify():
    top = ByteTop(TINY)
    received = bytearray()

    async def send(context):
        for byte in encode_frame(Command.IDENTIFY, 7):
            context.set(top.i.payload, byte)
            context.set(top.i.valid, 1)
            await context.tick().until(top.i.ready)
        context.set(top.i.valid, 0)

    async def receive(context):
        context.set(top.o.ready, 1)
        async for _, reset, valid, payload in context.tick().sample(top.o.valid, top.o.payload):
            if valid and not reset:
                received.append(payload)
                if payload == 0:
                    break

    simulator = Simulator(top)
    simulator.add_clock(1e-6)
    simulator.add_testbench(send)
    simulator.add_testbench(receive)
    simulator.run_until(1e-3)
    (reply,) = FrameDecoder().feed(bytes(received))
    assert (reply.command, reply.sequence) == (Command.IDENTIFY, 7)
    parse_identity(reply.result()).check(TINY)


@pytest.mark.filterwarnings("ignore::amaranth.hdl.UnusedElaboratable")  # of the refused component
def test_uart_needs_a_few_cycles_a_bit():
    with pytest.raises(ValueError, match="at least 4 clock cycles, not 3"):
        UartTop(TINY, 3)
    gc.collect()  # here, where the warning is expected
