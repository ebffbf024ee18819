"""The scalar register file."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.isa import SCALAR_REGISTERS

__all__ = ["ScalarRegisters"]


class ScalarRegisters(wiring.Component):
    """32 packed scalars, all zero at first. Both reads have one cycle latency.

    Members
    -------
    ``write``, ``number``, ``value`` : write port.
    ``address``, ``data`` : the scalar unit's read; gives the value that is written in the cycle of the address.
    ``relay`` : the data of the next cycle is ``value``.
    ``outer_address``, ``outer_data`` : everybody else's read; gives what was written before that cycle.
    """

    write: In(1)
    number: In(5)
    value: In(25)
    address: In(5)
    data: Out(25)
    relay: In(1)
    outer_address: In(5)
    outer_data: Out(25)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.scalars = scalars = memory.Memory(shape=25, depth=SCALAR_REGISTERS, init=[])
        write, read, outer = scalars.write_port(), scalars.read_port(), scalars.read_port()
        # Forwarding by hand: it needs no second copy of a value that stays on show for a cycle only.
        forward = Signal()
        forwarded = Signal(25)
        m.d.sync += [
            forward.eq(self.relay | (self.write & (self.number == self.address))),
            forwarded.eq(self.value),
        ]
        m.d.comb += [
            write.en.eq(self.write),
            write.addr.eq(self.number),
            write.data.eq(self.value),
            read.addr.eq(self.address),
            self.data.eq(Mux(forward, forwarded, read.data)),
            outer.addr.eq(self.outer_address),
            self.outer_data.eq(outer.data),
        ]
        return m
