"""One lane: a multiplier beside its column of the weight memory."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT
from onward.hw.spec.isa import Store

from .generator import Generator
from .uop import Uop, X, Y

__all__ = ["Lane"]


class Lane(wiring.Component):
    """Multiplier, accumulator, stochastic update and store of one lane.

    ``uop`` is the cluster's registered micro-operation (cycle 9 of :mod:`.uop`), which the lane delays by itself
    through ``stages``; throughput one micro-operation a cycle, latencies as listed there.

    Parameters
    ----------
    config : the core.
    index : number of this lane in the core; decides its random generator and its place in its group.

    Members
    -------
    ``stages`` : the micro-operation in cycles 9 to 14.
    ``weight`` : weight of the row read in the cycle before.
    ``first``, ``second`` : vector registers read in the cycle before through port p1 and p2; ``member`` : the element of
    the lane's group that LMAC and LUPD use.
    ``product`` : exact product, cycle 12.
    ``row_value``, ``row_saturated`` : new weight, cycle 15 (a register). ``word_value``, ``word_saturated`` : new vector
    element, cycle 14.
    ``seed_valid``, ``seed`` : restart of the random generator.
    """

    def __init__(self, config: CoreConfig, index: int) -> None:
        self.config, self.index = config, index
        self.x_bits = max(config.weight_bits, ELEMENT.bits)
        self.y_bits = config.operand_bits
        super().__init__(
            {
                "stages": In(Uop(config)).array(6),
                "weight": In(signed(config.weight_bits)),
                "first": In(signed(ELEMENT.bits)),
                "second": In(signed(ELEMENT.bits)),
                "member": In(signed(ELEMENT.bits)),
                "product": Out(signed(self.x_bits + self.y_bits)),
                "row_value": Out(signed(config.weight_bits)),
                "row_saturated": Out(1),
                "word_value": Out(signed(ELEMENT.bits)),
                "word_saturated": Out(1),
                "seed_valid": In(1),
                "seed": In(32),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        address, operands, multiply, product, add, _ = self.stages
        m.submodules.generator = generator = Generator(self.index)
        step_noise = address.valid & (address.flags.x == X.NOISE)
        step_update = multiply.valid & multiply.flags.update
        m.d.comb += [
            generator.seed_valid.eq(self.seed_valid),
            generator.seed.eq(self.seed),
            # NOISE is emitted only after all updates have stepped, so that the order of work is the order of steps.
            generator.step.eq(step_noise | step_update),
        ]

        # cycle 10: choose the factors
        x = Signal(signed(self.x_bits))
        y = Signal(signed(self.y_bits))
        positive = (self.weight > 0) | ~operands.flags.lateral
        with m.Switch(operands.flags.x):
            with m.Case(X.WEIGHT):
                m.d.sync += x.eq(Mux(positive, self.weight, 0))
            with m.Case(X.VECTOR):
                m.d.sync += x.eq(self.first)
            with m.Case(X.ONE):
                m.d.sync += x.eq(1 << ELEMENT.fraction)
            with m.Case(X.NOISE):
                m.d.sync += x.eq(generator.state[20:].as_signed())
        with m.Switch(operands.flags.y):
            with m.Case(Y.OPERAND):
                m.d.sync += y.eq(operands.m)
            with m.Case(Y.MASKED):
                m.d.sync += y.eq(Mux(operands.lane == self.index, operands.m, 0))
            with m.Case(Y.VECTOR):
                m.d.sync += y.eq(self.first)
            with m.Case(Y.SECOND):
                m.d.sync += y.eq(self.second)
            with m.Case(Y.GROUP):
                m.d.sync += y.eq(self.member)

        # cycle 11: multiply
        exact = Signal.like(self.product)
        m.d.sync += exact.eq(x * y)
        m.d.comb += self.product.eq(exact)

        negate = product.flags.lateral & (product.member != self.index % config.group)
        self._accumulate(m, exact, negate)
        self._update(m, exact, negate, generator.state)
        return m

    def _accumulate(self, m: Module, exact: Signal, negate: object) -> None:
        """Cycle 12: exact accumulation; 12 to 13: store."""
        config = self.config
        _, _, _, product, add, _ = self.stages
        fraction = config.accumulator_fraction
        bits = config.accumulator_bits
        self.accumulator = accumulator = Signal(signed(bits))
        operand_fraction = config.operand.fraction
        shifts = {
            X.WEIGHT: fraction - config.weight.fraction - operand_fraction,
            X.VECTOR: fraction - ELEMENT.fraction - operand_fraction,
        }
        aligned = Signal(signed(bits))
        m.d.comb += aligned.eq(exact << shifts[X.VECTOR])
        with m.If(product.flags.y == Y.GROUP):
            m.d.comb += aligned.eq(exact << (fraction - config.weight.fraction - ELEMENT.fraction))
        with m.Elif(product.flags.y == Y.SECOND):
            m.d.comb += aligned.eq(exact << (fraction - 2 * ELEMENT.fraction))
        with m.Elif(product.flags.x == X.WEIGHT):
            m.d.comb += aligned.eq(exact << shifts[X.WEIGHT])
        with m.If(product.valid & product.flags.accumulate):
            base = Mux(product.flags.init, 0, accumulator)
            m.d.sync += accumulator.eq(Mux(negate, base - aligned, base + aligned))

        shift = fraction - ELEMENT.fraction
        rounded = Signal(signed(bits - shift + 1))
        m.d.sync += rounded.eq((accumulator + (1 << (shift - 1))) >> shift)
        clipped = Signal(signed(ELEMENT.bits))
        high = rounded[ELEMENT.bits - 1 :]
        fits = (high == 0) | high.all()
        m.d.comb += clipped.eq(Mux(fits, rounded, Mux(rounded < 0, ELEMENT.min, ELEMENT.max)))
        m.d.sync += self.word_saturated.eq(~fits)
        with m.Switch(add.flags.function):
            with m.Case(Store.RELU):
                m.d.sync += self.word_value.eq(Mux(clipped < 0, 0, clipped))
            with m.Case(Store.STEP):
                m.d.sync += self.word_value.eq(Mux(clipped > 0, 1 << ELEMENT.fraction, 0))
            with m.Default():
                m.d.sync += self.word_value.eq(clipped)

    def _update(self, m: Module, exact: Signal, negate: object, state: Signal) -> None:
        """Cycles 12 to 14: stochastically rounded update, or the accumulator as a row (host access)."""
        config = self.config
        _, _, _, product, add, saturate = self.stages
        coarse_shift = ELEMENT.fraction + config.operand.fraction - config.weight.fraction
        fine_shift = ELEMENT.fraction + config.fine_operand.fraction - config.weight.fraction
        random = state[16:]
        noise = Mux(product.flags.fine, _aligned(random, fine_shift), _aligned(random, coarse_shift))
        noisy = Signal(signed(len(exact) + 1))
        m.d.sync += noisy.eq(Mux(negate, -exact, exact) + noise)

        row_shift = config.accumulator_fraction - config.operand.fraction
        total = Signal(signed(len(noisy) - min(coarse_shift, fine_shift) + 1))
        change = Mux(add.flags.fine, noisy >> fine_shift, noisy >> coarse_shift)
        learns = ~add.flags.lateral | (self.weight > 0)
        with m.If(add.flags.store_row):
            m.d.sync += total.eq(self.accumulator[row_shift : row_shift + config.weight_bits].as_signed())
        with m.Else():
            m.d.sync += total.eq(self.weight + Mux(learns, change, 0))

        high = total[config.weight_bits - 1 :]
        fits = (high == 0) | high.all()
        m.d.sync += [
            self.row_value.eq(Mux(fits, total, Mux(total < 0, config.weight.min, config.weight.max))),
            self.row_saturated.eq(~fits & saturate.flags.update),
        ]


def _aligned(random: object, shift: int) -> object:
    """The upper ``shift`` of 16 random bits, or all of them above zeros."""
    return random >> (16 - shift) if shift <= 16 else random << (shift - 16)  # type: ignore[operator]
