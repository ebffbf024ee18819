"""What a board is to this project: a platform, and which of its pins the core uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amaranth.build import Platform

from onward import constraints
from onward.hw.spec.config import CoreConfig

from .errors import BuildError
from .family import Family

__all__ = ["Board", "Light"]

Light = tuple[str, int] | tuple[str, int, str]
"""Name, number and maybe part of a resource."""

_MOST_BAUD_ERROR = 0.02


@dataclass(frozen=True)
class Board:
    """A board that a core can be built for.

    Parameters
    ----------
    name : of the board, of its constraint folder and its page in the documentation.
    title : as people call it.
    platform : makes a platform, from amaranth-boards; resources that it lacks are added there.
    family : of its FPGA.
    part : the FPGA.
    preset : the configuration that fits it, unless told otherwise.
    clock : the resource of the oscillator.
    lights : resources of three lights, for alive, training and error, and where they are on the board.
    loader : what openFPGALoader has to be told to find the board.
    options : overrides of the platform's build, as ``synth_opts`` and ``nextpnr_opts``.
    """

    name: str
    title: str
    platform: Callable[[], Platform]
    family: Family
    part: str
    preset: str
    clock: str
    lights: tuple[Light, Light, Light]
    loader: tuple[str, ...]
    options: dict[str, str] = field(default_factory=dict)

    @property
    def reference_mhz(self) -> float:
        """Frequency of the oscillator."""
        return float(self.platform().lookup(self.clock).clock.frequency) / 1e6

    @property
    def constraints(self) -> Path:
        """The file of pins, standards, clocks and placement that the build uses."""
        return Path(constraints.__path__[0]) / self.name / f"board.{self.family.constraints}"

    @property
    def floorplan(self) -> Path | None:
        """The file of sites for block RAMs and multipliers of its FPGA; None if there is none."""
        device = "-".join(self.part.split("-")[:2]).lower()  # without speed grade and package
        path = Path(constraints.__path__[0]) / "floorplans" / f"{device}.toml"
        return path if path.exists() else None

    def clocking(self, clock_mhz: float) -> Any:
        """Settings of the PLL, nearest to the clock that is wanted; raises BuildError if there are none."""
        return self.family.solve(self.reference_mhz, clock_mhz)

    def divisor(self, config: CoreConfig) -> int:
        """Clock cycles of one bit of the serial line.

        Raises
        ------
        BuildError
            If no whole number gives a rate within 2 % of that of ``config``.
        """
        clock = float(self.clocking(config.clock_mhz).clock_mhz) * 1e6
        divisor = round(clock / config.baud)
        if divisor < 4 or abs(clock / divisor / config.baud - 1) > _MOST_BAUD_ERROR:
            raise BuildError(
                f"{config.baud} baud cannot be made of {clock / 1e6:g} MHz: choose a baud that divides the clock"
                f" by a whole number of at least 4, as {round(clock / max(4, divisor + 1))}"
            )
        return divisor
