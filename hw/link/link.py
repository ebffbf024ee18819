"""Bytes in, bytes out, and a core behind them."""

from __future__ import annotations

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.core.host_port import HostPort
from onward.hw.core.memory_style import small_memory
from onward.hw.core.register_slice import RegisterSlice
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.protocol import COUNTERS

from .cobs_decoder import CobsDecoder
from .command_unit import CommandUnit
from .frame_buffer import FrameBuffer
from .frame_sender import FrameSender
from .layouts import DecodedByte, PacketByte

__all__ = ["Link"]

_REPLY_HEAD_BYTES = 3


class Link(wiring.Component):
    """The whole link::

        i -> CobsDecoder -> RegisterSlice -> FrameBuffer -> CommandUnit <-> core
        o <- FrameSender <- RegisterSlice <---------------------'

    Every frame gets one reply (see ``docs/protocol.md``). There is one buffer for frames: from the end of a frame until
    its command has been dealt with, ``i`` takes three bytes at most. That lasts as long as the core or a reply on its
    way makes the command wait.

    Throughput: one byte a cycle in and out; a frame of SAMPLE keeps ``i`` waiting for as many cycles as its payload has
    bytes and segments, and nine more. A line that cannot wait needs a queue in front of ``i`` for what it brings in
    that time; more is not needed if the host keeps to the two commands at a time that the protocol allows, and to one
    LOAD_PROGRAM for a compact core, which needs some 500 cycles for an instruction.

    Parameters
    ----------
    config : CoreConfig
        The core behind the link.

    Members
    -------
    i : In(stream of 8 bits)
        Bytes from the host.
    o : Out(stream of 8 bits)
        Bytes to the host.
    core : Out(HostPort())
        The core.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = config
        super().__init__(
            {
                "i": In(stream.Signature(8)),
                "o": Out(stream.Signature(8)),
                "core": Out(HostPort(config.compact)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        longest_answer = max(4 * self._config.results, 2 * self._config.lanes, 8 * len(COUNTERS))

        m.submodules.decoder = decoder = CobsDecoder()
        m.submodules.buffer = buffer = FrameBuffer(self._config)
        m.submodules.commands = commands = CommandUnit(self._config)
        m.submodules.sender = sender = FrameSender(_REPLY_HEAD_BYTES + longest_answer, small_memory(self._config))

        wiring.connect(m, wiring.flipped(self.i), decoder.i)
        # A code byte says what the next one means: that is known late.
        m.submodules.decoded = decoded = RegisterSlice(DecodedByte)
        wiring.connect(m, decoder.o, decoded.i)
        wiring.connect(m, decoded.o, buffer.i)
        wiring.connect(m, buffer.o, commands.frame)
        wiring.connect(m, buffer.payload, commands.payload)
        # Who answers is a long way from the pin.
        m.submodules.replies = replies = RegisterSlice(PacketByte)
        wiring.connect(m, commands.o, replies.i)
        wiring.connect(m, replies.o, sender.i)
        wiring.connect(m, sender.o, wiring.flipped(self.o))
        wiring.connect(m, commands.core, wiring.flipped(self.core))
        m.d.comb += buffer.rewind.eq(commands.rewind)

        return m
