"""``onward train``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onward.hw.spec.config import ConfigError
from onward.hw.spec.presets import load_preset

from .options import BoardName, DatasetName, Folder, JsonFile, RuleName, Seed, Settings
from .report import RunError, check_new, check_target, print_table, write_json

if TYPE_CHECKING:
    from onward.sw.data.datasets import Dataset
    from onward.sw.driver.plan import Plan
    from onward.sw.driver.renewal import Renewal

__all__ = ["IfLost", "train"]


class IfLost(StrEnum):
    """What to do when the board has been lost."""

    STOP = "stop"
    RELOAD = "reload"


def train(
    context: typer.Context,
    preset: Annotated[
        str | None, typer.Option(metavar="P", help="A preset's name, or the path of a .toml file.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="RUN", help="The folder to make; it must not exist.")
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN", help="Instead of a new training, go on with one that was killed; no other options."
        ),
    ] = None,
    rule: RuleName = "ff",
    board: BoardName = "golden",
    dataset: DatasetName = "mnist",
    samples: Annotated[
        int | None, typer.Option(min=1, help="Training images to use, the first ones; all if left out.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="How often to use each of them.")] = 1,
    seed: Seed = 0,
    test: Annotated[
        int | None,
        typer.Option(min=1, help="Test images to classify; if left out, all, but with --validation none."),
    ] = None,
    validation: Annotated[
        int, typer.Option(metavar="N", min=0, help="Hold out the last N training images, to validate on.")
    ] = 0,
    validate_every: Annotated[int, typer.Option(metavar="E", min=1, help="Epochs between validations.")] = 1,
    rate: Annotated[float | None, typer.Option(help="Learning rate of the layers at the start.")] = None,
    readout_rate: Annotated[float | None, typer.Option(help="Learning rate of the readout at the start.")] = None,
    schedule: Annotated[
        str, typer.Option(help="How all rates fall: linear, cosine, exponential, or constant.")
    ] = "linear",
    final: Annotated[float, typer.Option(help="Factor that all rates fall to.")] = 0.05,
    settings: Settings = None,
    jitter: Annotated[int, typer.Option(min=0, help="Pixels to shift training images by, at random.")] = 0,
    jitter_until: Annotated[
        float, typer.Option(help="Share of the epochs after which they are no longer shifted.")
    ] = 0.85,
    checkpoint_every: Annotated[int, typer.Option(metavar="E", min=1, help="Epochs between checkpoints.")] = 1,
    if_lost: Annotated[
        IfLost, typer.Option(help="When the board is reset or unplugged: stop, or reload it and go on.")
    ] = IfLost.STOP,
    tensorboard: Annotated[bool, typer.Option("--tensorboard", help="Write event files to RUN/tensorboard.")] = False,
    folder: Folder = None,
    json: JsonFile = None,
) -> None:
    """Train a network and test it: checkpoint, metrics and learning curve in RUN."""
    # Imported here, as in other commands that compute: they take a second, which the others need not wait for.
    from onward.sw.cli.training import chosen_parameters, count_images, load_fitted
    from onward.sw.driver.event_log import EventLog
    from onward.sw.driver.plan import Plan, dataset_sha256
    from onward.sw.driver.recipe import Recipe

    given = _given(context)
    check_target(json)
    if resume:
        _report(resume, _take_up(resume, given, if_lost), json)
        return
    if preset is None or out is None:
        raise RunError("a new training needs --preset and --out; one that was killed, --resume")
    if schedule == "constant" and "final" in given:
        raise ConfigError("--final has no meaning with a constant schedule")
    check_new(out)
    if tensorboard:
        EventLog.check()
    config = load_preset(preset)
    parameters = chosen_parameters(rule, settings, rate=rate, readout_rate=readout_rate)
    data = load_fitted(dataset, folder, config)
    images = count_images(samples, len(data.train_labels) - validation, "training")
    # Whoever validates is choosing something: the test set is for what was chosen.
    tested = 0 if validation and test is None else count_images(test, len(data.test_labels), "test")
    plan = Plan(
        config=config,
        recipe=Recipe(rule, images, images * epochs, parameters, seed, final, jitter, jitter_until, schedule),
        dataset=dataset,
        dataset_sha256=dataset_sha256(data),
        folder=str(folder.absolute()) if folder else None,
        board=board,
        validation=validation,
        validate_every=validate_every,
        checkpoint_every=checkpoint_every,
        test=tested,
        tensorboard=tensorboard,
    )
    _report(out, _begin(out, plan, data, if_lost), json)


def _begin(out: Path, plan: Plan, data: Dataset, if_lost: IfLost) -> dict[str, Any]:
    """Train in a new folder."""
    from onward.sw.cli.running import carry_out
    from onward.sw.driver.run_folder import RunFolder

    with _interruptible(out), _boards(plan.board, plan, if_lost) as boards, RunFolder.create(out, plan) as run:
        return carry_out(run, boards, data)


def _take_up(path: Path, given: dict[str, Any], if_lost: IfLost) -> dict[str, Any]:
    """Go on with a training that was killed."""
    from onward.sw.cli.progress import note
    from onward.sw.cli.resume import check_agreement
    from onward.sw.cli.running import carry_out
    from onward.sw.cli.training import load_fitted
    from onward.sw.driver.event_log import EventLog
    from onward.sw.driver.plan import dataset_sha256
    from onward.sw.driver.run_folder import RunFolder

    with _interruptible(path), RunFolder.open(path) as run:
        plan = run.plan
        check_agreement(path, plan, given)
        if plan.tensorboard:
            EventLog.check()
        folder = given.get("folder") or (Path(plan.folder) if plan.folder else None)
        data = load_fitted(plan.dataset, folder, plan.config)
        if dataset_sha256(data) != plan.dataset_sha256:
            raise RunError(f"{path}: {plan.dataset} is not what the training began with, its sha256 differs")
        checkpoint = run.latest(note)
        with _boards(given.get("board", plan.board), plan, if_lost) as boards:
            run.take_up()
            return carry_out(run, boards, data, checkpoint)


def _boards(name: str, plan: Plan, if_lost: IfLost) -> Renewal:
    from onward.sw.cli.progress import note
    from onward.sw.driver.board import Board
    from onward.sw.driver.renewal import Renewal

    return Renewal(lambda: Board.open(name, plan.config), if_lost is IfLost.RELOAD, note)


def _given(context: typer.Context) -> dict[str, Any]:
    """The options that were on the command line."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return {name: context.params[name] for name, source in sources.items() if source and source.name == "COMMANDLINE"}


@contextmanager
def _interruptible(path: Path) -> Iterator[None]:
    """Say what is left when the user stops the block with Ctrl-C, or when the board has been lost."""
    from onward.sw.driver.frames import DeviceLost

    def rest() -> str:
        return f"onward train --resume {path} continues" if path.exists() else "nothing is left of it"

    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"onward: interrupted; {rest()}", err=True)
        raise typer.Exit(130) from None
    except DeviceLost as error:
        raise DeviceLost(f"{error}; {rest()}") from None


def _report(path: Path, figures: dict[str, Any], json: Path | None) -> None:
    """Write and print the figures that people look at first."""
    write_json(json, figures)
    rows = [("samples", f"{figures['samples']:,}")]
    for kind in ("validation", "test"):
        if figures[f"{kind}_samples"]:
            rows += [
                (f"{kind} images", f"{figures[f'{kind}_samples']:,}"),
                (f"{kind} error, goodness", f"{figures[f'{kind}_error_goodness']:.2f} %"),
                (f"{kind} error, readout", f"{figures[f'{kind}_error_readout']:.2f} %"),
            ]
    if not figures["test_samples"]:
        rows.append(("test images", "none looked at"))
    if figures["cycles"]:
        rows += [
            ("cycles a sample", f"{figures['cycles_per_sample']:,.0f}"),
            ("multiplier use", f"{100 * figures['mac_utilisation']:.0f} %"),
            (f"samples/s at {figures['clock_mhz']:g} MHz", f"{figures['samples_per_s']:,.0f}"),
        ]
    for kind, done in (("reads", "read"), ("writes", "written")):
        if figures[f"row_{kind}"] is not None:
            rows.append((f"weight rows {done} a sample", f"{figures[f'row_{kind}_per_sample']:,.1f}"))
    rows += [
        ("samples/s here", f"{figures['host_samples_per_s']:,.0f}"),
        ("saturations", ", ".join(f"{name} {count}" for name, count in figures["saturations"].items())),
        ("weights", figures["weights_sha256"][:16]),
    ]
    print_table(f"{path}: {figures['rule']} on {figures['dataset']}, {figures['preset']}", rows)
