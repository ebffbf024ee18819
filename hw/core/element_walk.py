"""The scalar unit's way along a range of elements."""

from amaranth.hdl import C, Cat, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["INDEX_BITS", "ElementWalk", "WalkControl"]

INDEX_BITS = 12

WalkControl = data.StructLayout({"rewind": 1, "next_read": 1, "ahead": 1, "next_write": 1})
"""One cycle of control; all zeros do nothing. ``rewind`` : both indices become 0. ``next_read``, ``next_write`` : count
up. ``ahead`` : the read address is already the next one."""


class ElementWalk(wiring.Component):
    """Two indices into a range: of the next element to read, and of the next one to write, or to judge.

    Members
    -------
    ``control`` : :data:`WalkControl`. ``first``, ``count`` : the range, at least one element.
    ``read_address``, ``write_address`` : of the element memory. ``read_index``, ``write_index`` : the indices.
    ``read_last``, ``write_last`` : they are ``count - 1``; valid from one cycle after ``count`` is.
    """

    control: In(WalkControl)
    first: In(INDEX_BITS)
    count: In(INDEX_BITS)
    read_address: Out(INDEX_BITS)
    write_address: Out(INDEX_BITS)
    read_index: Out(INDEX_BITS)
    write_index: Out(INDEX_BITS)
    read_last: Out(1)
    write_last: Out(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        next_read, next_write = Signal(INDEX_BITS), Signal(INDEX_BITS)
        m.d.comb += [
            self.read_address.eq((Cat(C(1, 1), self.first) + Cat(self.control.ahead, self.read_index))[1:]),
            self.write_address.eq(self.first + self.write_index),
            next_read.eq(self.read_index + self.control.next_read),
            next_write.eq(self.write_index + self.control.next_write),
        ]

        def is_last(index: Signal, steps: Value) -> Value:
            """Whether the index is to be the last one: what becomes of it is known late in a cycle."""
            stays, follows = (((index + behind)[:INDEX_BITS] == self.count) for behind in (1, 2))
            return Mux(self.control.rewind, self.count == 1, Mux(steps, follows, stays))

        with m.If(self.control.rewind):
            m.d.comb += [next_read.eq(0), next_write.eq(0)]
        m.d.sync += [
            self.read_index.eq(next_read),
            self.write_index.eq(next_write),
            self.read_last.eq(is_last(self.read_index, self.control.next_read)),
            self.write_last.eq(is_last(self.write_index, self.control.next_write)),
        ]
        return m
