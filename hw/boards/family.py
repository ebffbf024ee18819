"""What boards of one FPGA family have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

from amaranth.build import Platform
from amaranth.hdl import Signal
from amaranth.lib import io

from .mmcm import Mmcm, solve_mmcm
from .pll_ecp5 import Ecp5Pll, solve_ecp5
from .pll_gowin import GowinPll, solve_gowin
from .pll_ice40 import Ice40Pll, solve_ice40

__all__ = ["ECP5", "GOWIN", "ICE40", "XILINX7", "Clocking", "Family"]


class _Settings(Protocol):
    @property
    def clock_mhz(self) -> Fraction: ...


class Clocking(Protocol):
    """A PLL as the board's top uses it: an elaboratable with a clock and the word that it can be used."""

    clock: Signal
    locked: Signal


@dataclass(frozen=True)
class Family:
    """An FPGA family and its tools.

    Parameters
    ----------
    name : as people call it.
    constraints : suffix of its constraint files.
    solve : settings of the PLL from reference and wanted clock in MHz.
    pll : the PLL, from the clock's port, its settings, and the platform.
    resources : for ``lut``, ``ff``, ``bram`` and ``dsp``, and others that a part has, the names of nextpnr's figures.
    bitstream : suffix of the bitstream.
    cells : the models that its netlists are simulated with, in ``sim/cells``; empty if there are none.
    options : overrides of the platform's build, as ``script_after_read`` and ``nextpnr_opts``.
    buildable : the open tools build it; otherwise a project for the vendor's tools is prepared.
    """

    name: str
    constraints: str
    solve: Callable[[float, float], _Settings]
    pll: Callable[[io.PortLike, Any, Platform], Any]
    resources: Mapping[str, tuple[str, ...]]
    bitstream: str
    cells: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    buildable: bool = True


ECP5 = Family(
    name="ECP5",
    constraints="lpf",
    solve=solve_ecp5,
    pll=lambda port, settings, platform: Ecp5Pll(port, settings),
    resources={"lut": ("TRELLIS_COMB",), "ff": ("TRELLIS_FF",), "bram": ("DP16KD",), "dsp": ("MULT18X18D",)},
    bitstream="bit",
    cells="ecp5",
    # ABC makes everything as fast as it can be, and some of it twice as large, unless it is told a delay that will do:
    # in ps, of what is between registers, without the wires.
    # The static placer takes as long as the usual one, and leaves wires 7 % shorter where an FPGA is nearly full.
    options={"script_after_read": "scratchpad -set abc9.D 8000", "nextpnr_opts": "--placer static"},
)
ICE40 = Family(
    name="iCE40",
    constraints="pcf",
    solve=solve_ice40,
    pll=lambda port, settings, platform: Ice40Pll(port, settings),
    # A logic cell is a lookup table and a flip-flop: what counts is how many are taken by either.
    resources={
        "lut": ("ICESTORM_LC",),
        "ff": ("ICESTORM_LC",),
        "bram": ("ICESTORM_RAM",),
        "dsp": ("ICESTORM_DSP",),
        "spram": ("ICESTORM_SPRAM",),
    },
    bitstream="bin",
    cells="ice40",
)
GOWIN = Family(
    name="Gowin",
    constraints="cst",
    solve=solve_gowin,
    pll=lambda port, settings, platform: GowinPll(port, settings, platform.family),
    resources={
        "lut": ("LUT4",),
        "ff": ("DFF",),
        "bram": ("BSRAM",),
        "dsp": ("MULT18X18",),
    },
    bitstream="fs",
)
XILINX7 = Family(
    name="Xilinx 7 series",
    constraints="xdc",
    solve=solve_mmcm,
    pll=lambda port, settings, platform: Mmcm(port, settings),
    resources={},
    bitstream="bit",
    buildable=False,
)
