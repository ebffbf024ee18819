"""Core clock from the PLL of an iCE40."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from amaranth.hdl import Instance, Module
from amaranth.lib import io, wiring
from amaranth.lib.wiring import Out

from .pll_reach import require_near

__all__ = ["Ice40Pll", "Ice40Settings", "solve_ice40"]

_PHASE_MHZ = (10, 133)
_VCO_MHZ = (533, 1066)
_FILTERS = ((17, 1), (26, 2), (44, 3), (66, 4), (101, 5), (133, 6))
"""Phase detector below so many MHz, and the loop filter for it (Lattice FPGA-TN-02052)."""


@dataclass(frozen=True)
class Ice40Settings:
    """clock = reference x (``divf`` + 1) / ((``divr`` + 1) x 2 ** ``divq``)."""

    divr: int
    divf: int
    divq: int
    filter_range: int
    clock_mhz: Fraction


def solve_ice40(reference_mhz: float, clock_mhz: float) -> Ice40Settings:
    """The settings nearest to the clock that is wanted, but not above it.

    Raises
    ------
    BuildError
        If no setting is within 3 % of it.
    """
    source, wanted = Fraction(reference_mhz).limit_denominator(1000), Fraction(clock_mhz).limit_denominator(1000)
    best: Ice40Settings | None = None
    for divr in range(16):
        phase = source / (divr + 1)
        if not _PHASE_MHZ[0] <= phase <= _PHASE_MHZ[1]:
            continue
        filter_range = next(value for limit, value in _FILTERS if phase < limit or limit == _PHASE_MHZ[1])
        for divq in range(1, 7):
            divf = min(int(wanted * 2**divq / phase), int(_VCO_MHZ[1] / phase), 128) - 1
            clock = phase * (divf + 1) / 2**divq
            good = divf >= 0 and _VCO_MHZ[0] <= clock * 2**divq <= _VCO_MHZ[1]
            if good and (best is None or clock > best.clock_mhz):
                best = Ice40Settings(divr, divf, divq, filter_range, clock)
    return require_near(best, reference_mhz, clock_mhz, "PLL", "16 to 275 MHz")


class Ice40Pll(wiring.Component):
    """An SB_PLL40_PAD: the PLL sits in the pad of the clock pin, which then cannot be used otherwise.

    Parameters
    ----------
    port : the clock pin, requested from the platform without a buffer.
    settings : its dividers.

    Members
    -------
    clock : Out(1)
        The core's clock, on a global net.
    locked : Out(1)
        High while it can be used.
    """

    def __init__(self, port: io.SingleEndedPort, settings: Ice40Settings) -> None:
        self._port = port
        self._settings = settings
        super().__init__({"clock": Out(1), "locked": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        settings = self._settings
        m.submodules.pll = Instance(
            "SB_PLL40_PAD",
            p_FEEDBACK_PATH="SIMPLE",
            p_DIVR=settings.divr,
            p_DIVF=settings.divf,
            p_DIVQ=settings.divq,
            p_FILTER_RANGE=settings.filter_range,
            i_PACKAGEPIN=self._port.io,
            i_RESETB=1,
            i_BYPASS=0,
            o_PLLOUTGLOBAL=self.clock,
            o_LOCK=self.locked,
        )
        return m
