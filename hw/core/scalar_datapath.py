"""The scalar unit's datapath: what its sequencers share."""

from amaranth.hdl import Module, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.formats import ELEMENT

from .aligner import Aligner
from .element_stage import ElementStage
from .element_walk import INDEX_BITS, ElementWalk
from .function_table import FunctionTable
from .packer import Packer
from .scalar_control import ScalarControl

__all__ = ["ScalarDatapath"]


class ScalarDatapath(wiring.Component):
    """Multiplier and table, aligner, packer, element stage and element walk, connected.

    ::

        scalar --+--> table: factors, product, function value --+---------------.
                 |      ^ point          |                      v               v
                 +--> aligner: larger, smaller >> amount --> sum --> packer: normalise, pack --> result
                 |                       ^                   |
        element -+--> stage: total, largest <----------------+--> element memory

    Parameters
    ----------
    multiply_cycles : of the multiplier.

    Members
    -------
    ``control`` : :data:`ScalarControl`; its ``write`` is not for the datapath.
    ``scalar`` : the scalar read. ``negate`` : the second operand of a comparison changes its sign.
    ``immediate``, ``first``, ``count`` : of the instruction. ``excluded`` : the element read has no weight.
    ``pixels`` : sum of squared pixels. ``random`` : of the generator.
    ``result`` : packed result. ``operand`` : first operand. ``greater``, ``subtracting`` : of the aligner.
    ``above``, ``exhausted`` : the element is the largest so far; the total is below zero.
    ``read_index``, ``write_index``, ``read_last``, ``write_last`` : of the walk.
    ``element_read_address``, ``element_read``, ``element_write``, ``element_write_address``, ``element_data`` : ports
    of the element memory; what is read comes two cycles after its address.
    ``saturated`` : the element written was saturated. ``busy`` : of the multiplier.
    """

    control: In(ScalarControl)
    scalar: In(25)
    negate: In(1)
    immediate: In(16)
    first: In(INDEX_BITS)
    count: In(INDEX_BITS)
    excluded: In(1)
    pixels: In(32)
    random: In(16)
    result: Out(25)
    operand: Out(25)
    greater: Out(1)
    subtracting: Out(1)
    above: Out(1)
    exhausted: Out(1)
    read_index: Out(INDEX_BITS)
    write_index: Out(INDEX_BITS)
    read_last: Out(1)
    write_last: Out(1)
    element_read_address: Out(INDEX_BITS)
    element_write_address: Out(INDEX_BITS)
    element_read: In(signed(ELEMENT.bits))
    element_write: Out(1)
    element_data: Out(signed(ELEMENT.bits))
    saturated: Out(1)
    busy: Out(1)

    def __init__(self, multiply_cycles: int = 1) -> None:
        self.multiply_cycles = multiply_cycles
        super().__init__()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.table = table = FunctionTable(self.multiply_cycles)
        m.submodules.aligner = aligner = Aligner()
        m.submodules.packer = packer = Packer()
        m.submodules.stage = stage = ElementStage()
        m.submodules.walk = walk = ElementWalk()
        m.d.comb += [
            table.control.eq(self.control.table),
            table.scalar.eq(self.scalar),
            table.odd.eq(self.scalar[16]),
            table.power.eq(aligner.sum),
            table.stage.eq(stage.stage),
            table.element.eq(self.element_read),
            table.total.eq(stage.capped),
            table.random.eq(self.random),
            aligner.control.eq(self.control.align),
            aligner.negate.eq(self.negate),
            aligner.scalar.eq(self.scalar),
            aligner.mantissa.eq(packer.mantissa),
            aligner.exponent.eq(packer.amount),
            aligner.whole.eq(table.whole),
            aligner.sign.eq(packer.sign),
            aligner.value.eq(table.coming),
            aligner.product.eq(table.product[16:]),
            packer.control.eq(self.control.pack),
            packer.scalar.eq(self.scalar),
            packer.larger_exponent.eq(aligner.larger_exponent),
            packer.larger_sign.eq(aligner.larger_sign),
            packer.element_sign.eq(self.element_read < 0),
            packer.sum.eq(aligner.sum),
            packer.beyond.eq(aligner.beyond),
            packer.product.eq(table.product),
            packer.value.eq(table.value),
            packer.pixels.eq(self.pixels),
            packer.total.eq(stage.total),
            stage.control.eq(self.control.element),
            stage.element.eq(self.element_read),
            stage.immediate.eq(self.immediate),
            stage.excluded.eq(self.excluded),
            stage.threshold.eq(table.product[16:]),
            stage.shifted.eq(aligner.sum[1:].as_signed()),
            stage.beyond.eq(aligner.beyond),
            stage.beyond_sign.eq(packer.sign),
            walk.control.eq(self.control.walk),
            walk.first.eq(self.first),
            walk.count.eq(self.count),
            self.result.eq(packer.result),
            self.operand.eq(aligner.first),
            self.greater.eq(aligner.greater),
            self.subtracting.eq(aligner.subtracting),
            self.above.eq(stage.above),
            self.exhausted.eq(stage.total < 0),
            self.read_index.eq(walk.read_index),
            self.write_index.eq(walk.write_index),
            self.read_last.eq(walk.read_last),
            self.write_last.eq(walk.write_last),
            self.element_read_address.eq(walk.read_address),
            self.element_write_address.eq(walk.write_address),
            self.element_write.eq(stage.write),
            self.element_data.eq(stage.written),
            self.saturated.eq(stage.saturated),
            self.busy.eq(table.busy),
        ]
        return m
