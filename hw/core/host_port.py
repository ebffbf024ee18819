"""The interface between the link's command unit and the core."""

from __future__ import annotations

from amaranth.hdl import signed
from amaranth.lib import data, enum, stream
from amaranth.lib.wiring import In, Member, Out, Signature

from onward.hw.spec.isa import INSTRUCTION_BITS
from onward.hw.spec.protocol import COUNTERS

__all__ = ["COMPACT_WORD_BITS", "RESULT_BITS", "RING_BYTES", "Access", "AccessKind", "HostPort", "RunEnd", "SampleTail"]

RESULT_BITS = 8
"""Of the address of a result word: enough for the largest buffer that a configuration may ask for."""


RING_BYTES = dict(zip(COUNTERS, (5, 5, 4, 3, 3, 3, 3, 5, 5), strict=True))
"""Bytes of the counters of a compact core, where every bit costs a logic cell: of what happens in any cycle, 12 hours
at 24 MHz; of samples; of saturations, which are few."""


COMPACT_WORD_BITS = 16
"""Of an instruction, as a compact core takes it."""


class AccessKind(enum.Enum, shape=2):
    """What the host does with a row."""

    LOAD_LANE = 0
    """lane ``lane`` of the accumulators takes ``value``"""
    STORE_ROW = 1
    """row ``row`` of the weight memory takes the loaded lanes"""
    READ_WEIGHT = 2
    """the answer stream carries lane ``lane`` of weight row ``row``"""
    READ_VECTOR = 3
    """the answer stream carries lane ``lane`` of vector register word ``row``"""


Access = data.StructLayout({"kind": AccessKind, "row": 20, "lane": 10, "value": signed(18)})
"""One step of a host access to a row; a row is written by ``lanes`` LOAD_LANE and one STORE_ROW."""

RunEnd = data.StructLayout({"count": RESULT_BITS + 1, "overrun": 1})
"""A program has ended: it has left ``count`` results; or has been ended, because it ran past its bound of cycles."""

SampleTail = data.StructLayout({"entry": 12, "label": 8})
"""Ends a sample: its label, and the instruction at which its program starts."""


class HostPort(Signature):
    """Members, seen from the command unit.

    ``program`` : stream of (address, word); only while the core is not ``busy``. An instruction is one word; for a
    compact core it is several words of :data:`COMPACT_WORD_BITS`, the lowest bits first.
    ``sample_begin`` : pulse; empties the slot that is being filled. Only while ``slot_free``.
    ``pixel`` : stream of nonzero pixels in ascending order of index.
    ``sample`` : stream; its transfer queues the filled slot, which runs as soon as the core is free.
    ``slot_free`` : a sample may begin (of two slots, at most one runs and one waits).
    ``run`` : stream of entries: runs a program on the current sample. Only while not ``busy``.
    ``done`` : stream of :data:`RunEnd`, one for each ended program; the next program does not start before it is
    accepted.
    ``result_bank`` : which half of the result memory the program that runs writes to; held while one runs. Results
    stay until a program is run on the same half.
    ``result_address``, ``result_data`` : read port of the results, half and word; one cycle latency.
    ``access``, ``answer`` : row accesses and the values read, in order. Only while not ``busy``.
    ``counters`` : nine 48-bit counters, in the order of ``protocol.COUNTERS``; not of a compact core.
    ``ring_byte``, ``ring_next`` : the counters of a compact core, a ring of :data:`RING_BYTES` from the lowest byte of
    the first on; a pulse goes on to the next byte. Only while not ``busy``, and only whole rounds.
    ``seed`` : stream; restarts the generators. Only while not ``busy``.
    ``reset`` : pulse; clears counters and sample slots. Only while not ``busy``.
    ``busy`` : a program runs, waits to start, or its ``done`` has not been accepted.

    Parameters
    ----------
    compact : of a compact core.
    """

    def __init__(self, compact: bool = False) -> None:
        word_bits = COMPACT_WORD_BITS if compact else INSTRUCTION_BITS
        counters: dict[str, Member] = {"counters": In(data.ArrayLayout(48, len(COUNTERS)))}
        if compact:
            counters = {"ring_byte": In(8), "ring_next": Out(1)}
        super().__init__(
            counters
            | {
                "program": Out(stream.Signature(data.StructLayout({"address": 12, "word": word_bits}))),
                "sample_begin": Out(1),
                "pixel": Out(stream.Signature(data.StructLayout({"index": 12, "value": 8}))),
                "sample": Out(stream.Signature(SampleTail)),
                "slot_free": In(1),
                "run": Out(stream.Signature(12)),
                "done": In(stream.Signature(RunEnd)),
                "result_bank": Out(1),
                "result_address": Out(data.StructLayout({"word": RESULT_BITS, "bank": 1})),
                "result_data": In(32),
                "access": Out(stream.Signature(Access)),
                "answer": In(stream.Signature(signed(18))),
                "seed": Out(stream.Signature(32)),
                "reset": Out(1),
                "busy": In(1),
            }
        )
