"""The link's protocol: commands, status codes, counters; shared by the command unit, the driver and the models.

A frame is ``command, sequence, payload..., CRC-32`` (IEEE 802.3, little-endian), COBS-encoded, ended by a zero byte.
A reply is ``command | 0x80, sequence, status, payload..., CRC-32``. All numbers are little-endian. Every frame whose
CRC is right gets exactly one reply with its sequence number; others are answered with command 0, sequence 0 and the
status ``BAD_FRAME``. Commands that change the core are numbered, and carried out once, in the order of their numbers:
see :data:`ORDERED` and ``docs/protocol.md``.
"""

from __future__ import annotations

from enum import IntEnum

from .config import CoreConfig

__all__ = [
    "COUNTERS",
    "ORDERED",
    "REPLY",
    "VERSION",
    "WINDOW",
    "Command",
    "Space",
    "Status",
    "max_payload",
]

VERSION = 4
"""Of frames, commands and instruction words."""
WINDOW = 2
"""Commands that may be sent and not yet answered. The core knows as many that it has carried out when they come again.
"""
REPLY = 0x80


class Command(IntEnum):
    """Commands, with their payload and the payload of the reply."""

    IDENTIFY = 1
    """() -> version u8, digest of the configuration (8 bytes), lanes u16, rows u32, vectors u16, program u16, inputs
    u16, number that the next ordered command must have u8"""
    LOAD_PROGRAM = 2
    """address u16, instructions (16 bytes each, at least one) -> ()"""
    WRITE_ROW = 3
    """row u32, lanes x i16 -> ()"""
    READ_ROW = 4
    """space u8, row u32 -> lanes x i16"""
    SAMPLE = 5
    """entry u16, label u8, segments -> results (u32 each). Runs the program from ``entry`` when the core is free; the
    reply is sent when it has ended. A segment is skip u8, count u8, count pixels: ``skip`` zero pixels, then these."""
    RUN = 6
    """entry u16 -> results. Runs without a new sample: the current one stays."""
    COUNTERS = 7
    """() -> the counters, u64 each, in the order of ``COUNTERS``"""
    SEED = 8
    """seed u32 -> (). Restarts every random generator."""
    RESET = 9
    """() -> (). Clears counters, results and sample slots; memories and generators keep their contents."""
    OPEN = 10
    """() -> (). As RESET, and begins a session: until then, a core that has been reset takes no ordered command."""


ORDERED = (
    Command.LOAD_PROGRAM,
    Command.WRITE_ROW,
    Command.SAMPLE,
    Command.RUN,
    Command.SEED,
    Command.RESET,
    Command.OPEN,
)
"""Commands that change something: each is carried out once, in the order of sequence numbers without gaps."""


class Space(IntEnum):
    """Address spaces of READ_ROW."""

    WEIGHTS = 0
    VECTORS = 1


class Status(IntEnum):
    """First payload byte of a reply."""

    OK = 0
    BAD_FRAME = 1
    """CRC, COBS or length limit violated"""
    BAD_COMMAND = 2
    BAD_LENGTH = 3
    """payload too short, too long, or no whole number of items"""
    BAD_ADDRESS = 4
    """row, program address, entry, pixel or space out of range"""
    BAD_VALUE = 5
    """a weight that does not fit its format, or a label that is no class"""
    BUSY = 6
    """not possible while a program runs or a sample waits; or a repeated SAMPLE or RUN whose results are not there"""
    OUT_OF_ORDER = 7
    """an ordered command whose number is neither the next one nor one of the last ones"""
    CLOSED = 8
    """an ordered command, but the core has been reset since the last OPEN, or never seen one"""
    OVERRUN = 9
    """the program ran past the core's bound of cycles and was ended; what it has changed stays changed"""


COUNTERS = (
    "cycles",
    "busy_cycles",
    "samples",
    "weight_saturations",
    "vector_saturations",
    "operand_saturations",
    "element_saturations",
    "row_reads",
    "row_writes",
)
"""``cycles``: clock cycles from the start to the end of programs; ``busy_cycles``: of these, cycles in which the lane
multipliers had a product to make; ``samples``: programs ended. ``row_reads``, ``row_writes``: rows of the weight memory
read and written by instructions, not by the host. Saturations and rows: see docs/instruction-set.md."""


def max_payload(config: CoreConfig) -> int:
    """Bytes of the longest legal payload: a sample without any zero pixel, a row, or a program chunk."""
    dense_sample = 3 + config.inputs + 2 * -(-config.inputs // 255)
    return max(dense_sample, 4 + 2 * config.lanes, 2 + 16 * 16)
