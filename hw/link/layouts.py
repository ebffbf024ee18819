"""What travels between the parts of the link."""

from __future__ import annotations

from amaranth.lib import data
from amaranth.utils import bits_for

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.protocol import max_payload

__all__ = ["CRC_BYTES", "HEAD_BYTES", "DecodedByte", "PacketByte", "header_layout"]

HEAD_BYTES = 2
"""Bytes of a frame in front of its payload: command and sequence number."""

CRC_BYTES = 4
"""Bytes of a frame behind its payload."""

PacketByte = data.StructLayout({"byte": 8, "last": 1})
"""One byte of a payload or a reply; ``last`` marks the end of it."""

DecodedByte = data.StructLayout({"byte": 8, "end": 1, "error": 1})
"""One byte of a frame, or with ``end`` the end of the frame and no byte; ``error`` only beside ``end``."""


def header_layout(config: CoreConfig) -> data.StructLayout:
    """A received frame: ``bad`` (then command and sequence are 0), or command, sequence and bytes of payload."""
    return data.StructLayout(
        {"bad": 1, "command": 8, "sequence": 8, "length": bits_for(max_payload(config) + CRC_BYTES)}
    )
