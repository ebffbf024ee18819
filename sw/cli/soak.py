"""``onward soak``."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from onward.hw.spec.presets import load_preset

from .options import JsonFile, Markdown, Seed
from .report import check_target, print_table, write_json

__all__ = ["soak"]

_RESET_IMAGES, _KILL_IMAGES = 500, 50
_KILL_EPOCHS = 40


def soak(
    preset: Annotated[str, typer.Option(metavar="P", help="A preset's name, or the path of a .toml file.")] = "tiny",
    samples: Annotated[int, typer.Option(min=1, help="To train on over the bad line.")] = 10_000,
    damaged: Annotated[float, typer.Option(min=0, max=1, help="Share of its frames that something happens to.")] = 0.01,
    resets: Annotated[int, typer.Option(min=0, help="How often to reset the board: once an epoch.")] = 20,
    kills: Annotated[int, typer.Option(min=0, help="How often to kill the training process.")] = 20,
    kill_epochs: Annotated[int, typer.Option(min=1, help="Epochs of each training that is killed.")] = _KILL_EPOCHS,
    seed: Seed = 0,
    markdown: Markdown = None,
    json: JsonFile = None,
) -> None:
    """Train over a bad line, on a board that is reset, and in processes that are killed: exit code 1 if it matters."""
    from onward.sim.document import update_section
    from onward.sw.cli.progress import progress_bar
    from onward.sw.cli.training import load_fitted
    from onward.sw.driver.plan import Plan, dataset_sha256
    from onward.sw.driver.recipe import Recipe
    from onward.sw.driver.rules import find_rule
    from onward.sw.soak.kills import try_kills
    from onward.sw.soak.line import try_line
    from onward.sw.soak.markdown import section
    from onward.sw.soak.resets import try_resets

    for target in (json, markdown):
        check_target(target)
    config = load_preset(preset)
    data = load_fitted("mnist-small", None, config)
    parameters = find_rule("ff").parameters
    report: dict[str, Any] = {"preset": config.name, "digest": config.digest, "seed": seed}
    began = time.monotonic()

    images = min(samples, len(data.train_labels))
    with progress_bar("bad line", samples) as advance:
        line = try_line(config, Recipe("ff", images, samples, parameters, seed), data, damaged, seed, advance)
    report["line"] = line.figures() | {"seconds": _since(began)}
    faults = ", ".join(f"{kind} {count:,}" for kind, count in sorted(line.faults.items()))
    repaired = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in line.repaired.items())
    print_table(
        f"{line.samples:,} FF samples on {config.name}, UART, {100 * damaged:g} % of the frames damaged",
        [
            ("frames", f"{line.frames:,}"),
            ("faults", f"{sum(line.faults.values()):,}: {faults}"),
            ("noticed", repaired),
            ("samples used", f"{line.used:,}"),
            ("weights, clean line", line.clean[:16]),
            ("weights, bad line", line.found[:16]),
            ("passed", _yes(line.passed)),
        ],
    )

    passed = line.passed
    if resets:
        plan = Plan(
            config=config,
            recipe=Recipe("ff", _RESET_IMAGES, resets * _RESET_IMAGES, parameters, seed),
            dataset=data.name,
            dataset_sha256=dataset_sha256(data),
            folder=None,
            board="sim",
            validation=0,
            validate_every=1,
            checkpoint_every=1,
            test=0,
            tensorboard=False,
        )
        begun = time.monotonic()
        with progress_bar("resets", plan.recipe.samples) as advance:
            lost = try_resets(plan, data, resets, seed, advance)
        report["resets"] = lost.figures() | {"seconds": _since(begun)}
        passed &= lost.passed
        print_table(
            f"{lost.samples:,} FF samples on {config.name}, board reset at random moments",
            [
                ("resets", f"{lost.resets:,}"),
                ("weights, no reset", lost.clean[:16]),
                ("weights, resets", lost.found[:16]),
                ("passed", _yes(lost.passed)),
            ],
        )

    if kills:
        options = ["--preset", preset, "--dataset", "mnist-small", "--samples", str(_KILL_IMAGES), "--test", "50"]
        options += ["--epochs", str(kill_epochs), "--seed", str(seed)]
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="onward-soak-") as folder, progress_bar("kills", kills) as advance:
            killed = try_kills(config, options, kills, seed, Path(folder), advance)
        report["kills"] = killed.figures() | {"seconds": _since(begun)}
        passed &= killed.passed
        print_table(
            f"{_KILL_IMAGES * kill_epochs:,} FF samples on {config.name}, UART, process killed at random moments",
            [
                ("SIGKILLs while at work", f"{killed.kills:,}"),
                ("resumed", f"{killed.resumed:,}"),
                ("trainings to their end", f"{killed.trainings:,}"),
                ("weights, never killed", killed.clean[:16]),
                ("weights, killed", ", ".join(sorted({each[:16] for each in killed.found})) or "none"),
                *([("trouble", killed.trouble)] if killed.trouble else []),
                ("passed", _yes(killed.passed)),
            ],
        )

    report |= {"passed": passed, "seconds": _since(began)}
    write_json(json, report)
    if markdown:
        update_section(markdown, "soak", section(report))
    typer.echo(f"soak: {'passed' if passed else 'FAILED'}, {_since(began):.0f} s")
    if not passed:
        raise typer.Exit(1)


def _since(moment: float) -> float:
    return round(time.monotonic() - moment, 1)


def _yes(passed: bool) -> str:
    return "yes" if passed else "NO"
