"""The scalar unit's way along a range of elements."""

from amaranth.hdl import C, Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["INDEX_BITS", "ElementWalk", "WalkControl"]

INDEX_BITS = 12

WalkControl = data.StructLayout({"rewind": 1, "next_read": 1, "ahead": 1, "next_write": 1})
"""One cycle of control; all zeros do nothing. ``rewind`` : both indices become 0. ``next_read``, ``next_write`` : count
up. ``ahead`` : the address is already the next one."""


class ElementWalk(wiring.Component):
    """Two indices into a range: of the next element to read, and of the next one to write, or to judge.

    Members
    -------
    ``control`` : :data:`WalkControl`. ``first``, ``count`` : the range, at least one element.
    ``write`` : the address is for the write index.
    ``address`` : of the element memory. ``read_index``, ``write_index`` : the indices.
    ``read_last``, ``write_last`` : they are ``count - 1``; valid from one cycle after ``count`` is.
    """

    control: In(WalkControl)
    first: In(INDEX_BITS)
    count: In(INDEX_BITS)
    write: In(1)
    address: Out(INDEX_BITS)
    read_index: Out(INDEX_BITS)
    write_index: Out(INDEX_BITS)
    read_last: Out(1)
    write_last: Out(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        last = Signal(INDEX_BITS)
        index = Mux(self.write, self.write_index, self.read_index)
        next_read, next_write = Signal(INDEX_BITS), Signal(INDEX_BITS)
        m.d.comb += [
            self.address.eq((Cat(C(1, 1), self.first) + Cat(self.control.ahead, index))[1:]),
            last.eq(self.count - 1),
            next_read.eq(self.read_index + self.control.next_read),
            next_write.eq(self.write_index + self.control.next_write),
        ]
        with m.If(self.control.rewind):
            m.d.comb += [next_read.eq(0), next_write.eq(0)]
        m.d.sync += [
            self.read_index.eq(next_read),
            self.write_index.eq(next_write),
            self.read_last.eq(next_read == last),
            self.write_last.eq(next_write == last),
        ]
        return m
