"""The checksum of frames."""

from __future__ import annotations

from amaranth.hdl import Module, ResetInserter
from amaranth.lib import crc, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Crc32"]


class Crc32(wiring.Component):
    """CRC-32 of IEEE 802.3 (the one of Ethernet, zip and ``zlib.crc32``) over a stream of bytes.

    To append the checksum to the bytes it was made of, send the low byte of ``crc`` four times and feed ``~crc`` back
    for each: that byte cancels what it meets, so the register moves on by eight bits and nothing else. The low byte is
    then the next one to send, and no multiplexer picks it.

    Latency: one cycle from a byte to ``crc`` and ``match``. Throughput: one byte a cycle; ``i`` is always ready.

    Members
    -------
    i : In(stream of 8 bits, always ready)
        The bytes.
    clear : In(1)
        Starts again; a byte in the same cycle is forgotten.
    crc : Out(32)
        Checksum of the bytes so far; its least significant byte travels first.
    match : Out(1)
        The last four bytes were the checksum of those before them.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(8, always_ready=True)),
                "clear": In(1),
                "crc": Out(32),
                "match": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # A reset costs no logic, unlike the processor's own ``start``, which goes through every one of its XORs.
        processor = crc.catalog.CRC32_ETHERNET().create()
        m.submodules.processor = ResetInserter(self.clear)(processor)
        m.d.comb += [
            processor.data.eq(self.i.payload),
            processor.valid.eq(self.i.valid),
            self.crc.eq(processor.crc),
            self.match.eq(processor.match_detected),
        ]
        return m
