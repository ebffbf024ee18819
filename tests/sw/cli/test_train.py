"""``onward train``: what a run leaves, and what is refused."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from onward.hw.spec.presets import PRESETS
from onward.sw.cli import running
from onward.sw.data.catalogue import CATALOGUE
from onward.sw.driver.board import Board
from onward.sw.driver.checkpoint import Checkpoint
from onward.sw.driver.metrics import rows_sha256

from ..driver.model_core import ModelCore, PtyCore
from .conftest import Run

Trained = Callable[..., dict[str, Any]]
Refused = Callable[..., str]
TRAIN = ("train", "--preset", "tiny", "--dataset", "mnist-small", "--samples", 100, "--out", "RUN")


def test_leaves_a_run(trained: Trained) -> None:
    metrics = trained("RUN", "--epochs", 2, "--seed", 5, "--json", "a.json")
    files = ["checkpoint.safetensors", "learning-curve.png", "metrics.json", "training.json"]
    assert sorted(os.listdir("RUN")) == files
    assert sorted(os.listdir()) == ["RUN", "a.json"]
    assert json.loads(Path("a.json").read_text()) == metrics
    assert Path("RUN/learning-curve.png").read_bytes().startswith(b"\x89PNG")
    expected: dict[str, Any] = {
        "preset": "tiny",
        "rule": "ff",
        "board": "golden",
        "dataset": "mnist-small",
        "hidden": [6, 5],
        "weight_bits": 14,
        "seed": 5,
        "images": 200,
        "epochs": 2,
        "samples": 400,
        "test_samples": 50,
        "schedule": "linear",
        "final": 0.05,
        "validation_samples": 0,
        "validation_error_goodness": None,
        "validation_error_readout": None,
        "validation_curve": [],
        "resumed": 0,
        "cycles": None,
        "cycles_per_sample": None,
        "mac_utilisation": None,
        "samples_per_s": None,
    }
    assert {key: metrics[key] for key in expected} == expected
    assert metrics["host_samples_per_s"] > 0
    assert set(metrics["saturations"]) == {"weight", "vector", "operand", "element"}
    assert 0 <= metrics["test_error_goodness"] < 40
    assert 0 <= metrics["test_error_readout"] < 60
    assert len(metrics["curve"]) == 100
    checkpoint = Checkpoint.load(Path("RUN/checkpoint.safetensors"), PRESETS["tiny"])
    assert rows_sha256(checkpoint.rows()) == metrics["weights_sha256"]
    assert (checkpoint.recipe.samples, checkpoint.recipe.seed) == (400, 5)


def test_same_seed_same_weights(trained: Trained) -> None:
    hashes = [trained(f"run{i}", "--seed", seed)["weights_sha256"] for i, seed in enumerate((1, 1, 2))]
    assert hashes[0] == hashes[1] != hashes[2]


def test_options_reach_the_training(trained: Trained) -> None:
    usual = trained("usual")
    options = [("--rate", 0.2), ("--readout-rate", 0.2), ("--final", 1)]
    options += [("--schedule", schedule) for schedule in ("cosine", "exponential")]
    assert usual["parameters"]["rate"] == 0.3
    assert usual["final"] == 0.05
    for i, option in enumerate(options):
        assert trained(f"run{i}", *option)["weights_sha256"] != usual["weights_sha256"]
    constant = trained("constant", "--schedule", "constant")
    assert (constant["schedule"], constant["final"]) == ("constant", 1)
    assert constant["weights_sha256"] == trained("flat", "--final", 1)["weights_sha256"]
    Path("square.toml").write_text('base = "tiny"\ninputs = 25\nrows = 200\n')
    shifted = trained("shifted", "--preset", "square.toml", "--jitter", 1)
    assert shifted["jitter"] == 1
    assert shifted["weights_sha256"] != trained("still", "--preset", "square.toml")["weights_sha256"]


def test_board_with_a_clock(trained: Trained) -> None:
    with PtyCore(ModelCore(PRESETS["tiny"]).feed) as core:
        metrics = trained("RUN", "--board", f"serial:{core.port}")
    assert metrics["weights_sha256"] == trained("golden")["weights_sha256"]
    assert metrics["cycles_per_sample"] == 100
    assert metrics["samples_per_s"] == pytest.approx(800_000)
    assert metrics["mac_utilisation"] == pytest.approx(metrics["busy_cycles"] / metrics["cycles"])
    for name in ("row_reads", "row_writes"):
        assert metrics[f"{name}_per_sample"] == pytest.approx(metrics[name] / metrics["samples"])
    # FF writes no row that it does not read, and reads them in forward passes, too.
    assert 0 < metrics["row_writes"] < metrics["row_reads"]


def test_folder_that_exists(refused: Refused, trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    trained("RUN")

    def too_late(*_: object) -> None:
        raise AssertionError("opened a board first")

    monkeypatch.setattr(Board, "open", too_late)
    assert refused(*TRAIN) == "RUN: exists already, and is not overwritten"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--preset", "huge"), "unknown preset 'huge'"),
        (("--rule", "hebb"), "unknown rule 'hebb'"),
        (("--board", "fpga"), "unknown board 'fpga': use golden, sim, serial:PORT or netlist:DIR"),
        (("--dataset", "letters"), "no data set is called 'letters'"),
        (("--dataset", "mnist"), "run `onward fetch mnist`"),
        (("--samples", 10_001), "images, not 10,001"),
        (("--test", 5000), "test images, not 5,000"),
        (("--rate", 9), "learning rates must be 0 to 8, not 9"),
        (("--final", 2), "final factor of the learning rates must be 0 to 1, not 2"),
        (("--schedule", "stairs"), "unknown schedule 'stairs': use one of linear, cosine, exponential, constant"),
        (("--schedule", "constant", "--final", 0.1), "--final has no meaning with a constant schedule"),
        (("--schedule", "exponential", "--final", 0), "an exponential schedule never comes to a final factor of 0"),
        (("--validation", 3100), "training images, not 100"),
        (("--validation", 5000), "no training images are left"),
        (("--validation", -1), "'--validation'"),
        (("--validate-every", 0), "'--validate-every'"),
        (("--checkpoint-every", 0), "'--checkpoint-every'"),
        (("--jitter", 1), "images of 20 pixels are not square and cannot be shifted"),
        (("--json", "no/a.json"), "no/a.json: its folder does not exist"),
        (("--board", "serial:/dev/nowhere"), "serial:/dev/nowhere: cannot open the port: No such file or directory"),
    ],
)
def test_refusals(refused: Refused, arguments: tuple[object, ...], reason: str) -> None:
    assert reason in refused(*TRAIN, *arguments)


def test_program_that_is_too_long(refused: Refused) -> None:
    Path("short.toml").write_text('base = "tiny"\nprogram = 100\n')
    assert "the program memory holds 100" in refused(*TRAIN, "--preset", "short.toml")


def test_silent_port(refused: Refused) -> None:
    with PtyCore(lambda data: b"") as core:
        assert "silent: no answer to IDENTIFY" in refused(*TRAIN, "--board", f"serial:{core.port}")


def test_port_that_answers_rubbish(refused: Refused) -> None:
    with PtyCore(lambda data: b"ok\r\n" * len(data)) as core:
        assert "what answers is no core" in refused(*TRAIN, "--board", f"serial:{core.port}")


def test_core_of_another_configuration(refused: Refused) -> None:
    with PtyCore(ModelCore(PRESETS["icebreaker"]).feed) as core:
        line = refused(*TRAIN, "--board", f"serial:{core.port}")
    assert "the core has lanes = 8, but configuration 'tiny' has 4" in line


@pytest.fixture
def dataset_folder(tmp_path: Path) -> Path:
    """A copy of the shipped data set's files."""
    folder = tmp_path / "data"
    shutil.copytree(CATALOGUE["mnist-small"].shipped or "", folder)
    return folder


def test_truncated_dataset(refused: Refused, dataset_folder: Path) -> None:
    path = dataset_folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:100_000])
    assert str(path) in refused(*TRAIN, "--folder", dataset_folder)


def test_wrong_dataset(refused: Refused, dataset_folder: Path) -> None:
    path = dataset_folder / "t10k-labels-idx1-ubyte.gz"
    raw = bytearray(gzip.decompress(path.read_bytes()))
    raw[-1] ^= 1
    path.write_bytes(gzip.compress(raw))
    line = refused(*TRAIN, "--folder", dataset_folder)
    assert f"{path}: sha256 of its" in line


def test_validation(trained: Trained, run: Run) -> None:
    plain = trained("plain", "--epochs", 3)
    usual = ("train", "--preset", "tiny", "--dataset", "mnist-small", "--samples", 200, "--epochs", 3)
    result = run(*usual, "--validation", 40, "--out", "a", "--json", "a.json")
    assert result.exit_code == 0
    metrics = json.loads(Path("a.json").read_text())
    assert (metrics["test_samples"], metrics["test_error_goodness"], metrics["test_error_readout"]) == (0, None, None)
    assert "none looked at" in result.stdout
    assert f"{metrics['validation_error_goodness']:.2f} %" in result.stdout
    assert metrics["validation_samples"] == 40
    assert [point["samples"] for point in metrics["validation_curve"]] == [200, 400, 600]
    for name in ("validation_error_goodness", "validation_error_readout"):
        assert metrics[name] == metrics["validation_curve"][-1][name]
    # Neither validation nor the test that is asked for changes the training.
    every = trained("b", "--epochs", 3, "--validation", 40, "--validate-every", 2)
    assert [point["samples"] for point in every["validation_curve"]] == [400, 600]
    assert every["validation_curve"] == metrics["validation_curve"][1:]
    assert every["test_samples"] == 50
    for other in (metrics, every):
        for name in ("weights_sha256", "curve", "saturations", "busy_cycles", "row_reads", "samples", "images"):
            assert other[name] == plain[name], name
    assert (every["test_error_goodness"], every["test_error_readout"]) == (
        plain["test_error_goodness"],
        plain["test_error_readout"],
    )


def test_test_set_is_not_looked_at_with_validation(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(*_: object) -> None:
        raise AssertionError("looked at the test set")

    monkeypatch.setattr(running, "test_network", look)
    assert run(*TRAIN, "--validation", 40).exit_code == 0
    with pytest.raises(AssertionError, match="looked at the test set"):
        run(*TRAIN, "--out", "other", "--validation", 40, "--test", 10)


def test_options_that_a_new_training_needs(refused: Refused) -> None:
    expected = "a new training needs --preset and --out; one that was killed, --resume"
    assert refused("train") == refused("train", "--preset", "tiny") == refused("train", "--out", "RUN") == expected


def test_tensorboard(trained: Trained) -> None:
    metrics = trained("RUN", "--epochs", 2, "--validation", 40, "--tensorboard")
    events = EventAccumulator("RUN/tensorboard")
    events.Reload()
    scalars = {tag: [(each.step, each.value) for each in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    assert [step for step, _ in scalars["training/error"]] == list(range(20, 401, 20))
    assert [value for _, value in scalars["training/error"][::2]] != [
        value for _, value in scalars["training/error"][1::2]
    ]
    assert scalars["training/rate_factor"][-1][1] == pytest.approx(0.05)
    assert scalars["saturations/operand"][-1] == (400, metrics["saturations"]["operand"])
    assert min(value for _, value in scalars["training/samples_per_s"]) > 0
    points = [(point["samples"], point["validation_error_readout"]) for point in metrics["validation_curve"]]
    assert scalars["validation/error_readout"] == [(samples, pytest.approx(error)) for samples, error in points]


def test_missing_tensorboard(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    assert "pip install 'onward[tensorboard]'" in refused(*TRAIN, "--tensorboard")


def test_failure_before_a_checkpoint_leaves_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device", "x.safetensors")

    monkeypatch.setattr(Checkpoint, "save", fail)
    result = run(*TRAIN, "--out", "a/RUN", "--json", "a.json", "--tensorboard")
    assert result.exit_code == 2
    assert result.stderr == "onward: x.safetensors: No space left on device\n"
    assert not os.listdir()
