"""ULX3S by Radiona, with three sizes of ECP5: 25F, 45F and 85F."""

from __future__ import annotations

from amaranth_boards.ulx3s import ULX3S_25F_Platform, ULX3S_45F_Platform, ULX3S_85F_Platform

from .board import Board
from .family import ECP5

__all__ = ["ULX3S_25F", "ULX3S_45F", "ULX3S_85F"]

_LIGHTS = (("led", 0), ("led", 1), ("led", 2))
_LOADER = ("--board", "ulx3s")

ULX3S_85F = Board(
    name="ulx3s-85f",
    title="ULX3S 85F",
    platform=ULX3S_85F_Platform,
    family=ECP5,
    part="LFE5U-85F-6BG381C",
    preset="ulx3s-85f",
    clock="clk25",
    lights=_LIGHTS,
    loader=_LOADER,
    # With several clusters, they keep their registers for themselves while the netlist is made: synthesis would merge
    # those that hold the same in all of them, and one register would drive lanes all over the FPGA. Then router2 gets
    # through with any seed, in minutes; it has to draw wires of paths that take too long anew, or some make detours.
    options={
        # Half the delay that ECP5 builds get: 12 % more lookup tables outside of the clusters, none in them.
        "script_after_read": "scratchpad -set abc9.D 4000; setattr -mod -set keep_hierarchy 1 *.cluster_? *.branch_?",
        "script_after_synth": "setattr -mod -unset keep_hierarchy *; flatten; opt_clean -purge",
        "nextpnr_opts": f"{ECP5.options['nextpnr_opts']} --router router2 --tmg-ripup",
    },
)
ULX3S_45F = Board(
    name="ulx3s-45f",
    title="ULX3S 45F",
    platform=ULX3S_45F_Platform,
    family=ECP5,
    part="LFE5U-45F-6BG381C",
    preset="ulx3s-45f",
    clock="clk25",
    lights=_LIGHTS,
    loader=_LOADER,
)
ULX3S_25F = Board(
    name="ulx3s-25f",
    title="ULX3S 25F",
    platform=ULX3S_25F_Platform,
    family=ECP5,
    part="LFE5U-25F-6BG381C",
    preset="ulx3s-25f",
    clock="clk25",
    lights=_LIGHTS,
    loader=_LOADER,
)
