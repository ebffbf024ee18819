"""The scanner against a loop over all elements."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import cocotb

from onward.hw.spec.config import CoreConfig

from . import clock
from .checker import Checker
from .job import Job
from .pins import read

__all__ = ["nonzero_elements"]


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def nonzero_elements(dut: Any) -> None:
    """Vectors of random density and length: each nonzero element comes once, in order, with its place.

    Without back-pressure the first comes 4 cycles after the start if the first word has one, then one a cycle if every
    word has two; ``busy`` is high from the cycle after the start until the last is taken.
    """
    job = Job.from_environment()
    rng, config = job.random("scanner"), job.config
    masks = [0] * config.vectors
    checker = Checker("element")
    await clock.start(dut, write=0, write_word=0, mask=0, start=0, word=0, count=0, ready=0)
    for _ in range(job.times(150)):
        # Mostly a few words, whose masks change often.
        words = min(config.vectors, 8 if rng.random() < 0.9 else 64)
        for _ in range(rng.randrange(4)):
            word = rng.randrange(words)
            masks[word] = _mask(rng, config.lanes)
            dut["write"].value, dut["write_word"].value, dut["mask"].value = 1, word, masks[word]
            await clock.cycle(dut)
        # What stands beside a write that is none does not matter.
        dut["write"].value, dut["write_word"].value = 0, rng.randrange(config.vectors)
        dut["mask"].value = rng.getrandbits(config.lanes)
        first = rng.randrange(words)
        count = rng.randint(0, (words - first) * config.lanes)
        places = _places(config, masks, first, count)
        for place in places:
            checker.expect(place, f"of {count} from word {first}")
        dut["start"].value, dut["word"].value, dut["count"].value = 1, first, count
        dut["ready"].value = 0
        await clock.cycle(dut)
        dut["start"].value = 0
        patience = 40 + 4 * count + 4 * words
        eager = rng.random() < 0.3
        found = Counter(place[0] for place in places)
        steady = all(found[word] >= 2 for word in range(first, first + -(-count // config.lanes)))
        last = checker.compared + len(places)
        for age in range(1, patience):
            ready = eager or rng.random() < 0.7
            dut["ready"].value = int(ready)
            await clock.cycle(dut)
            busy, valid = read(dut["busy"]), read(dut["valid"])
            assert count or not busy, "works at nothing"
            assert busy or checker.compared == last, f"idle with {last - checker.compared} elements to come"
            if eager and places and places[0][0] == first and age == 4:
                assert valid, "the first element is late"
            if eager and steady and 4 <= age < 4 + len(places):
                assert valid, "an element is late"
            if valid and ready:
                checker.check(tuple(read(dut[name]) for name in ("o_word", "cluster", "lane", "offset")))
            if not busy:
                break
        assert checker.compared == last, f"{last - checker.compared} of {len(places)} elements did not come"
    checker.finish()


def _mask(rng: random.Random, lanes: int) -> int:
    """A word's mask: empty, full, or anything between."""
    density = rng.choice((0.0, 0.1, 0.3, 0.5, 0.9, 1.0))
    return sum(1 << lane for lane in range(lanes) if rng.random() < density)


def _places(config: CoreConfig, masks: list[int], first: int, count: int) -> list[tuple[int, int, int, int]]:
    """(word, cluster, lane in the cluster, offset) of the nonzero ones of ``count`` elements from word ``first`` on."""
    places = []
    for offset in range(count):
        tile, lane = divmod(offset, config.lanes)
        if masks[first + tile] >> lane & 1:
            places.append((first + tile, *divmod(lane, config.cluster_lanes), offset))
    return places
