"""Core clock from the PLL of a Gowin GW1N or GW2A."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from amaranth.hdl import Instance, Module
from amaranth.lib import io, wiring
from amaranth.lib.wiring import Out

from .pll_reach import require_near

__all__ = ["GowinPll", "GowinSettings", "solve_gowin"]

_PHASE_MHZ = (3, 400)
_VCO_MHZ = (500, 1200)
_OUTPUTS = (2, 4, 8, 16, 32, 48, 64, 80, 96, 112, 128)


@dataclass(frozen=True)
class GowinSettings:
    """clock = reference x ``feedback`` / ``reference``; the oscillator runs ``output`` times as fast."""

    reference: int
    feedback: int
    output: int
    reference_mhz: Fraction
    clock_mhz: Fraction


def solve_gowin(reference_mhz: float, clock_mhz: float) -> GowinSettings:
    """The settings nearest to the clock that is wanted, but not above it.

    Limits that hold for both series (Gowin UG286, rPLL): phase detector 3 to 400 MHz, oscillator 500 to 1200 MHz.

    Raises
    ------
    BuildError
        If no setting is within 3 % of it.
    """
    source, wanted = Fraction(reference_mhz).limit_denominator(1000), Fraction(clock_mhz).limit_denominator(1000)
    best: GowinSettings | None = None
    for reference in range(1, 65):
        phase = source / reference
        if not _PHASE_MHZ[0] <= phase <= _PHASE_MHZ[1]:
            continue
        feedback = min(int(wanted / phase), 64)
        clock = phase * feedback
        outputs = [output for output in _OUTPUTS if _VCO_MHZ[0] <= clock * output <= _VCO_MHZ[1]]
        if outputs and (best is None or clock > best.clock_mhz):
            best = GowinSettings(reference, feedback, outputs[0], source, clock)
    return require_near(best, reference_mhz, clock_mhz, "PLL", "4 to 400 MHz")


class GowinPll(wiring.Component):
    """An rPLL between the clock pin and the core.

    Parameters
    ----------
    port : the clock pin, requested from the platform without a buffer.
    settings : its dividers.
    device : the part's series and size as the vendor's tools name it for this primitive, e.g. "GW2A-18C".

    Members
    -------
    clock : Out(1)
        The core's clock.
    locked : Out(1)
        High while it can be used.
    """

    def __init__(self, port: io.PortLike, settings: GowinSettings, device: str) -> None:
        self._port = port
        self._settings = settings
        self._device = device
        super().__init__({"clock": Out(1), "locked": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.buffer = buffer = io.Buffer("i", self._port)
        settings = self._settings
        m.submodules.pll = Instance(
            "rPLL",
            p_FCLKIN=f"{float(settings.reference_mhz):g}",
            p_DEVICE=self._device,
            p_IDIV_SEL=settings.reference - 1,
            p_FBDIV_SEL=settings.feedback - 1,
            p_ODIV_SEL=settings.output,
            p_DYN_IDIV_SEL="false",
            p_DYN_FBDIV_SEL="false",
            p_DYN_ODIV_SEL="false",
            p_DYN_DA_EN="false",
            p_DYN_SDIV_SEL=2,
            p_PSDA_SEL="0000",
            p_DUTYDA_SEL="1000",
            p_CLKOUT_FT_DIR=1,
            p_CLKOUTP_FT_DIR=1,
            p_CLKOUT_DLY_STEP=0,
            p_CLKOUTP_DLY_STEP=0,
            p_CLKFB_SEL="internal",
            p_CLKOUT_BYPASS="false",
            p_CLKOUTP_BYPASS="false",
            p_CLKOUTD_BYPASS="false",
            p_CLKOUTD_SRC="CLKOUT",
            p_CLKOUTD3_SRC="CLKOUT",
            i_CLKIN=buffer.i,
            i_CLKFB=0,
            i_RESET=0,
            i_RESET_P=0,
            i_FBDSEL=0,
            i_IDSEL=0,
            i_ODSEL=0,
            i_PSDA=0,
            i_DUTYDA=0,
            i_FDLY=0,
            o_CLKOUT=self.clock,
            o_LOCK=self.locked,
        )
        return m
