"""OrangeCrab r0.2 by Good Stuff Department, with an ECP5 25F."""

from __future__ import annotations

from amaranth.build import Attrs, Pins, Platform, Resource, Subsignal
from amaranth_boards.orangecrab_r0_2 import OrangeCrabR0_2_25FPlatform

from .board import Board
from .family import ECP5

__all__ = ["ORANGECRAB"]


def _platform() -> Platform:
    """The board with a serial line on pins 0 (to the core) and 1 (from it) of its header."""
    platform = OrangeCrabR0_2_25FPlatform()
    platform.add_resources(
        [
            Resource(
                "uart",
                0,
                Subsignal("rx", Pins("0", dir="i", conn=("io", 0)), Attrs(PULLMODE="UP")),
                Subsignal("tx", Pins("1", dir="o", conn=("io", 0))),
                Attrs(IO_TYPE="LVCMOS33"),
            )
        ]
    )
    return platform


ORANGECRAB = Board(
    name="orangecrab",
    title="OrangeCrab r0.2 25F",
    platform=_platform,
    family=ECP5,
    part="LFE5U-25F-8MG285C",
    preset="ulx3s-25f",
    clock="clk",
    lights=(("rgb_led", 0, "g"), ("rgb_led", 0, "b"), ("rgb_led", 0, "r")),
    loader=("--board", "orangeCrab"),
)
