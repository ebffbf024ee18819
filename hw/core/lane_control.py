"""What the lanes of a cluster must know of the micro-operations under way."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import data

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT
from onward.hw.spec.isa import Store

from .uop import X, Y

__all__ = ["Alignment", "LaneControl", "lane_control"]

_MULTIPLIER_BITS = 18
"""Of one factor: what is left above a vector element may take a shift before the multiplication."""


class Alignment:
    """How far products are shifted to the left, for accumulators and updates of all formats.

    Members
    -------
    shifts : what the one shifter behind the multiplier chooses from.
    early : more of it, before the multiplication, for vectors in coarse updates.
    weight, vector, group, second : number of the shift for the accumulation of each kind of product.
    fine, coarse : number of the shift for updates, after which their weights' unit is the bit ``fine_shift``.
    fine_shift, coarse_shift : bits of a product behind the weights' unit.
    """

    def __init__(self, config: CoreConfig) -> None:
        fraction, weight, operand = config.accumulator_fraction, config.weight.fraction, config.operand.fraction
        self.fine_shift = ELEMENT.fraction + config.fine_operand.fraction - weight
        self.coarse_shift = ELEMENT.fraction + operand - weight
        accumulations = {
            "weight": fraction - weight - operand,
            "vector": fraction - ELEMENT.fraction - operand,
            "group": fraction - weight - ELEMENT.fraction,
            "second": fraction - 2 * ELEMENT.fraction,
        }
        coarser = self.fine_shift - self.coarse_shift
        room = _MULTIPLIER_BITS - max(config.weight_bits, ELEMENT.bits)
        fitting = [early for early in range(room + 1) if coarser - early in (0, *accumulations.values())]
        self.early = fitting[0] if fitting else 0
        shifts = sorted({0, coarser - self.early, *accumulations.values()})
        self.shifts = tuple(shifts)
        self.weight, self.vector, self.group, self.second = (shifts.index(shift) for shift in accumulations.values())
        self.fine, self.coarse = shifts.index(0), shifts.index(coarser - self.early)


class LaneControl(data.StructLayout):
    """Decoded control by the cycle in which it is used (:mod:`.uop`)."""

    def __init__(self, config: CoreConfig) -> None:
        super().__init__(
            {
                "step": 1,  # 9 for noise, 11 for updates
                "x": 2,  # 10: weight, vector; noise or one, shifted vector
                "one": 1,
                "positive_only": 1,
                "y": 2,  # 10: operand, first; second or others
                "masked": 1,
                "group": 1,
                "m": signed(config.operand_bits),
                "clear": 1,  # 11
                "accumulate": 1,  # 12
                "shift": range(max(2, len(Alignment(config).shifts))),
                "fine": 1,
                "lateral": 1,  # 13
                "store_row": 1,
                "relu": 1,
                "step_function": 1,
                "update": 1,  # 14
            }
        )


def lane_control(m: Module, stages: Sequence[data.View], config: CoreConfig) -> data.View:
    """The control of a cluster's lanes from its micro-operations in cycles 9 to 14.

    All of it comes from registers, which need no lookup table on their way to many lanes.
    """
    address, operands, multiply, product, add, saturate = stages
    alignment = Alignment(config)
    control = Signal(LaneControl(config))
    # NOISE is emitted only after all updates have stepped, so that the order of work is the order of steps.
    noise = address.valid & (address.flags.x == X.NOISE)
    m.d.comb += [
        control.step.eq(noise | (multiply.valid & multiply.flags.update)),
        control.m.eq(operands.m),
        control.fine.eq(product.flags.fine),
        control.lateral.eq(add.flags.lateral),
        control.store_row.eq(add.flags.store_row),
        control.update.eq(saturate.flags.update),
    ]

    flags = address.flags
    early = flags.update & ~flags.fine if alignment.early else 0
    vector = (flags.x == X.VECTOR) & ~early
    x, y = Signal(2, reset_less=True), Signal(2, reset_less=True)
    one, positive_only, masked, group = (Signal(reset_less=True) for _ in range(4))
    m.d.sync += [
        x[0].eq(flags.x == X.VECTOR),
        x[1].eq(~vector & (flags.x != X.WEIGHT)),
        one.eq(flags.x == X.ONE),
        positive_only.eq(flags.lateral),
        y[0].eq(flags.y == Y.VECTOR),
        y[1].eq((flags.y == Y.SECOND) | (flags.y == Y.GROUP)),
        masked.eq(flags.y == Y.MASKED),
        group.eq(flags.y == Y.GROUP),
    ]
    m.d.comb += [
        control.x.eq(x),
        control.one.eq(one),
        control.positive_only.eq(positive_only),
        control.y.eq(y),
        control.masked.eq(masked),
        control.group.eq(group),
    ]

    clear, accumulate = Signal(), Signal()
    shift = Signal.like(control.shift, reset_less=True)
    flags = multiply.flags
    kind = Mux(
        flags.y == Y.GROUP,
        alignment.group,
        Mux(flags.y == Y.SECOND, alignment.second, Mux(flags.x == X.WEIGHT, alignment.weight, alignment.vector)),
    )
    m.d.sync += [
        clear.eq(operands.valid & operands.flags.accumulate & operands.flags.init),
        accumulate.eq(multiply.valid & flags.accumulate),
        shift.eq(Mux(flags.update, Mux(flags.fine, alignment.fine, alignment.coarse), kind)),
    ]
    m.d.comb += [control.clear.eq(clear), control.accumulate.eq(accumulate), control.shift.eq(shift)]

    relu, step_function = Signal(reset_less=True), Signal(reset_less=True)
    m.d.sync += [relu.eq(product.flags.function == Store.RELU), step_function.eq(product.flags.function == Store.STEP)]
    m.d.comb += [control.relu.eq(relu), control.step_function.eq(step_function)]
    return control
