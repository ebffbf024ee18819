"""Core clock from the clock manager of a Xilinx 7-series part."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from amaranth.hdl import Instance, Module, Signal
from amaranth.lib import io, wiring
from amaranth.lib.wiring import Out

from .pll_reach import require_near

__all__ = ["Mmcm", "MmcmSettings", "solve_mmcm"]

_PHASE_MHZ = (10, 450)
_VCO_MHZ = (600, 1200)


@dataclass(frozen=True)
class MmcmSettings:
    """clock = reference / ``reference`` x ``feedback`` / ``output``."""

    reference: int
    feedback: int
    output: int
    reference_mhz: Fraction
    clock_mhz: Fraction


def solve_mmcm(reference_mhz: float, clock_mhz: float) -> MmcmSettings:
    """The settings nearest to the clock that is wanted, but not above it.

    Limits of the slowest speed grade (Xilinx DS181): phase detector 10 to 450 MHz, oscillator 600 to 1200 MHz.

    Raises
    ------
    BuildError
        If no setting is within 3 % of it.
    """
    source, wanted = Fraction(reference_mhz).limit_denominator(1000), Fraction(clock_mhz).limit_denominator(1000)
    best: MmcmSettings | None = None
    for reference in range(1, 107):
        phase = source / reference
        if not _PHASE_MHZ[0] <= phase <= _PHASE_MHZ[1]:
            continue
        for feedback in range(2, 65):
            oscillator = phase * feedback
            output = -int(-oscillator // wanted)
            good = _VCO_MHZ[0] <= oscillator <= _VCO_MHZ[1] and 1 <= output <= 128
            if good and (best is None or oscillator / output > best.clock_mhz):
                best = MmcmSettings(reference, feedback, output, source, oscillator / output)
    return require_near(best, reference_mhz, clock_mhz, "MMCM", "5 to 450 MHz")


class Mmcm(wiring.Component):
    """An MMCME2_BASE between the clock pin and the core, and a global buffer.

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

    def __init__(self, port: io.PortLike, settings: MmcmSettings) -> None:
        self._port = port
        self._settings = settings
        super().__init__({"clock": Out(1), "locked": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.buffer = buffer = io.Buffer("i", self._port)
        settings = self._settings
        feedback, made = Signal(), Signal()
        m.submodules.mmcm = Instance(
            "MMCME2_BASE",
            p_CLKIN1_PERIOD=float(1000 / settings.reference_mhz),
            p_DIVCLK_DIVIDE=settings.reference,
            p_CLKFBOUT_MULT_F=float(settings.feedback),
            p_CLKOUT0_DIVIDE_F=float(settings.output),
            i_CLKIN1=buffer.i,
            i_CLKFBIN=feedback,
            i_RST=0,
            i_PWRDWN=0,
            o_CLKFBOUT=feedback,
            o_CLKOUT0=made,
            o_LOCKED=self.locked,
        )
        m.submodules.clock_buffer = Instance("BUFG", i_I=made, o_O=self.clock)
        return m
