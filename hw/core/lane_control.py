"""What the lanes of a cluster must know of the micro-operations under way."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT
from onward.hw.spec.isa import Store

from .uop import X, Y

__all__ = ["Alignment", "LaneControl", "lane_control"]


class Alignment:
    """How far products are shifted to the left, for accumulators and updates of all formats.

    Members
    -------
    shifts : what the accumulator's adder chooses from.
    weight, vector, group, second : number of the shift for the accumulation of each kind of product.
    fine_shift : bits of the product of a fine update behind the weights' unit.
    coarser : shift of a coarse one, after which its weights' unit is the same bit.
    """

    def __init__(self, config: CoreConfig) -> None:
        fraction, weight, operand = config.accumulator_fraction, config.weight.fraction, config.operand.fraction
        self.fine_shift = ELEMENT.fraction + config.fine_operand.fraction - weight
        self.coarser = config.fine_operand.fraction - operand
        accumulations = {
            "weight": fraction - weight - operand,
            "vector": fraction - ELEMENT.fraction - operand,
            "group": fraction - weight - ELEMENT.fraction,
            "second": fraction - 2 * ELEMENT.fraction,
        }
        shifts = sorted({0, *accumulations.values()})
        self.shifts = tuple(shifts)
        self.weight, self.vector, self.group, self.second = (shifts.index(shift) for shift in accumulations.values())


class LaneControl(data.StructLayout):
    """Decoded control by the cycle in which it is used (:mod:`.uop`)."""

    def __init__(self, config: CoreConfig) -> None:
        super().__init__(
            {
                "step": 1,  # 9 for noise, 11 for updates
                "row": 1,  # 10, first factor: the weight, a vector, noise, or one
                "first": 1,
                "noise": 1,
                "one": 1,
                "positive_only": 1,
                "clear": 1,  # 11
                "half": 1,  # the accumulator begins with what rounds it to an element
                "accumulate": 1,  # 12
                "shift": range(max(2, len(Alignment(config).shifts))),
                "fine": 1,
                "late_fine": 1,  # 13
                "lateral": 1,
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
        control.fine.eq(product.flags.fine),
        control.late_fine.eq(add.flags.fine),
        control.lateral.eq(add.flags.lateral),
        control.store_row.eq(add.flags.store_row),
        control.update.eq(saturate.flags.update),
    ]

    flags = address.flags
    chosen = {
        "row": flags.x == X.WEIGHT,
        "first": flags.x == X.VECTOR,
        "noise": flags.x == X.NOISE,
        "one": flags.x == X.ONE,
        "positive_only": flags.lateral,
    }
    for name, value in chosen.items():
        register = Signal(name=f"chosen_{name}", reset_less=True)
        m.d.sync += register.eq(value)
        m.d.comb += control[name].eq(register)

    # A reset clears the accumulators, too, as an operation does: without a wire of its own to all of them.
    clear, half, accumulate = Signal(init=1), Signal(init=1), Signal(reset_less=True)
    shift = Signal.like(control.shift, reset_less=True)
    flags = multiply.flags
    kind = Mux(
        flags.y == Y.GROUP,
        alignment.group,
        Mux(flags.y == Y.SECOND, alignment.second, Mux(flags.x == X.WEIGHT, alignment.weight, alignment.vector)),
    )
    m.d.sync += [
        clear.eq(operands.valid & operands.flags.accumulate & operands.flags.init),
        # The host's rows are numbers of their own, which are not rounded: products with ONE that count as no work.
        half.eq((operands.flags.x != X.ONE) | operands.flags.product),
        accumulate.eq(multiply.valid & flags.accumulate),
        shift.eq(kind),
    ]
    m.d.comb += [
        control.clear.eq(clear),
        control.half.eq(half),
        control.accumulate.eq(accumulate),
        control.shift.eq(shift),
    ]

    relu, step_function = Signal(reset_less=True), Signal(reset_less=True)
    m.d.sync += [relu.eq(product.flags.function == Store.RELU), step_function.eq(product.flags.function == Store.STEP)]
    m.d.comb += [control.relu.eq(relu), control.step_function.eq(step_function)]
    return control
