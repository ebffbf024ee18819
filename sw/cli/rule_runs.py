"""The runs of a comparison of rules: each a folder as ``onward train`` makes it, done once, resumed if killed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from onward.sw.data.datasets import Dataset
from onward.sw.driver.board import Board
from onward.sw.driver.files import write_file
from onward.sw.driver.plan import Plan
from onward.sw.driver.renewal import Renewal
from onward.sw.driver.run_folder import RunFolder
from onward.sw.golden.sample import Batch
from onward.sw.studies.rule_costs import RuleCosts

from .network import load_network
from .progress import note, progress_bar
from .report import RunError
from .running import carry_out

__all__ = ["check_run", "rule_costs", "train_rule"]

_PLAN, _METRICS, _COSTS = "training.json", "metrics.json", "costs.json"


def check_run(path: Path, plan: Plan) -> None:
    """Raise RunError if ``path`` is a run of another plan, or no run at all."""
    if not path.exists():
        return
    try:
        found = json.loads((path / _PLAN).read_text())
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: is no run that this command has made: {error}") from None
    wanted = json.loads(json.dumps(plan.to_values()))
    # Where the data set's files were found does not matter: their sha256 is compared.
    differ = [name for name in wanted if name != "folder" and found.get(name) != wanted[name]]
    if differ:
        raise RunError(f"{path}: was made with another {', '.join(differ)}: choose another --out, or remove it")


def train_rule(path: Path, plan: Plan, data: Dataset) -> dict[str, Any]:
    """The metrics of the run in ``path``: those that are there, or else after training, from its last checkpoint if it
    was killed."""
    if (path / _METRICS).exists():
        metrics: dict[str, Any] = json.loads((path / _METRICS).read_text())
        return metrics
    if path.exists():
        with RunFolder.open(path) as run:
            checkpoint = run.latest(note)
            with _boards(plan) as boards:
                run.take_up()
                return carry_out(run, boards, data, checkpoint)
    with _boards(plan) as boards, RunFolder.create(path, plan) as run:
        return carry_out(run, boards, data)


def _boards(plan: Plan) -> Renewal:
    return Renewal(lambda: Board.open(plan.board, plan.config), renew=True, warn=note)


def rule_costs(path: Path, board: str, data: Dataset, count: int) -> dict[str, Any]:
    """Costs of the network in ``path`` on the first ``count`` training images; kept there, and measured once."""
    checkpoint = load_network(path)
    recipe, config = checkpoint.recipe, checkpoint.config
    factor = recipe.steps()[-1].factor
    costs = RuleCosts(config, recipe.method, recipe.parameters.scaled(factor))
    rows = checkpoint.rows()
    batch = Batch.from_images(data.train_images[:count], data.train_labels[:count])
    # What they follow from: weights, programs, images.
    parts = [rows.tobytes(), repr((asdict(config), board, recipe.seed)).encode(), batch.value.tobytes()]
    parts += [repr(program.words()).encode() for program in costs.programs().values()]
    key = hashlib.sha256(b"".join(parts)).hexdigest()
    try:
        kept: dict[str, Any] = json.loads((path / _COSTS).read_text())
        if kept.pop("key") == key:
            return kept
    except (OSError, ValueError, KeyError):
        pass
    with progress_bar(f"costs of {recipe.rule} on {board}", 2 * count) as advance:
        figures = costs.figures(board, rows, batch, recipe.seed, advance)
    write_file(path / _COSTS, (json.dumps({"key": key} | figures, indent=2) + "\n").encode())
    return figures
