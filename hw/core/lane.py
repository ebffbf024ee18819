"""One lane: a multiplier beside its column of the weight memory."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT

from .carry_chain import add_chosen
from .lane_control import Alignment, LaneControl
from .lane_generator import LaneGenerator, SeedStep
from .lane_product import LaneProduct
from .lookup_table import look_up

__all__ = ["Lane"]


class Lane(wiring.Component):
    """Multiplier, accumulator, stochastic update and store of one lane.

    Throughput one micro-operation a cycle; latencies as listed in :mod:`.uop`. Written for few lookup tables: there are
    128 of it. Every choice is decoded in the cluster, one cycle before it is used, and every adder behind the
    multiplier chooses how far the product is shifted.

    Parameters
    ----------
    config : the core.
    index : number of this lane in the core; decides its random generator.

    Members
    -------
    ``control`` : :class:`.lane_control.LaneControl`, the same for all lanes of a cluster.
    ``pick`` : the second factor in cycle 10: bit 0, ``common``; bit 1, ``second``.
    ``weight`` : weight of the row read in the cycle before, arriving late: in cycle 9 for products, 13 for updates.
    ``first``, ``second`` : vector registers of port p1 and p2, read in the cycle before; ``common`` : what several
    lanes take, the broadcast operand or the negative of a member's ``second``.
    ``product`` : exact product, cycle 12.
    ``row_value``, ``row_saturated`` : new weight, cycle 15. ``word_value``, ``word_saturated`` : new vector
    element, cycle 14.
    ``seed`` : restart of the random generator.
    """

    def __init__(self, config: CoreConfig, index: int) -> None:
        self.config, self.index = config, index
        self._alignment = Alignment(config)
        self.x_bits = max(config.weight_bits, ELEMENT.bits)
        self.y_bits = max(config.operand_bits, ELEMENT.bits + 1)  # or the negative of an element
        super().__init__(
            {
                "control": In(LaneControl(config)),
                "pick": In(2),
                "weight": In(signed(config.weight_bits)),
                "first": In(signed(ELEMENT.bits)),
                "second": In(signed(ELEMENT.bits)),
                "common": In(signed(self.y_bits)),
                "product": Out(signed(self.x_bits + self.y_bits)),
                "row_value": Out(signed(config.weight_bits)),
                "row_saturated": Out(1),
                "word_value": Out(signed(ELEMENT.bits)),
                "word_saturated": Out(1),
                "seed": In(SeedStep),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        control = self.control
        m.submodules.generator = generator = LaneGenerator(self.index)
        m.d.comb += [
            generator.seed.eq(self.seed),
            generator.step.eq(control.step),
        ]

        # cycle 9: the row arrives late. No carry chain, which a comparison would make, follows.
        weight = Signal(signed(self.config.weight_bits), reset_less=True)
        self._positive = positive = Signal(reset_less=True)
        m.d.sync += [weight.eq(self.weight), positive.eq(self.weight.any() & ~self.weight[-1])]

        # cycle 10: choose the factors
        m.submodules.multiplier = multiplier = LaneProduct(self.x_bits, self.y_bits)
        uses_row = Signal()
        m.d.comb += uses_row.eq(control.row & (positive | ~control.positive_only))
        noise = generator.state[20:].as_signed()
        chosen = _choose(m, len(multiplier.x), (uses_row, weight), (control.first, self.first), (control.noise, noise))
        m.d.comb += [
            # ONE chooses nothing.
            multiplier.x.eq(chosen | control.one.shift_left(ELEMENT.fraction)),
            multiplier.y.eq((self.common & self.pick[0].replicate(self.y_bits)) | Mux(self.pick[1], self.second, 0)),
        ]

        # cycle 11: multiply
        exact = Signal.like(multiplier.product)
        m.d.comb += [exact.eq(multiplier.product), self.product.eq(exact)]

        # cycle 12: align. Every adder chooses between the shifts, which takes no lookup tables on an ECP5.
        aligned = [exact << shift for shift in self._alignment.shifts]
        accumulator = self._accumulate(m, platform, aligned)
        self._update(m, platform, exact, accumulator, generator.state)
        return m

    def _accumulate(self, m: Module, platform: object, aligned: list[Value]) -> Signal:
        """Cycle 12: exact accumulation; 12 to 13: store.

        Rounding to nearest adds half an element: with that an accumulator begins, and what it holds needs only be cut.
        """
        control = self.control
        low = self.config.accumulator_fraction - ELEMENT.fraction
        accumulator = Signal(signed(self.config.accumulator_bits), init=1 << (low - 1), reset_less=True)
        following = add_chosen(m, platform, accumulator, aligned, control.shift, len(accumulator))
        with m.If(control.clear):  # one cycle early, for a reset takes no lookup table
            m.d.sync += accumulator.eq(control.half << (low - 1))
        with m.Elif(control.accumulate):
            m.d.sync += accumulator.eq(following)

        high = accumulator[low + ELEMENT.bits - 1 :]
        magnitude = Signal(ELEMENT.bits - 1, reset_less=True)
        fits, negative, zero = Signal(reset_less=True), Signal(reset_less=True), Signal()
        m.d.sync += [
            magnitude.eq(accumulator[low:]),
            fits.eq((high == 0) | high.all()),
            negative.eq(accumulator[-1]),
        ]
        m.d.comb += zero.eq(control.step_function | (control.relu & negative))
        limit = (~negative).replicate(ELEMENT.bits - 1)
        word = Mux(fits, magnitude, limit) & (~zero).replicate(ELEMENT.bits - 1)
        one = control.step_function & ~negative & (~fits | magnitude.any())
        value, saturated = _registers(m, self.word_value, self.word_saturated)
        m.d.sync += [
            value.eq(Cat(word | one.shift_left(ELEMENT.fraction), negative & ~zero)),
            saturated.eq(~fits),
        ]
        return accumulator

    def _update(self, m: Module, platform: object, exact: Signal, accumulator: Signal, state: Signal) -> None:
        """Cycles 12 to 14: stochastically rounded update, or the accumulator as a row (host access)."""
        config, control, alignment = self.config, self.control, self._alignment
        unit = alignment.fine_shift
        shifts = alignment.coarser, 0
        # Sixteen random bits end where the weights' unit begins; the lowest of them meet zeros of a coarse product.
        low = max(0, unit - 16)
        random = state[32 - unit + low :]
        below = [(exact << shift)[low:unit] for shift in shifts]
        rounded = add_chosen(m, platform, random, below, control.fine, unit - low + 1)
        least = max(0, unit - shifts[0])
        carry, product = Signal(reset_less=True), Signal(signed(len(exact) - least), reset_less=True)
        m.d.sync += [carry.eq(rounded[-1]), product.eq(exact[least:])]

        # The old row arrives late in cycle 13: its sign decides in cycle 14 only whether anything changes.
        row_low = config.accumulator_fraction - config.operand.fraction
        old = Signal(signed(config.weight_bits), reset_less=True)
        changes = [Cat(carry, (product << shift)[unit - least :]).as_signed() for shift in shifts]
        total = Signal(signed(max(config.weight_bits + 1, *map(len, changes))), reset_less=True)
        following = add_chosen(m, platform, Cat(1, self.weight).as_signed(), changes, control.late_fine, len(total) + 1)
        # The sign of the row is in a register by then, too: products look at it.
        always, lateral, learns = Signal(reset_less=True), Signal(reset_less=True), Signal()
        m.d.comb += learns.eq(always | (lateral & self._positive))
        m.d.sync += [
            old.eq(Mux(control.store_row, accumulator[row_low : row_low + len(old)].as_signed(), self.weight)),
            total.eq(following[1:]),
            always.eq(~control.store_row & ~control.lateral),
            lateral.eq(~control.store_row & control.lateral),
        ]

        high = total[config.weight_bits - 1 :]
        # Two bits choose among the old weight, the new one and both limits: with these, a bit is one lookup table.
        fits, weighs, which = (Signal(name=name) for name in ("fits", "weighs", "which"))
        m.d.comb += [
            fits.eq((high == 0) | high.all()),
            weighs.eq(~learns | fits),
            which.eq(learns & (fits | ~total[-1])),
        ]
        magnitude, sign = config.weight_bits - 1, slice(config.weight_bits - 1, config.weight_bits)
        value, saturated = _registers(m, self.row_value, self.row_saturated)
        m.d.sync += [
            value[:-1].eq(look_up(m, platform, _new_magnitude, magnitude, weighs, which, total, old)),
            value[-1].eq(look_up(m, platform, _new_sign, 1, weighs, which, total[sign], old[sign])),
            saturated.eq(~fits & learns & control.update),
        ]


def _registers(m: Module, *outputs: Signal) -> list[Signal]:
    """A register for each output, without a reset: what the pipeline holds counts only with a micro-operation."""
    registers = [Signal.like(output, name=f"{output.name}_register", reset_less=True) for output in outputs]
    m.d.comb += [output.eq(register) for output, register in zip(outputs, registers, strict=True)]
    return registers


def _new_magnitude(weighs: Any, which: Any, new: Any, old: Any) -> Any:
    return (weighs & ((which & new) | (~which & old))) | (~weighs & which)


def _new_sign(weighs: Any, which: Any, new: Any, old: Any) -> Any:
    return (weighs & ((which & new) | (~which & old))) | (~weighs & ~which)


def _choose(
    m: Module,
    bits: int,
    one: tuple[Value, Value],
    other: tuple[Value, Value],
    last: tuple[Value, Value],
) -> Value:
    """One of three signed numbers, each (choose it, number), or 0: in two lookup tables of four inputs a bit."""

    def wide(number: Value) -> Value:
        return Cat(number, number[-1].replicate(bits))[:bits]

    near = Signal(bits)
    m.d.comb += near.eq((one[0].replicate(bits) & wide(one[1])) | (other[0].replicate(bits) & wide(other[1])))
    return near | (last[0].replicate(bits) & wide(last[1]))
