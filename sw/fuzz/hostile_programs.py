"""Programs that no assembler would let pass: any bits, any addresses, no end."""

from __future__ import annotations

import random

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.isa import FIELDS, Instruction, Op, Source
from onward.sw.programs.random_program import random_program

__all__ = ["harmless_words", "hostile_words"]

_WORD_BITS = 128
_LEARNS = (Op.UPD, Op.LUPD)


def harmless_words(config: CoreConfig, seed: int, length: int = 60) -> list[int]:
    """Instructions that change no weight, up to the end of the program memory: it may be entered anywhere, and ends."""
    found = random_program(config, seed, length=length).instructions
    kept = [each for each in found if each.op not in (*_LEARNS, Op.LOOP)][: config.program - 1]
    end = Instruction(Op.END).encode()
    words = [each.encode() for each in kept]
    # Ends among them, so that a run from a random entry is short.
    for place in range(0, len(words), 7):
        words[place] = end
    return words + [end] * (config.program - len(words))


def hostile_words(config: CoreConfig, rng: random.Random) -> list[int]:
    """Up to 24 instruction words and an end, which not every program comes to."""
    kind = rng.random()
    count = rng.randint(1, 24)
    if kind < 0.25:
        words = [rng.getrandbits(_WORD_BITS) for _ in range(count)]
    elif kind < 0.6:
        found = [each.encode() for each in random_program(config, rng.getrandbits(32), length=count).instructions]
        words = [_flipped(word, rng) if rng.random() < 0.5 else word for word in found]
    else:
        words = [_extreme(rng) for _ in range(count)]
    return [*words[: config.program - 2], Instruction(Op.END).encode()]


def _flipped(word: int, rng: random.Random) -> int:
    for _ in range(rng.randint(1, 4)):
        word ^= 1 << rng.randrange(_WORD_BITS)
    return word


def _extreme(rng: random.Random) -> int:
    """A known instruction with fields of any value, the largest above all."""
    word = int(rng.choice(list(Op)))
    for name, (lowest, bits) in FIELDS.items():
        most = (1 << bits) - 1
        if name == "source":
            word |= rng.choice((*Source, most)) << lowest
        elif name != "op":
            word |= rng.choice((0, 1, most, most - 1, rng.randint(0, most), rng.randint(0, min(most, 100)))) << lowest
    return word
