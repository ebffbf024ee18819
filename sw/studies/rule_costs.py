"""What a learning rule costs on a core: measured figures, each beside a formula that says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onward.hw.spec.config import CoreConfig
from onward.sw.driver.batches import window
from onward.sw.driver.costs import Costs, counted_board, measure_costs
from onward.sw.driver.resources import weight_blocks
from onward.sw.driver.rules import Parameters, Rule
from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import Program
from onward.sw.programs.footprint import footprint
from onward.sw.programs.liveness import live_state
from onward.sw.programs.timing import Load, estimate
from onward.sw.programs.traffic import row_traffic

from .load import measure_load

__all__ = ["ENTRIES", "RuleCosts", "link_bytes", "program_sizes"]

ENTRIES = ("train", "infer")
"""What is measured: a training sample and a classification."""


@dataclass(frozen=True)
class RuleCosts:
    """Measures a rule on a core.

    Parameters
    ----------
    config : the core.
    rule : the learning rule.
    parameters : of the rule, with the learning rates to measure with.
    watched : samples that the torch definition of the core runs, to find the shares of zeros; it is slow.
    """

    config: CoreConfig
    rule: Rule
    parameters: Parameters
    watched: int = 10

    def programs(self) -> dict[str, Program]:
        """The program of each entry; raises ConfigError if one does not fit the core."""
        build = {"train": self.rule.build, "infer": self.rule.build_inference}
        return {entry: build[entry](self.config, self.parameters) for entry in ENTRIES}

    def figures(
        self,
        board: str,
        rows: NDArray[np.int32],
        batch: Batch,
        seed: int = 0,
        progress: Callable[[int], None] = lambda done: None,
    ) -> dict[str, Any]:
        """Costs of the samples of a batch, from the weights ``rows`` (rows, lanes) on, on the board ``sim`` or
        ``golden``; ``progress`` hears of the samples done, of twice as many as the batch has.

        Of each entry and figure: ``measured`` a sample, the value of the ``formula``, its ``text``. ``differences``
        names what the golden model counts otherwise.

        Raises
        ------
        ConfigError
            If the programs do not fit the core.
        SimBuildError
            If the simulated board cannot be built.
        """
        programs = self.programs()
        report: dict[str, Any] = {"board": board, "samples": len(batch), "seed": seed}
        differences: list[str] = []
        for number, (entry, program) in enumerate(programs.items()):

            def advance(count: int, before: int = number * len(batch)) -> None:
                progress(before + count)

            with counted_board(board, self.config) as counted:
                costs = measure_costs(counted, program, entry, rows, batch, seed, advance)
            if board != "golden":
                with counted_board("golden", self.config) as counted:
                    golden = measure_costs(counted, program, entry, rows, batch, seed)
                differences += [f"{entry}: {name}" for name in costs.differences(golden)]
            load = measure_load(program, entry, rows, window(batch, 0, min(len(batch), self.watched)), seed)
            # Of the pixels all samples can be counted.
            load = replace(load, pixels=len(batch.index) / len(batch) / self.config.inputs)
            report[entry] = _entry_figures(program, entry, costs, load, batch)
        return report | {"differences": differences, **program_sizes(programs["train"])}


def _entry_figures(program: Program, entry: str, costs: Costs, load: Load, batch: Batch) -> dict[str, Any]:
    predicted, traffic = estimate(program, entry, load), row_traffic(program, entry)
    inputs, words = program.config.inputs, len(costs.results[0])
    cycles, busy = costs.per_sample("cycles"), costs.per_sample("busy_cycles")
    link = {
        "bytes_to_core": (costs.to_core, link_bytes(batch), "11 + pixels sent + 2 for each run of them"),
        "bytes_from_core": (costs.from_core, 9 + 4 * words, f"9 + 4 * {words} words of results"),
    }
    steps = "the program, walked through with its waits (sw/programs/timing.py)"
    measured: dict[str, tuple[float | None, float, str]] = {
        "cycles": (cycles, predicted.cycles, steps),
        "busy_cycles": (busy, predicted.busy, "elements that are not 0, streamed by the same walk"),
        "utilisation": (busy / cycles if cycles and busy else None, predicted.busy / predicted.cycles, "busy / cycles"),
    }
    for name, each in (("row_reads", traffic.all_reads), ("row_writes", traffic.all_writes)):
        measured[name] = (costs.per_sample(name), each.rows(load, inputs), each.text())
    for name, (total, formula, text) in link.items():
        measured[name] = (None if total is None else total / costs.samples, formula, text)
    return {
        "load": asdict(load) | {"nonzero_pixels": load.pixels * inputs},
        "matrices": {
            "reads": {name: each.text() for name, each in traffic.reads.items()},
            "writes": {name: each.text() for name, each in traffic.writes.items()},
        },
        **{name: dict(zip(("measured", "formula", "text"), each, strict=True)) for name, each in measured.items()},
    }


def link_bytes(batch: Batch) -> float:
    """Bytes of a sample on its way to the core, by the count of its runs: nonzero pixels with up to two zeros between
    them travel as one; each run takes two bytes more, and a frame eleven."""
    total = 0
    for number in range(len(batch)):
        lit = batch.index[batch.pointers[number] : batch.pointers[number + 1]]
        gaps = np.diff(lit)
        split = gaps > 3
        sent = len(lit) + int((gaps[~split] - 1).sum())
        total += 11 + sent + 2 * (int(split.sum()) + bool(len(lit)))
    return total / len(batch)


def program_sizes(program: Program) -> dict[str, Any]:
    """What the training program takes of the core's memories: weight rows and their blocks, state, instructions."""
    config, used = program.config, program.map.used
    state, live = footprint(program, "train"), live_state(program, "train")
    return {
        "weight_rows": used,
        "weight_blocks": weight_blocks(replace(config, rows=used)),
        "vectors": state.vectors,
        "elements": state.elements,
        "scalars": state.scalars,
        "state_bits": state.state_bits,
        "live_vectors": live.vectors,
        "live_elements": live.elements,
        "live_bits": live.bits,
        "instructions": state.instructions,
    }
