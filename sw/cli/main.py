"""The command ``onward``."""

from __future__ import annotations

import typer

from .build import build
from .compare import compare
from .cosim import cosim
from .coverage import coverage
from .demo import demo
from .errors import OneLineErrors
from .eval import evaluate_run
from .fetch import fetch
from .formal import formal
from .fuzz import fuzz
from .generate import generate
from .info import info
from .layers import layers
from .mutation import mutation
from .plot import plot
from .presets import presets
from .program import program
from .ranges import ranges
from .reconstruct import reconstruct
from .rules import rules
from .scaling import scaling
from .soak import soak
from .sweep import sweep
from .train import train
from .verilog import verilog

__all__ = ["app"]

app = typer.Typer(
    cls=OneLineErrors,
    help="An FPGA core that learns: train it, simulate it, and check it against the golden model.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for name, command in (
    ("presets", presets),
    ("info", info),
    ("fetch", fetch),
    ("train", train),
    ("eval", evaluate_run),
    ("reconstruct", reconstruct),
    ("generate", generate),
    ("sweep", sweep),
    ("plot", plot),
    ("ranges", ranges),
    ("layers", layers),
    ("rules", rules),
    ("scaling", scaling),
    ("compare", compare),
    ("cosim", cosim),
    ("formal", formal),
    ("fuzz", fuzz),
    ("coverage", coverage),
    ("mutation", mutation),
    ("soak", soak),
    ("verilog", verilog),
    ("build", build),
    ("program", program),
    ("demo", demo),
):
    app.command(name)(command)

if __name__ == "__main__":
    app()
