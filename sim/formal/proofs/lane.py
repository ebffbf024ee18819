"""Rounding and saturation of a lane: the update of a weight, and the store of an accumulator."""

from __future__ import annotations

from amaranth.hdl import Array, Const, Mux, Signal, Value, signed

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT, Fixed
from onward.hw.spec.isa import Store
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
    member, lateral = bench.free("member", control.member.shape()), bench.free("lateral")
    fine = bench.free("fine")
    bench.m.d.comb += [
        lane.weight.eq(weight),
        # A micro-operation's flags reach the lane when they are due: the product's, then one cycle later the sum's.
        control.fine.eq(fine),
        control.fine_late.eq(bench.past(fine)),
        control.lateral.eq(lateral),
        control.lateral_late.eq(bench.past(lateral)),
        control.member.eq(member),
        control.update.eq(1),
        control.step.eq(bench.free("step")),
        lane.seed_valid.eq(bench.free("seed_valid")),
        lane.seed.eq(bench.free("seed", 32)),
    ]
    wide = 80
    product = Signal(signed(wide))
    negated = lateral & (member != 1 % config.group)
    bench.m.d.comb += product.eq(Mux(negated, -internal(inside, "exact"), internal(inside, "exact")))
    state = inside.submodules.generator.state
    shifts = {
        1: ELEMENT.fraction + config.fine_operand.fraction - config.weight.fraction,
        0: ELEMENT.fraction + config.operand.fraction - config.weight.fraction,
    }
    changes = []
    for shift in (shifts[0], shifts[1]):
        # The upper bits of 16 random ones stand right below the weight's last place.
        random = Signal(wide)
        bench.m.d.comb += random.eq((state[16:] << shift) >> 16)
        change = Signal(signed(wide))
        bench.m.d.comb += change.eq((product + random) >> shift)
        changes.append(change)
    learns = ~bench.past(lateral) | (weight > 0)
    change = bench.past(Array(changes)[fine])
    exact = Signal(signed(wide))
    bench.m.d.comb += exact.eq(weight + Mux(learns, change, 0))
    new = bench.past(exact, 2)
    on = bench.since_start(3)
    bench.claim(~on | (lane.row_value == saturated(new, config.weight)), f"{config.name}: the new weight is wrong")
    fits = (new >= config.weight.min) & (new <= config.weight.max)
    bench.claim(~on | (lane.row_saturated == ~fits), f"{config.name}: saturation is not told, or told of none")


def _store(bench: Bench) -> None:
    """``floor(acc / 2^k + 1/2)``, saturated, then the store's function; and accumulation itself."""
    for config in _CONFIGS:
        lane = bench.load(_MODULE).Lane(config, 1)
        bench.add(f"lane_{config.name}", lane)
        control = lane.control
        inputs = bench.free("control", control.shape())
        bench.m.d.comb += control.eq(inputs)
        shift = config.accumulator_fraction - ELEMENT.fraction
        accumulator = Signal(signed(config.accumulator_bits + 2))
        bench.m.d.comb += accumulator.eq(lane.accumulator)
        clipped = saturated((2 * accumulator + (1 << shift)) >> (shift + 1), ELEMENT)
        rounded = bench.past((2 * accumulator + (1 << shift)) >> (shift + 1))
        value = bench.past(clipped)
        one = Const(1 << ELEMENT.fraction, ELEMENT.bits)
        stored = Mux(
            control.function == Store.RELU,
            Mux(value > 0, value, 0),
            Mux(control.function == Store.STEP, Mux(value > 0, one, 0), value),
        )
        on = bench.since_start(2)
        bench.claim(~on | (lane.word_value == bench.past(stored)), f"{config.name}: the stored element is wrong")
        fits = (rounded >= ELEMENT.min) & (rounded <= ELEMENT.max)
        told = bench.past(fits)
        bench.claim(~on | (lane.word_saturated == ~told), f"{config.name}: saturation is not told, or told of none")


UPDATE = Proof(
    name="lane-update",
    claim="a weight's update adds the product rounded by random bits and saturates, for all weights, products, random"
    " numbers and both operand formats, in 14-bit and 16-bit weights",
    build=_update,
    method=Method("induction", 6),
    free_products=True,
    mutants=(
        Mutant("random bits one place too high", _MODULE, "random >> (16 - shift)", "random >> (15 - shift)"),
        Mutant(
            "saturates one bit too late",
            _MODULE,
            "high = total[config.weight_bits - 1 :]",
            "high = total[config.weight_bits :]",
        ),
        Mutant(
            "the coarse shift of a fine update",
            _MODULE,
            "Mux(control.fine_late, noisy >> fine_shift, noisy >> coarse_shift)",
            "noisy >> coarse_shift",
        ),
        Mutant(
            "a lateral update reaches weights of 0",
            _MODULE,
            "control.lateral_late | (self.weight > 0)",
            "control.lateral_late | (self.weight >= 0)",
        ),
    ),
)

STORE = Proof(
    name="lane-store",
    claim="a stored element is the accumulator rounded to nearest, halves up, saturated, and passed through the store's"
    " function, for every value of the accumulator",
    build=_store,
    method=Method("induction", 5),
    free_products=True,
    mutants=(
        Mutant("rounds halves down", _MODULE, "(1 << (shift - 1))) >> shift", "(1 << (shift - 1)) - 1) >> shift"),
        Mutant("the carry of rounding is lost", _MODULE, "signed(bits - shift + 1)", "signed(bits - shift)"),
        Mutant(
            "the largest number for the smallest", _MODULE, "Mux(rounded < 0, ELEMENT.min, ELEMENT.max)", "ELEMENT.max"
        ),
        Mutant("a step at 0", _MODULE, "clipped > 0, 1 <<", "clipped >= 0, 1 <<"),
    ),
)
