"""The random generator of a lane: xorshift32, seeded bit by bit."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.tables import generator_constant

__all__ = ["SEED_STEPS", "LaneGenerator", "SeedStep", "seed_masks", "seed_steps"]

SEED_STEPS = 32
"""Steps of a seeding: as many as a state has bits."""

_MASK = (1 << 32) - 1
_PLACE = 15
"""The bit that the wire changes. Any would do; at this one, a last sum of three bits has room for a fourth."""

SeedStep = data.StructLayout({"clear": 1, "step": 1, "bit": 1})
"""``clear`` : begin a seeding; ``step`` : step, with ``bit`` added to one place of the next state."""


class LaneGenerator(wiring.Component):
    """Xorshift32 (Marsaglia 2003, triple 13, 17, 5).

    There is one for every lane, so a seed comes as single bits, added (modulo 2) to a bit of the state in the steps
    behind a ``clear``. As the generator is linear and goes through all states, :data:`SEED_STEPS` of them lead to any
    state, and those of :func:`seed_masks` to the one that ``docs/instruction-set.md`` has for a seed.

    Parameters
    ----------
    index : which generator of the core; decides its constant.

    Members
    -------
    ``step`` : advance; ``state`` holds the new value from the next cycle on. ``seed`` : :data:`SeedStep`; its ``bit``
    must be 0 without its ``step``.

    No reset reaches it: it has to be seeded.
    """

    def __init__(self, index: int) -> None:
        super().__init__({"step": In(1), "seed": In(SeedStep), "state": Out(32)})
        # From here, the steps of a seeding with bits of 0 lead to the constant.
        start = generator_constant(index) | 1
        for _ in range(SEED_STEPS):
            start = _previous(start)
        self._start = start

    def elaborate(self, platform: object) -> Module:
        m = Module()
        state = Signal(32, init=self._start, reset_less=True)
        first, second = Signal(32), Signal(32)
        m.d.comb += [
            self.state.eq(state),
            first.eq(state ^ (state << 13)),
            second.eq(first ^ (first >> 17)),
        ]
        with m.If(self.seed.clear):
            m.d.sync += state.eq(self._start)
        with m.Elif(self.step | self.seed.step):
            m.d.sync += state.eq(second ^ (second << 5) ^ (self.seed.bit << _PLACE))
        return m


def seed_masks() -> tuple[int, ...]:
    """For every step of a seeding, which bits of the seed its ``bit`` is the parity of.

    Bit 0 of a seed does not count: a state is the constant, changed by the seed, with a 1 there.
    """
    effects = [1 << _PLACE]
    while len(effects) < SEED_STEPS:
        effects.append(_next(effects[-1]))
    # Gauss-Jordan: rows are (effect on the state, steps that have it), until effects are single bits.
    rows = [(effect, 1 << step) for step, effect in enumerate(reversed(effects))]
    for bit in range(32):
        pivot = next(index for index, (effect, _) in enumerate(rows[bit:], bit) if effect >> bit & 1)
        rows[bit], rows[pivot] = rows[pivot], rows[bit]
        effect, steps = rows[bit]
        rows = [
            (other ^ effect, its ^ steps) if index != bit and other >> bit & 1 else (other, its)
            for index, (other, its) in enumerate(rows)
        ]
    return tuple(
        sum((steps >> step & 1) << bit for bit, (_, steps) in enumerate(rows) if bit) for step in range(SEED_STEPS)
    )


def seed_steps(seed: int) -> list[dict[str, int]]:
    """The :data:`SeedStep` of every cycle of a seeding."""
    bits = [(seed & mask).bit_count() & 1 for mask in seed_masks()]
    return [{"clear": 1, "step": 0, "bit": 0}, *({"clear": 0, "step": 1, "bit": bit} for bit in bits)]


def _next(state: int) -> int:
    state ^= state << 13 & _MASK
    state ^= state >> 17
    return state ^ (state << 5 & _MASK)


def _previous(state: int) -> int:
    for distance in (5, 10, 20):
        state ^= state << distance & _MASK
    state ^= state >> 17
    for distance in (13, 26):
        state ^= state << distance & _MASK
    return state
