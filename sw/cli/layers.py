"""``onward layers``."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.presets import load_preset

from .options import BoardName, DatasetName, Folder, JsonFile, PresetName, Seed, Settings
from .report import check_target, print_table, write_json

if TYPE_CHECKING:
    from onward.sw.data.datasets import Dataset
    from onward.sw.driver.layers import LayerTraining
    from onward.sw.driver.recipe import Recipe
    from onward.sw.driver.trainer import Evaluation

__all__ = ["layers"]


class Mode(StrEnum):
    """How layers are trained apart."""

    PIPELINE = "pipeline"
    SEQUENTIAL = "sequential"


def layers(
    preset: PresetName,
    mode: Annotated[
        Mode, typer.Option(help="Each layer on a core of its own at the same time, or one after the other on one core.")
    ] = Mode.PIPELINE,
    board: BoardName = "golden",
    dataset: DatasetName = "mnist-small",
    samples: Annotated[
        int | None, typer.Option(min=1, help="Training images to use, the first ones; all if left out.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="How often to use each of them.")] = 1,
    seed: Seed = 0,
    test: Annotated[int | None, typer.Option(min=1, help="Test images to classify; all if left out.")] = None,
    final: Annotated[float, typer.Option(help="Factor that all rates fall to.")] = 0.05,
    settings: Settings = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Do the same on the golden model: exit code 1 if any weight differs.")
    ] = False,
    folder: Folder = None,
    json: JsonFile = None,
) -> None:
    """Train the layers of a forward-forward network apart from each other, and test the network that they make."""
    from onward.sw.cli.training import chosen_parameters, count_images, load_fitted
    from onward.sw.driver.layer_figures import layer_figures
    from onward.sw.driver.metrics import evaluation_figures
    from onward.sw.driver.recipe import Recipe
    from onward.sw.driver.stages import stage_core

    check_target(json)
    config = stage_core(load_preset(preset))
    parameters = chosen_parameters("ff", settings)
    data = load_fitted(dataset, folder, config)
    images = count_images(samples, len(data.train_labels), "training")
    tested = count_images(test, len(data.test_labels), "test")
    recipe = Recipe("ff", images, images * epochs, parameters, seed, final)
    training = _train(config, mode, board, recipe, data)
    different = _differences(training, _train(config, mode, "golden", recipe, data)) if verify else []
    evaluation = _test(config, training, recipe, data, tested)
    figures = {
        "mode": str(mode),
        "preset": preset,
        "hidden": list(config.hidden),
        "board": board,
        "dataset": data.name,
        "images": images,
        "epochs": epochs,
        "seed": seed,
        "parameters": asdict(parameters),
        "final": final,
        "equal_golden": not different if verify else None,
        **evaluation_figures(evaluation),
        **layer_figures(config, training, mode is Mode.SEQUENTIAL),
    }
    write_json(json, figures)
    _report(figures)
    if different:
        typer.echo(f"NOT EQUAL to the golden model: layer {', '.join(map(str, different))}")
        raise typer.Exit(1)


def _train(config: CoreConfig, mode: Mode, board: str, recipe: Recipe, data: Dataset) -> LayerTraining:
    """Train on boards called ``board``: one a layer, or one for all."""
    from onward.sw.cli.progress import progress_bar
    from onward.sw.driver.board import Board
    from onward.sw.driver.layers import train_in_turn, train_pipeline

    with ExitStack() as stack:
        count = len(config.hidden) if mode is Mode.PIPELINE else 1
        boards = [stack.enter_context(Board.open(board, config)) for _ in range(count)]
        advance = stack.enter_context(progress_bar(f"{mode} on {board}", recipe.samples))

        def watch(what: str, done: int) -> None:
            advance(done, what)

        if mode is Mode.PIPELINE:
            return train_pipeline(boards, recipe, data.train_images, data.train_labels, watch)
        return train_in_turn(boards[0], recipe, data.train_images, data.train_labels, watch)


def _differences(training: LayerTraining, golden: LayerTraining) -> list[int]:
    """Layers whose weights, counts or guesses differ."""
    different = []
    for ours, theirs in zip(training.stages, golden.stages, strict=True):
        counted = [name for name in ours.counters if name != "cycles"]
        same = all(ours.counters[name] == theirs.counters[name] for name in counted)
        if not same or ours.weights.tobytes() != theirs.weights.tobytes():
            different.append(ours.stage.number)
    if training.guesses.tolist() != golden.guesses.tolist() and 1 not in different:
        different.insert(0, 1)
    return different


def _test(config: CoreConfig, training: LayerTraining, recipe: Recipe, data: Dataset, count: int) -> Evaluation:
    """Classify test images by the whole network, put together, on the golden model."""
    from onward.sw.driver.board import Board
    from onward.sw.driver.stages import merge_weights, whole_core
    from onward.sw.driver.trainer import evaluate

    with Board.open("golden", whole_core(config)) as whole:
        program = recipe.method.build_inference(whole.config, recipe.parameters)
        programs, rows = zip(*((stage.program, stage.weights) for stage in training.stages), strict=True)
        whole.write_weights(merge_weights(program, programs, rows))
        return evaluate(whole, program, data.test_images[:count], data.test_labels[:count])


def _report(figures: dict[str, Any]) -> None:
    """Print the figures that people look at first."""
    rows = [
        ("samples", f"{figures['samples']:,}"),
        ("test error, goodness", f"{figures['test_error_goodness']:.2f} %"),
        ("test error, readout of layer 1", f"{figures['test_error_readout']:.2f} %"),
    ]
    for stage in figures["stages"]:
        cycles = f", {stage['cycles_per_image']:,.0f} cycles an image" if stage["cycles_per_image"] else ""
        rows.append((f"layer {stage['layer']}", f"{stage['rows']:,} weight rows{cycles}"))
    rows.append(("whole network", f"{figures['rows_whole']:,} weight rows"))
    if figures["cycles_per_image"]:
        rows.append(("cycles an image", f"{figures['cycles_per_image']:,.0f}"))
    if figures["elapsed_per_image"]:
        rows.append(("with the link to the host", f"{figures['elapsed_per_image']:,.0f}"))
    if figures["stored_bytes"]:
        rows.append(("activities kept by the host", f"{figures['stored_bytes'] / 1e6:,.1f} MB"))
    if figures["equal_golden"] is not None:
        rows.append(("equal to the golden model", "yes" if figures["equal_golden"] else "NO"))
    rows.append(("samples/s here", f"{figures['host_samples_per_s']:,.0f}"))
    print_table(f"layers, {figures['mode']}, on {figures['board']}: {figures['dataset']}, {figures['preset']}", rows)
