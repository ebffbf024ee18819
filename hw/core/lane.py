"""One lane: a multiplier beside its column of the weight memory."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT
from onward.hw.spec.isa import Store

from .generator import Generator
from .uop import X, Y

__all__ = ["Lane", "LaneControl", "lane_control"]


class LaneControl(data.StructLayout):
    """What lanes must know of the micro-operations under way, by the cycle in which it is used (:mod:`.uop`)."""

    def __init__(self, config: CoreConfig) -> None:
        super().__init__(
            {
                "step": 1,  # 9 for noise, 11 for updates
                "x": X,  # 10
                "y": Y,
                "positive_only": 1,
                "lane": range(max(2, config.lanes)),
                "m": signed(config.operand_bits),
                "accumulate": 1,  # 12
                "init": 1,
                "aligned_x": X,
                "aligned_y": Y,
                "lateral": 1,
                "member": range(max(2, config.group)),
                "fine": 1,
                "fine_late": 1,  # 13
                "lateral_late": 1,
                "store_row": 1,
                "function": Store,
                "update": 1,  # 14
            }
        )


def lane_control(m: Module, stages: Sequence[data.View], config: CoreConfig) -> data.View:
    """The control of a cluster's lanes from its micro-operations in cycles 9 to 14."""
    address, operands, multiply, product, add, saturate = stages
    control = Signal(LaneControl(config))
    # NOISE is emitted only after all updates have stepped, so that the order of work is the order of steps.
    noise = address.valid & (address.flags.x == X.NOISE)
    m.d.comb += [
        control.step.eq(noise | (multiply.valid & multiply.flags.update)),
        control.x.eq(operands.flags.x),
        control.y.eq(operands.flags.y),
        control.positive_only.eq(operands.flags.lateral),
        control.lane.eq(operands.lane),
        control.m.eq(operands.m),
        control.accumulate.eq(product.valid & product.flags.accumulate),
        control.init.eq(product.flags.init),
        control.aligned_x.eq(product.flags.x),
        control.aligned_y.eq(product.flags.y),
        control.lateral.eq(product.flags.lateral),
        control.member.eq(product.member),
        control.fine.eq(product.flags.fine),
        control.fine_late.eq(add.flags.fine),
        control.lateral_late.eq(add.flags.lateral),
        control.store_row.eq(add.flags.store_row),
        control.function.eq(add.flags.function),
        control.update.eq(saturate.flags.update),
    ]
    return control


class Lane(wiring.Component):
    """Multiplier, accumulator, stochastic update and store of one lane.

    Throughput one micro-operation a cycle; latencies as listed in :mod:`.uop`.

    Parameters
    ----------
    config : the core.
    index : number of this lane in the core; decides its random generator and its place in its group.

    Members
    -------
    ``control`` : :class:`LaneControl`, the same for all lanes of a cluster.
    ``weight`` : weight of the row read in the cycle before.
    ``first``, ``second`` : vector registers of port p1 and p2, read in the cycle before; ``member`` : the element of
    the lane's group that LMAC and LUPD use.
    ``product`` : exact product, cycle 12.
    ``row_value``, ``row_saturated`` : new weight, cycle 15. ``word_value``, ``word_saturated`` : new vector
    element, cycle 14.
    ``seed_valid``, ``seed`` : restart of the random generator.
    """

    def __init__(self, config: CoreConfig, index: int) -> None:
        self.config, self.index = config, index
        self.x_bits = max(config.weight_bits, ELEMENT.bits)
        self.y_bits = config.operand_bits
        super().__init__(
            {
                "control": In(LaneControl(config)),
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
        control = self.control
        m.submodules.generator = generator = Generator(self.index)
        m.d.comb += [
            generator.seed_valid.eq(self.seed_valid),
            generator.seed.eq(self.seed),
            generator.step.eq(control.step),
        ]

        # cycle 10: choose the factors
        x = Signal(signed(self.x_bits))
        y = Signal(signed(self.y_bits))
        positive = (self.weight > 0) | ~control.positive_only
        with m.Switch(control.x):
            with m.Case(X.WEIGHT):
                m.d.sync += x.eq(Mux(positive, self.weight, 0))
            with m.Case(X.VECTOR):
                m.d.sync += x.eq(self.first)
            with m.Case(X.ONE):
                m.d.sync += x.eq(1 << ELEMENT.fraction)
            with m.Case(X.NOISE):
                m.d.sync += x.eq(generator.state[20:].as_signed())
        with m.Switch(control.y):
            with m.Case(Y.OPERAND):
                m.d.sync += y.eq(control.m)
            with m.Case(Y.MASKED):
                m.d.sync += y.eq(Mux(control.lane == self.index, control.m, 0))
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

        negate = control.lateral & (control.member != self.index % config.group)
        self._accumulate(m, exact, negate)
        self._update(m, exact, negate, generator.state)
        return m

    def _accumulate(self, m: Module, exact: Signal, negate: object) -> None:
        """Cycle 12: exact accumulation; 12 to 13: store."""
        config = self.config
        control = self.control
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
        with m.If(control.aligned_y == Y.GROUP):
            m.d.comb += aligned.eq(exact << (fraction - config.weight.fraction - ELEMENT.fraction))
        with m.Elif(control.aligned_y == Y.SECOND):
            m.d.comb += aligned.eq(exact << (fraction - 2 * ELEMENT.fraction))
        with m.Elif(control.aligned_x == X.WEIGHT):
            m.d.comb += aligned.eq(exact << shifts[X.WEIGHT])
        with m.If(control.accumulate):
            base = Mux(control.init, 0, accumulator)
            m.d.sync += accumulator.eq(Mux(negate, base - aligned, base + aligned))

        shift = fraction - ELEMENT.fraction
        rounded = Signal(signed(bits - shift + 1))
        m.d.sync += rounded.eq((accumulator + (1 << (shift - 1))) >> shift)
        clipped = Signal(signed(ELEMENT.bits))
        high = rounded[ELEMENT.bits - 1 :]
        fits = (high == 0) | high.all()
        m.d.comb += clipped.eq(Mux(fits, rounded, Mux(rounded < 0, ELEMENT.min, ELEMENT.max)))
        m.d.sync += self.word_saturated.eq(~fits)
        with m.Switch(control.function):
            with m.Case(Store.RELU):
                m.d.sync += self.word_value.eq(Mux(clipped < 0, 0, clipped))
            with m.Case(Store.STEP):
                m.d.sync += self.word_value.eq(Mux(clipped > 0, 1 << ELEMENT.fraction, 0))
            with m.Default():
                m.d.sync += self.word_value.eq(clipped)

    def _update(self, m: Module, exact: Signal, negate: object, state: Signal) -> None:
        """Cycles 12 to 14: stochastically rounded update, or the accumulator as a row (host access)."""
        config = self.config
        control = self.control
        coarse_shift = ELEMENT.fraction + config.operand.fraction - config.weight.fraction
        fine_shift = ELEMENT.fraction + config.fine_operand.fraction - config.weight.fraction
        random = state[16:]
        noise = Mux(control.fine, _aligned(random, fine_shift), _aligned(random, coarse_shift))
        noisy = Signal(signed(len(exact) + 1))
        m.d.sync += noisy.eq(Mux(negate, -exact, exact) + noise)

        row_shift = config.accumulator_fraction - config.operand.fraction
        total = Signal(signed(len(noisy) - min(coarse_shift, fine_shift) + 1))
        change = Mux(control.fine_late, noisy >> fine_shift, noisy >> coarse_shift)
        learns = ~control.lateral_late | (self.weight > 0)
        with m.If(control.store_row):
            m.d.sync += total.eq(self.accumulator[row_shift : row_shift + config.weight_bits].as_signed())
        with m.Else():
            m.d.sync += total.eq(self.weight + Mux(learns, change, 0))

        high = total[config.weight_bits - 1 :]
        fits = (high == 0) | high.all()
        m.d.sync += [
            self.row_value.eq(Mux(fits, total, Mux(total < 0, config.weight.min, config.weight.max))),
            self.row_saturated.eq(~fits & control.update),
        ]


def _aligned(random: object, shift: int) -> object:
    """The upper ``shift`` of 16 random bits, or all of them above zeros."""
    return random >> (16 - shift) if shift <= 16 else random << (shift - 16)  # type: ignore[operator]
