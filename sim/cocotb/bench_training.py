"""Forward-forward training and inference of real images, in the core and in the golden machine."""

from __future__ import annotations

from typing import Any

import cocotb

from onward.sw.data.datasets import load
from onward.sw.driver.fitting import fit_dataset
from onward.sw.golden.sample import Batch
from onward.sw.programs.ff import build_ff, initial_weights

from . import clock
from .job import Job
from .mirror import Mirror

__all__ = ["forward_forward"]


@cocotb.test()
async def forward_forward(dut: Any) -> None:
    """Trains on MNIST images fitted to the core, classifies others: results, weights and counters are the same."""
    job = Job.from_environment()
    rng, config = job.random("training"), job.config
    images = fit_dataset(load("mnist-small"), config)
    program = build_ff(config)
    weights = initial_weights(program, rng.getrandbits(32))
    await clock.start(dut, i__valid=0, o__ready=0)
    mirror = Mirror(dut, config, rng)
    await mirror.load(program)
    await mirror.write_rows({row: weights[row] for row in range(config.rows) if weights[row].any()})
    await mirror.seed(rng.getrandbits(32))
    chosen = rng.sample(range(len(images.train_images)), job.times(12))
    trained = Batch.from_images(images.train_images[chosen], images.train_labels[chosen])
    await mirror.run_samples(program.entries["train"], trained)
    tested = rng.sample(range(len(images.test_images)), job.times(4))
    batch = Batch.from_images(images.test_images[tested], images.test_labels[tested])
    await mirror.run_samples(program.entries["infer"], batch)
    await mirror.check()
