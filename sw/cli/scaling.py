"""``onward scaling``."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.hw.spec.presets import load_preset

from .options import DatasetName, Folder, JsonFile, PresetName, Seed
from .report import check_folder, check_target, write_json
from .rules import RuleNames, RuleSettings, chosen_rules

if TYPE_CHECKING:
    from onward.sw.driver.rules import Parameters
    from onward.sw.golden.sample import Batch

__all__ = ["scaling"]

Place = tuple[str, int]


def scaling(
    preset: PresetName,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of table, picture and JSON.")],
    names: RuleNames = None,
    widths: Annotated[str, typer.Option(metavar="N,N", help="Units of each hidden layer.")] = "64,128,256,512,1024",
    depths: Annotated[str, typer.Option(metavar="N,N", help="Hidden layers.")] = "1,2,3,4,6,8",
    lanes: Annotated[str, typer.Option(metavar="N,N", help="Lanes.")] = "16,32,64,128,256",
    check: Annotated[
        list[str] | None,
        typer.Option("--check", metavar="AXIS=N", help="A place to count on the simulated board, too; several times."),
    ] = None,
    dataset: DatasetName = "mnist-small",
    warm: Annotated[int, typer.Option(min=0, help="Training images to learn before costs are counted.")] = 1000,
    count: Annotated[int, typer.Option(min=1, help="Training images to count costs on, those after.")] = 100,
    seed: Seed = 0,
    settings: RuleSettings = None,
    folder: Folder = None,
    json_file: JsonFile = None,
) -> None:
    """Show how each rule's costs grow with width, depth and lanes: table, picture and JSON in DIR."""
    from onward.sw.cli.rule_pictures import draw_scaling
    from onward.sw.cli.scaling_report import growth_rows, markdown
    from onward.sw.cli.training import count_images, load_fitted
    from onward.sw.driver.files import write_file
    from onward.sw.golden.sample import Batch
    from onward.sw.studies.scaling import AXES, FIGURES

    check_target(json_file)
    check_folder(out)
    config = load_preset(preset)
    chosen = chosen_rules(names, settings)
    given = {"width": widths, "depth": depths, "lanes": lanes}
    places = [(axis, value) for axis, text in given.items() for value in _numbers(axis, text)]
    checks = [_place(text) for text in check or ()]
    cores = {place: _core(config, place, chosen) for place in dict.fromkeys([*places, *checks])}
    data = load_fitted(dataset, folder, config)
    total = count_images(warm + count, len(data.train_labels), "training")
    batch = Batch.from_images(data.train_images[:total], data.train_labels[:total])
    # Points that are there, of this or another command into the same folder, are not measured again.
    measure = partial(_measure, out / "points", cores=cores, chosen=chosen, batch=batch, count=count, seed=seed)
    points, checked = measure(places, board="golden"), measure(checks, board="sim")
    figures: dict[str, Any] = {
        "preset": preset,
        "digest": config.digest,
        "inputs": config.inputs,
        "hidden": list(config.hidden),
        "lanes": config.lanes,
        "dataset": dataset,
        "warm": warm,
        "count": count,
        "seed": seed,
        "rules": list(chosen),
        "axes": AXES,
        "figures": FIGURES,
        "points": points,
        "checks": [point for point in checked if not point["error"]],
    }
    figures["growth"] = growth_rows(figures)
    page = markdown(figures)
    write_json(out / "scaling.json", figures)
    write_json(json_file, figures)
    write_file(out / "scaling.md", page.encode())
    draw_scaling(out / "scaling.png", figures)
    typer.echo(page)
    if any(point["differences"] for point in figures["checks"]):
        typer.echo("NOT EQUAL to the golden model", err=True)
        raise typer.Exit(1)


def _numbers(axis: str, text: str) -> list[int]:
    """Rising places of an axis, with commas between; none of an empty text."""
    try:
        values = [int(part) for part in text.split(",")] if text else []
    except ValueError:
        values = [0]
    if any(value < 1 for value in values) or sorted(set(values)) != values:
        raise ConfigError(f"places of the axis {axis} must be rising whole numbers such as 1,2,4, not {text!r}")
    return values


def _place(text: str) -> Place:
    """A place in words, such as ``width=64``."""
    axis, _, value = text.partition("=")
    if not value.isdecimal():
        raise ConfigError(f"--check takes AXIS=N, such as width=64, not {text!r}")
    return axis, int(value)


def _core(config: CoreConfig, place: Place, chosen: dict[str, Parameters]) -> tuple[CoreConfig, dict[str, str]]:
    """The core at a place, for all rules that fit one, and why others do not."""
    from onward.sw.studies.scaling import sized_core, varied

    core, unfit = sized_core(varied(config, *place), chosen)
    if len(unfit) == len(chosen):
        raise ConfigError(f"no rule fits {place[0]} {place[1]}: {'; '.join(unfit.values())}")
    return core, unfit


def _measure(
    kept: Path,
    places: list[Place],
    *,
    cores: dict[Place, tuple[CoreConfig, dict[str, str]]],
    chosen: dict[str, Parameters],
    batch: Batch,
    count: int,
    seed: int,
    board: str,
) -> list[dict[str, Any]]:
    """The figures of each rule at each place, from the folder ``kept`` if they are there."""
    from onward.sw.cli.progress import progress_bar
    from onward.sw.driver.files import write_file
    from onward.sw.studies.scaling import point_costs, point_key

    points: list[dict[str, Any]] = []
    each = len(batch) + count
    with progress_bar(f"costs on {board}", each * len(places) * len(chosen)) as advance:
        for axis, value in places:
            core, unfit = cores[axis, value]
            for rule, parameters in chosen.items():
                done = each * len(points)

                def show(samples: int, done: int = done, what: str = f"{axis} {value}, {rule}") -> None:
                    advance(done + samples, what)

                point: dict[str, Any] = {"axis": axis, "value": value, "rule": rule, "error": unfit.get(rule)}
                if rule not in unfit:
                    path = kept / f"{point_key(core, rule, parameters, batch, count, seed, board)}.json"
                    if not path.exists():
                        costs = point_costs(core, rule, parameters, batch, count, seed, board, show)
                        kept.mkdir(parents=True, exist_ok=True)
                        write_file(path, json.dumps(costs).encode())
                    point |= json.loads(path.read_text())
                points.append(point)
    return points
