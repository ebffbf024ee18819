"""Training, inference and reconstruction of real images, in the core and in the golden machine."""

from __future__ import annotations

import random
from typing import Any

import cocotb

from onward.sw.data.datasets import Dataset, load
from onward.sw.driver.fitting import fit_dataset
from onward.sw.golden.sample import Batch

from . import clock
from .job import Job
from .mirror import Mirror
from .whole_samples import WholeSamples, plain_rule, predictive_forward_forward

__all__ = ["whole_samples"]


@cocotb.test()
async def whole_samples(dut: Any) -> None:
    """All rules train on MNIST images fitted to the core, and use others: results, weights, vectors and counters."""
    job = Job.from_environment()
    rng, config = job.random("training"), job.config
    images = fit_dataset(load("mnist-small"), config)
    await clock.start(dut, i__valid=0, o__ready=0)
    mirror = Mirror(dut, config, rng)
    await mirror.host.open()
    for name, count in (("ff", 12), ("bp", 6), ("dfa", 4), ("sigprop", 4)):
        samples = plain_rule(name, config, rng)
        if samples is None:
            dut._log.warning("%s does not fit %s: not checked", name, config.name)
        else:
            await _run(mirror, rng, images, samples, job.times(count), job.times(4))
    predictive = predictive_forward_forward(config, rng)
    if predictive is None:
        dut._log.warning("predictive forward-forward does not fit %s: not checked", config.name)
    else:
        dut._log.info("predictive forward-forward, entries train, %s", ", ".join(predictive.uses))
        await _run(mirror, rng, images, predictive, job.times(8), job.times(2))


async def _run(
    mirror: Mirror, rng: random.Random, images: Dataset, samples: WholeSamples, trained: int, tested: int
) -> None:
    """Train, then each other entry, then train again with what those have left behind."""
    await mirror.write_rows({row: samples.weights[row] for row in range(1, samples.training.map.used)})
    await mirror.seed(rng.getrandbits(32))
    for count in (trained - trained // 3, trained // 3):
        await mirror.load(samples.training)
        chosen = rng.sample(range(len(images.train_images)), count)
        batch = Batch.from_images(images.train_images[chosen], images.train_labels[chosen])
        await mirror.run_samples(samples.training.entries["train"], batch)
        await mirror.load(samples.inference)
        for entry in samples.uses:
            chosen = rng.sample(range(len(images.test_images)), tested)
            batch = Batch.from_images(images.test_images[chosen], images.test_labels[chosen])
            await mirror.run_samples(samples.inference.entries[entry], batch)
            # Images end up in vector registers.
            await mirror.check()
