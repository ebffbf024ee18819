"""The checksum: the polynomial, and the way in which the sender appends it."""

from __future__ import annotations

from amaranth.hdl import C, Cat, Mux, Signal, Value

from onward.sim.formal.bench import Bench
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.variant import Mutant

__all__ = ["PROOF"]

_MODULE = "onward.hw.link.crc32"
_POLYNOMIAL = 0xEDB88320
"""Of Ethernet and zip, lowest bit first."""
_RESIDUE = 0x2144DF1C
"""Checksum of any bytes followed by their own."""


def _build(bench: Bench) -> None:
    m = bench.m
    unit = bench.load(_MODULE).Crc32()
    bench.add("crc", unit)
    byte, valid = bench.free("byte", 8), bench.free("valid")
    clear = bench.free("clear")
    m.d.comb += [unit.i.payload.eq(byte), unit.i.valid.eq(valid), unit.clear.eq(clear)]

    on = bench.since_start(1)
    expected = bench.past(Mux(clear, 0, Mux(valid, _after(bench, unit.crc, byte), unit.crc)))
    bench.claim(~on | (unit.crc == expected), "another checksum than CRC-32")
    bench.claim(~on | (unit.match == (unit.crc == _RESIDUE)), "a match of something else, or none")
    # The sender feeds the complement of the low byte: that moves the register by eight bits, and nothing else.
    appends = bench.past(valid & ~clear & (byte == ~unit.crc[:8]))
    bench.claim(~appends | (unit.crc == bench.past(Cat(unit.crc[8:], C(0xFF, 8)))), "the sender shifts out other bits")

    # Whatever was sent before, its checksum leads to the residue.
    sent = bench.constant("sent", 32)
    state: Value = sent
    for number in range(4):
        state = _after(bench, state, sent.word_select(number, 8))
    bench.claim(state == _RESIDUE, "a right frame does not match")


def _after(bench: Bench, checksum: Value, byte: Value) -> Value:
    """The checksum after one more byte, one bit after the other, as every textbook has it."""
    state: Value = ~checksum ^ byte
    for _ in range(8):
        following = Signal(32)
        bench.m.d.comb += following.eq((state >> 1) ^ Mux(state[0], _POLYNOMIAL, 0))
        state = following
    return (~state)[:32]


PROOF = Proof(
    name="crc32",
    claim="each byte moves the register as the polynomial says, any bytes followed by their checksum match, and"
    " complements of the low byte shift the checksum out",
    build=_build,
    method=Method("induction", 2),
    mutants=(
        Mutant("another polynomial", _MODULE, "CRC32_ETHERNET", "CRC32_AUTOSAR"),
        Mutant(
            "goes on where it was told to begin again", _MODULE, "ResetInserter(self.clear)(processor)", "processor"
        ),
        Mutant(
            "no match is ever seen",
            _MODULE,
            "processor.match_detected",
            "processor.match_detected & (processor.crc[0])",
        ),
    ),
    quick=False,
)
