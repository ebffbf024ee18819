"""``onward rules``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from onward.hw.spec.config import ConfigError
from onward.hw.spec.presets import load_preset

from .options import DatasetName, Folder, JsonFile, PresetName, Seed
from .report import RunError, check_folder, check_target, write_json

if TYPE_CHECKING:
    from onward.sw.driver.plan import Plan
    from onward.sw.driver.rules import Parameters

__all__ = ["RuleNames", "RuleSettings", "chosen_rules", "rules"]

RuleNames = Annotated[
    str | None, typer.Option("--rules", metavar="R,R", help="Learning rules, with commas between; all if left out.")
]
RuleSettings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="RULE.NAME=VALUE", help="A parameter of a rule; may be given several times."),
]


def rules(
    preset: PresetName,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the results; what it has is kept.")],
    names: RuleNames = None,
    dataset: DatasetName = "mnist",
    samples: Annotated[
        int | None, typer.Option(min=1, help="Training images to use, the first ones; all if left out.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="How often to use each of them.")] = 1,
    seed: Seed = 0,
    validation: Annotated[
        int | None,
        typer.Option(metavar="V", min=1, help="Hold out the last V training images; a tenth if left out."),
    ] = None,
    test: Annotated[int | None, typer.Option(min=1, help="Test images to classify; all if left out.")] = None,
    jitter: Annotated[int, typer.Option(min=0, help="Pixels to shift training images by, at random.")] = 0,
    final: Annotated[float, typer.Option(help="Factor that all rates fall to.")] = 0.05,
    settings: RuleSettings = None,
    count: Annotated[int, typer.Option(min=1, help="Training images to count costs on, the first ones.")] = 200,
    board: Annotated[
        str,
        typer.Option("--board", metavar="B", help="Where costs are counted: sim; golden knows no cycles and bytes."),
    ] = "sim",
    folder: Folder = None,
    json: JsonFile = None,
) -> None:
    """Train by several rules on the same images, and count what each costs: table, picture and JSON in DIR."""
    from onward.sw.cli.rule_pictures import draw_rules
    from onward.sw.cli.rule_report import markdown, table
    from onward.sw.cli.rule_runs import check_run, rule_costs, train_rule
    from onward.sw.cli.training import count_images, load_fitted
    from onward.sw.driver.costs import counted_board
    from onward.sw.driver.files import write_file
    from onward.sw.driver.plan import Plan, dataset_sha256
    from onward.sw.driver.recipe import Recipe
    from onward.sw.driver.rules import find_rule

    check_target(json)
    check_folder(out)
    config = load_preset(preset)
    chosen = chosen_rules(names, settings)
    data = load_fitted(dataset, folder, config)
    held = len(data.train_labels) // 10 if validation is None else validation
    images = count_images(samples, len(data.train_labels) - held, "training")
    count_images(count, images, "training")
    tested = count_images(test, len(data.test_labels), "test")
    plans: dict[str, Plan] = {}
    unfit: dict[str, str] = {}
    for rule, parameters in chosen.items():
        try:
            find_rule(rule).build(config, parameters)
            find_rule(rule).build_inference(config, parameters)
        except ConfigError as error:
            unfit[rule] = str(error)
            continue
        recipe = Recipe(rule, images, images * epochs, parameters, seed, final, jitter)
        place = str(folder.absolute()) if folder else None
        plans[rule] = plan = Plan(config, recipe, dataset, dataset_sha256(data), place, validation=held, test=tested)
        check_run(out / rule, plan)
    if not plans:
        raise ConfigError(f"no rule fits: {'; '.join(unfit.values())}")
    # Now, rather than after the trainings: it may have to be built, and cannot be everywhere.
    with counted_board(board, config):
        pass
    rows: list[dict[str, Any]] = []
    try:
        for rule in chosen:
            if rule in unfit:
                rows.append({"rule": rule, "error": unfit[rule]})
                continue
            metrics = train_rule(out / rule, plans[rule], data)
            rows.append(_row(metrics) | {"costs": rule_costs(out / rule, board, data, count)})
    except KeyboardInterrupt:
        typer.echo("onward: interrupted; the same command goes on", err=True)
        raise typer.Exit(130) from None
    figures = {
        "preset": preset,
        "digest": config.digest,
        "inputs": config.inputs,
        "hidden": list(config.hidden),
        "lanes": config.lanes,
        "weight_bits": config.weight_bits,
        "dataset": dataset,
        "images": images,
        "epochs": epochs,
        "seed": seed,
        "final": final,
        "jitter": jitter,
        "validation_samples": held,
        "test_samples": tested,
        "cost_samples": count,
        "cost_board": board,
        "rules": rows,
    }
    write_json(out / "rules.json", figures)
    write_json(json, figures)
    write_file(out / "rules.md", markdown(figures).encode())
    draw_rules(out / "rules.png", figures)
    _print(str(out), table(figures))
    for row in rows:
        if row.get("error"):
            typer.echo(f"onward: {row['rule']}: does not fit: {row['error']}", err=True)
    wrong = {row["rule"]: row["costs"]["differences"] for row in rows if "costs" in row and row["costs"]["differences"]}
    if wrong:
        for rule, names_of in wrong.items():
            typer.echo(f"NOT EQUAL to the golden model: {rule}: {', '.join(names_of)}", err=True)
        raise typer.Exit(1)


def chosen_rules(names: str | None, settings: list[str] | None) -> dict[str, Parameters]:
    """Rules by name, in the order asked for, with their parameters.

    Raises
    ------
    ConfigError
        For an unknown rule or parameter, a value that is none, or a setting of a rule that is not asked for.
    """
    from onward.sw.cli.training import chosen_parameters
    from onward.sw.driver.rules import RULES, find_rule

    wanted = [find_rule(name).name for name in names.split(",")] if names is not None else list(RULES)
    if len(set(wanted)) < len(wanted):
        raise RunError(f"--rules names a rule twice: {names}")
    given: dict[str, list[str]] = {name: [] for name in wanted}
    for setting in settings or ():
        name, dot, rest = setting.partition(".")
        if not dot or "=" not in rest:
            raise ConfigError(f"--set takes RULE.NAME=VALUE, such as ff.rate=0.1, not {setting!r}")
        if find_rule(name).name not in given:
            raise ConfigError(f"--set {setting}: rule {name} is none of {', '.join(given)}")
        given[name].append(rest)
    return {name: chosen_parameters(name, rest) for name, rest in given.items()}


def _row(metrics: dict[str, Any]) -> dict[str, Any]:
    """What the comparison keeps of a run."""
    curve = metrics["validation_curve"]
    return {
        "rule": metrics["rule"],
        "error": None,
        "parameters": metrics["parameters"],
        "samples": metrics["samples"],
        "samples_first": curve[0]["samples"],
        "validation_error_goodness_first": curve[0]["validation_error_goodness"],
        "validation_error_readout_first": curve[0]["validation_error_readout"],
        "validation_error_goodness": metrics["validation_error_goodness"],
        "validation_error_readout": metrics["validation_error_readout"],
        "test_error_goodness": metrics["test_error_goodness"],
        "test_error_readout": metrics["test_error_readout"],
        "host_samples_per_s": metrics["host_samples_per_s"],
        "weights_sha256": metrics["weights_sha256"],
        "validation_curve": curve,
    }


def _print(title: str, cells: list[list[str]]) -> None:
    """The table: the first row names the columns."""
    printed = Table(title=Text(f"{title}: a sample each"), title_justify="left")
    for number, name in enumerate(cells[0]):
        printed.add_column(Text(name), justify="right" if number else "left")
    for row in cells[1:]:
        printed.add_row(*map(Text, row))
    Console().print(printed)
