"""Rounding and saturation of a lane: the update of a weight, and the store of an accumulator."""

from __future__ import annotations

from amaranth.hdl import Array, Const, Mux, Signal, Value, signed

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT, Fixed
from onward.hw.spec.presets import PRESETS
from onward.sim.formal.bench import Bench, internal
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.variant import Mutant

__all__ = ["STORE", "UPDATE"]

_MODULE = "onward.hw.core.lane"
_CONFIGS = (PRESETS["tiny"], PRESETS["icebreaker"])
"""14-bit weights with 18-bit operands, and 16 with 16: the shifts of the update are below and above 16 bits."""


def saturated(value: Value, number: Fixed) -> Value:
    """``value`` held within the range of a format."""
    return Mux(value > number.max, number.max, Mux(value < number.min, number.min, value))


def _update(bench: Bench) -> None:
    for config in _CONFIGS:
        _update_of(bench, config)


def _update_of(bench: Bench, config: CoreConfig) -> None:
    """``W + floor((±P + r) / 2^k)``, saturated, as docs/instruction-set.md has it for UPD and LUPD."""
    lane = bench.load(_MODULE).Lane(config, 1)
    inside = bench.add(f"lane_{config.name}", lane)
    control, weight = lane.control, bench.free("weight", lane.weight.shape())
    fine, lateral, store_row = bench.free("fine"), bench.free("lateral"), bench.free("store_row")
    bench.m.d.comb += [
        lane.weight.eq(weight),
        control.fine.eq(fine),
        control.late_fine.eq(bench.past(fine)),
        control.shift.eq(bench.free("shift", control.shift.shape())),
        control.lateral.eq(lateral),
        control.store_row.eq(store_row),
        control.accumulate.eq(bench.free("accumulate")),
        control.update.eq(1),
        control.step.eq(bench.free("step")),
        lane.seed.eq(bench.free("seed", lane.seed.shape())),
    ]
    wide = 80
    product, state = internal(inside, "exact"), inside.submodules.generator.state
    operand = {False: config.operand, True: config.fine_operand}
    changes = []
    for is_fine in (False, True):
        shift = ELEMENT.fraction + operand[is_fine].fraction - config.weight.fraction
        # The upper bits of 16 random ones stand right below the weight's last place.
        random = Signal(wide)
        bench.m.d.comb += random.eq((state[16:] << shift) >> 16)
        change = Signal(signed(wide))
        bench.m.d.comb += change.eq((product + random) >> shift)
        changes.append(change)
    learns = ~lateral | (weight > 0)
    change = bench.past(Array(changes)[fine])
    accumulator = internal(inside, "accumulator")
    row = (accumulator >> (config.accumulator_fraction - config.operand.fraction))[: config.weight_bits].as_signed()
    exact = Signal(signed(wide))
    bench.m.d.comb += exact.eq(Mux(store_row, row, weight + Mux(learns, change, 0)))
    new = bench.past(exact, 2)
    on = bench.since_start(3)
    bench.claim(~on | (lane.row_value == saturated(new, config.weight)), f"{config.name}: the new weight is wrong")
    fits = (new >= config.weight.min) & (new <= config.weight.max)
    bench.claim(~on | (lane.row_saturated == ~fits), f"{config.name}: saturation is not told, or told of none")


def _store(bench: Bench) -> None:
    """``floor(acc / 2^k + 1/2)``, saturated, then the store's function; the register holds half an element more."""
    for config in _CONFIGS:
        lane = bench.load(_MODULE).Lane(config, 1)
        inside = bench.add(f"lane_{config.name}", lane)
        control = lane.control
        inputs = bench.free("control", control.shape())
        bench.m.d.comb += control.eq(inputs)
        shift = config.accumulator_fraction - ELEMENT.fraction
        half = 1 << (shift - 1)
        accumulator = internal(inside, "accumulator")
        exact = Signal(signed(config.accumulator_bits + 2))
        bench.m.d.comb += exact.eq(accumulator - half)
        clipped = saturated((2 * exact + (1 << shift)) >> (shift + 1), ELEMENT)
        rounded = bench.past((2 * exact + (1 << shift)) >> (shift + 1))
        value = bench.past(clipped)
        one = Const(1 << ELEMENT.fraction, ELEMENT.bits)
        stored = Mux(
            control.step_function,
            Mux(value > 0, one, 0),
            Mux(control.relu & (value < 0), 0, value),
        )
        on = bench.since_start(2)
        bench.claim(~on | (lane.word_value == bench.past(stored)), f"{config.name}: the stored element is wrong")
        fits = (rounded >= ELEMENT.min) & (rounded <= ELEMENT.max)
        told = bench.past(fits)
        bench.claim(~on | (lane.word_saturated == ~told), f"{config.name}: saturation is not told, or told of none")
        begun = bench.past(control.clear) & bench.since_start(1)
        start = Mux(bench.past(control.half), half, 0)
        bench.claim(~begun | (accumulator == start), f"{config.name}: an accumulation begins with something else")


UPDATE = Proof(
    name="lane-update",
    claim="a weight's update adds the product rounded by random bits and saturates, for all weights, products, random"
    " numbers and both operand formats, in 14-bit and 16-bit weights; a stored row is its part of the accumulator",
    build=_update,
    method=Method("induction", 6),
    free_products=True,
    mutants=(
        Mutant("random bits one place too low", _MODULE, "state[32 - unit + low :]", "state[31 - unit + low :]"),
        Mutant(
            "saturates one bit too late",
            _MODULE,
            "high = total[config.weight_bits - 1 :]",
            "high = total[config.weight_bits :]",
        ),
        Mutant(
            "a coarse product added as a fine one",
            _MODULE,
            "shifts = alignment.coarser, 0",
            "shifts = 0, 0",
        ),
        Mutant("the shift of the next update", _MODULE, "changes, control.late_fine", "changes, control.fine"),
        Mutant(
            "a lateral update reaches weights of 0",
            _MODULE,
            "(lateral & self._positive)",
            "(lateral & ~old[-1])",
        ),
        Mutant("a row from one bit below", _MODULE, "accumulator[row_low :", "accumulator[row_low - 1 :"),
    ),
)

STORE = Proof(
    name="lane-store",
    claim="a stored element is the accumulator rounded to nearest, halves up, saturated, and passed through the store's"
    " function, for every value of the accumulator, which begins with that half, or at 0 for a row of the host",
    build=_store,
    method=Method("induction", 5),
    free_products=True,
    mutants=(
        Mutant("rounds down", _MODULE, "control.half << (low - 1)", "0"),
        Mutant("a row of the host is rounded", _MODULE, "control.half << (low - 1)", "1 << (low - 1)"),
        Mutant("takes what is half an element more", _MODULE, "accumulator[low:])", "accumulator[low - 1 :])"),
        Mutant(
            "saturates one bit too late",
            _MODULE,
            "accumulator[low + ELEMENT.bits - 1 :]",
            "accumulator[low + ELEMENT.bits :]",
        ),
        Mutant("the sign of another bit", _MODULE, "negative.eq(accumulator[-1])", "negative.eq(accumulator[-2])"),
        Mutant("a step at 0", _MODULE, "& (~fits | magnitude.any())", ""),
    ),
)
