"""iCEBreaker by 1BitSquared, with an iCE40 UP5K."""

from __future__ import annotations

from amaranth.build import Platform
from amaranth_boards.icebreaker import ICEBreakerPlatform

from .board import Board
from .family import ICE40

__all__ = ["ICEBREAKER"]


def _platform() -> Platform:
    """The board with its snap-off section, which holds more lights."""
    platform = ICEBreakerPlatform()
    platform.add_resources(platform.break_off_pmod)
    return platform


ICEBREAKER = Board(
    name="icebreaker",
    title="iCEBreaker",
    platform=_platform,
    family=ICE40,
    part="iCE40UP5K-SG48",
    preset="icebreaker-fast",
    clock="clk12",
    lights=(("led_g", 0), ("led_g", 1), ("led_r", 0)),
    loader=("--board", "ice40_generic"),
    # Names from the hierarchy make Yosys 0.70 stop in the mapping to lookup tables, so they are hidden before.
    # Without -dsp, which would rewrite the multipliers that the compact core instantiates (hw/compact/mac.py).
    # ABC is told that 24 ns between registers will do, without the wires: otherwise, changes of a few lookup tables
    # can cost 300 more than the device has.
    options={
        "synth_opts": "-abc9 -device u",
        "script_after_read": "hierarchy -auto-top\nproc\nflatten\nrename -hide w:*\nrename -hide c:*\n"
        "scratchpad -set abc9.D 24000",
    },
)
