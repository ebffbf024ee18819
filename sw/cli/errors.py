"""Expected failures: one line on standard error, and exit code 2."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

__all__ = ["EXPECTED", "FAILURE", "OneLineErrors", "one_line"]

FAILURE = 2
"""Exit code of a command that could not do what it was asked to."""

EXPECTED = {
    # By name: what raises them has been imported when it matters, what does not may take seconds to import.
    "onward.hw.boards.errors.BuildError",
    "onward.hw.spec.config.ConfigError",
    "onward.sim.board.build.SimBuildError",
    "onward.sim.board.simulator.SimError",
    "onward.sim.cells.translate.NetlistError",
    "onward.sim.cocotb.tools.SimulatorMissing",
    "onward.sim.mutation.campaign.CampaignError",
    "onward.sim.mutation.yosys.YosysError",
    "onward.sim.formal.netlist.SolverError",
    "onward.sw.cli.report.RunError",
    "onward.sw.data.errors.DatasetError",
    "onward.sw.driver.checkpoint.CheckpointError",
    "onward.sw.driver.frames.LinkError",
    "onward.sw.driver.run_folder.RunFolderError",
    "onward.sw.golden.machine.ProgramError",
    "onward.sw.studies.study_file.StudyError",
}
"""Exceptions whose message is meant for the user; so are those of their subclasses, and OSError."""


class OneLineErrors(TyperGroup):
    """Commands whose expected errors end as a line for the user; any other exception is a mistake of ours and shows."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            # A wrong option or argument; the class has no public name.
            usage = getattr(error, "format_message", None)
            line = usage() if usage else one_line(error)
            if line is None:
                raise
            typer.echo(f"onward: {line}", err=True)
            raise typer.Exit(FAILURE) from None


def one_line(error: Exception) -> str | None:
    """What to tell the user about an expected error; None if it is not one."""
    if any(f"{kind.__module__}.{kind.__name__}" in EXPECTED for kind in type(error).__mro__):
        return "; ".join(line.strip() for line in str(error).splitlines() if line.strip())
    if isinstance(error, OSError):
        reason = error.strerror or str(error)
        return f"{error.filename}: {reason}" if error.filename else reason
    return None
