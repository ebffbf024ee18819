"""Core clock from the PLL of an ECP5."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from amaranth.hdl import Instance, Module, Signal
from amaranth.lib import io, wiring
from amaranth.lib.wiring import Out

from .pll_reach import require_near

__all__ = ["Ecp5Pll", "Ecp5Settings", "solve_ecp5"]

_LEAST_PHASE_MHZ = Fraction(25, 8)
_VCO_MHZ = (400, 800)
_MOST_DIVISION = 128
_MOST_FEEDBACK_MHZ = 400


@dataclass(frozen=True)
class Ecp5Settings:
    """Dividers of an EHXPLLL: the first output is its feedback, the second one the clock.

    The oscillator runs at reference / ``reference`` x ``feedback`` x ``primary``; the clock is that / ``output``.
    """

    reference: int
    feedback: int
    primary: int
    output: int
    reference_mhz: Fraction
    clock_mhz: Fraction

    @property
    def primary_mhz(self) -> Fraction:
        """Frequency of the first output."""
        return self.reference_mhz / self.reference * self.feedback


def solve_ecp5(reference_mhz: float, clock_mhz: float) -> Ecp5Settings:
    """The settings nearest to the clock that is wanted, but not above it.

    Limits from the ECP5 data sheet (FPGA-DS-02012, sysCLOCK PLL timing): phase detector at 3.125 MHz or more,
    oscillator 400 to 800 MHz, outputs up to 400 MHz.

    Raises
    ------
    BuildError
        If no setting is within 3 % of it.
    """
    source, wanted = Fraction(reference_mhz).limit_denominator(1000), Fraction(clock_mhz).limit_denominator(1000)
    best: Ecp5Settings | None = None
    for reference in range(1, int(source / _LEAST_PHASE_MHZ) + 1):
        for primary in range(8, 0, -1):
            step = source / reference * primary
            for feedback in range(-int(-_VCO_MHZ[0] // step), min(int(_VCO_MHZ[1] / step), _MOST_DIVISION) + 1):
                oscillator = step * feedback
                output = -int(-oscillator // wanted)
                good = oscillator / primary <= _MOST_FEEDBACK_MHZ and 2 <= output <= _MOST_DIVISION
                if good and (best is None or oscillator / output > best.clock_mhz):
                    best = Ecp5Settings(reference, feedback, primary, output, source, oscillator / output)
    return require_near(best, reference_mhz, clock_mhz, "PLL", "4 to 400 MHz")


class Ecp5Pll(wiring.Component):
    """An EHXPLLL between the clock pin and the core.

    Parameters
    ----------
    port : the clock pin, requested from the platform without a buffer.
    settings : its dividers.

    Members
    -------
    clock : Out(1)
        The core's clock.
    locked : Out(1)
        High while it can be used.
    """

    def __init__(self, port: io.PortLike, settings: Ecp5Settings) -> None:
        self._port = port
        self._settings = settings
        super().__init__({"clock": Out(1), "locked": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.buffer = buffer = io.Buffer("i", self._port)
        settings = self._settings
        feedback = Signal()
        m.submodules.pll = Instance(
            "EHXPLLL",
            # Read by the tools of the vendor.
            a_FREQUENCY_PIN_CLKI=f"{float(settings.reference_mhz):.6f}",
            a_FREQUENCY_PIN_CLKOP=f"{float(settings.primary_mhz):.6f}",
            a_FREQUENCY_PIN_CLKOS=f"{float(settings.clock_mhz):.6f}",
            a_ICP_CURRENT="12",
            a_LPF_RESISTOR="8",
            a_MFG_ENABLE_FILTEROPAMP="1",
            a_MFG_GMCREF_SEL="2",
            p_FEEDBK_PATH="CLKOP",
            p_CLKI_DIV=settings.reference,
            p_CLKFB_DIV=settings.feedback,
            p_CLKOP_DIV=settings.primary,
            p_CLKOP_ENABLE="ENABLED",
            p_CLKOP_CPHASE=settings.primary - 1,
            p_CLKOP_FPHASE=0,
            p_CLKOS_DIV=settings.output,
            p_CLKOS_ENABLE="ENABLED",
            p_CLKOS_CPHASE=settings.output - 1,
            p_CLKOS_FPHASE=0,
            p_OUTDIVIDER_MUXA="DIVA",
            p_OUTDIVIDER_MUXB="DIVB",
            p_PLLRST_ENA="DISABLED",
            p_INTFB_WAKE="DISABLED",
            p_STDBY_ENABLE="DISABLED",
            p_DPHASE_SOURCE="DISABLED",
            i_CLKI=buffer.i,
            i_CLKFB=feedback,
            i_RST=0,
            i_STDBY=0,
            i_PHASESEL0=0,
            i_PHASESEL1=0,
            i_PHASEDIR=1,
            i_PHASESTEP=1,
            i_PHASELOADREG=1,
            i_PLLWAKESYNC=0,
            i_ENCLKOP=0,
            o_CLKOP=feedback,
            o_CLKOS=self.clock,
            o_LOCK=self.locked,
        )
        return m
