"""Which commands are legal: everything that header and arguments tell."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.protocol import ORDERED, WINDOW, Command, Space, Status

from .layouts import header_layout

__all__ = ["ARGUMENT_BITS", "ARGUMENT_BYTES", "CommandCheck"]

ARGUMENT_BYTES = {
    Command.LOAD_PROGRAM: 2,
    Command.WRITE_ROW: 4,
    Command.READ_ROW: 5,
    Command.SAMPLE: 3,
    Command.RUN: 2,
    Command.SEED: 4,
}
"""Bytes of a payload in front of its items (instructions, lanes, segments)."""

ARGUMENT_BITS = 8 * max(ARGUMENT_BYTES.values())

_NEEDS_IDLE_CORE = (
    Command.LOAD_PROGRAM,
    Command.WRITE_ROW,
    Command.READ_ROW,
    Command.RUN,
    Command.SEED,
    Command.RESET,
    Command.OPEN,
)


class CommandCheck(wiring.Component):
    """Judges a command, first by its header, then by its arguments.

    An ordered command must have the number ``next``. If it has one of the numbers before, as many as the window is
    wide, it has been carried out already: that is no mistake, but ``repeated``.

    Latency: ``argument_bytes`` none, ``header_status`` two cycles from the header, the others one cycle.

    Parameters
    ----------
    config : CoreConfig
        Lanes, rows, vectors, classes and depth of the program.

    Members
    -------
    header : In(header_layout(config))
        The frame.
    busy : In(1)
        The core is busy.
    next : In(8)
        Sequence number of the next ordered command.
    open : In(1)
        There has been an OPEN since the last reset.
    argument : In(40)
        The arguments: their bytes entered one by one at the most significant end, so the last one is there.
    argument_bytes : Out(3)
        How many bytes of arguments the command has.
    header_status : Out(Status)
        BAD_FRAME, BAD_COMMAND, BAD_LENGTH, CLOSED, OUT_OF_ORDER, BUSY (the first that applies) or OK.
    fresh : Out(1), repeated : Out(1)
        The command is ordered, and is the next one, or has been carried out; mean something beside OK.
    argument_status : Out(Status)
        BAD_ADDRESS, BAD_VALUE or OK; means something once all arguments are there.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = config
        self._needs_idle_core = _NEEDS_IDLE_CORE + (Command.COUNTERS,) * config.compact
        super().__init__(
            {
                "header": In(header_layout(config)),
                "busy": In(1),
                "next": In(8),
                "open": In(1),
                "argument": In(ARGUMENT_BITS),
                "argument_bytes": Out(range(max(ARGUMENT_BYTES.values()) + 1)),
                "header_status": Out(Status),
                "fresh": Out(1),
                "repeated": Out(1),
                "argument_status": Out(Status),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self._config
        command, length = self.header.command, self.header.length

        known, right_length = Signal(init=1), Signal()
        is_known, has_right_length = Signal(), Signal()
        m.d.sync += [is_known.eq(known), has_right_length.eq(right_length)]
        with m.Switch(command):
            with m.Case(Command.IDENTIFY, Command.COUNTERS, Command.RESET, Command.OPEN):
                m.d.comb += right_length.eq(length == 0)
            with m.Case(Command.LOAD_PROGRAM):
                m.d.comb += right_length.eq((length[:4] == ARGUMENT_BYTES[Command.LOAD_PROGRAM]) & (length[4:] != 0))
            with m.Case(Command.WRITE_ROW):
                m.d.comb += right_length.eq(length == ARGUMENT_BYTES[Command.WRITE_ROW] + 2 * config.lanes)
            with m.Case(Command.SAMPLE):
                m.d.comb += right_length.eq(length >= ARGUMENT_BYTES[Command.SAMPLE])
            with m.Case(Command.READ_ROW, Command.RUN, Command.SEED):
                m.d.comb += right_length.eq(length == self.argument_bytes)
            with m.Default():
                m.d.comb += known.eq(0)
        with m.Switch(command):
            for each, count in ARGUMENT_BYTES.items():
                with m.Case(each):
                    m.d.comb += self.argument_bytes.eq(count)

        # Everything else comes from registers: what follows a judgement is spread over the whole FPGA.
        header_status, argument_status = Signal(Status), Signal(Status)
        fresh, repeated = Signal(name="is_fresh"), Signal(name="is_repeated")
        m.d.sync += [
            self.header_status.eq(header_status),
            self.argument_status.eq(argument_status),
            self.fresh.eq(fresh),
            self.repeated.eq(repeated),
        ]
        ordered = command.matches(*ORDERED)
        behind = Signal(8)
        m.d.comb += [
            behind.eq(self.next - self.header.sequence),
            fresh.eq(ordered & (behind == 0)),
            repeated.eq(ordered & (behind != 0) & (behind <= WINDOW)),
        ]
        opens = fresh & (command == Command.OPEN)

        with m.If(self.header.bad):
            m.d.comb += header_status.eq(Status.BAD_FRAME)
        with m.Elif(~is_known):
            m.d.comb += header_status.eq(Status.BAD_COMMAND)
        with m.Elif(~has_right_length):
            m.d.comb += header_status.eq(Status.BAD_LENGTH)
        with m.Elif(ordered & ~self.open & ~opens):
            m.d.comb += header_status.eq(Status.CLOSED)
        with m.Elif(ordered & ~fresh & ~repeated):
            m.d.comb += header_status.eq(Status.OUT_OF_ORDER)
        with m.Elif(self.busy & ~repeated & command.matches(*self._needs_idle_core)):
            m.d.comb += header_status.eq(Status.BUSY)

        space, row = self.argument[:8], self.argument[8:]
        row_exists = row < config.rows
        vector_exists = row < config.vectors
        short_entry = self.argument[24:]  # RUN, LOAD_PROGRAM
        sample_entry, label = self.argument[16:32], self.argument[32:]
        with m.Switch(command):
            with m.Case(Command.LOAD_PROGRAM), m.If(short_entry + length[4:] > config.program):
                m.d.comb += argument_status.eq(Status.BAD_ADDRESS)
            with m.Case(Command.WRITE_ROW), m.If(~row_exists):
                m.d.comb += argument_status.eq(Status.BAD_ADDRESS)
            with m.Case(Command.READ_ROW):
                in_space = Mux(space == Space.VECTORS, vector_exists, row_exists)
                with m.If(~in_space | (space > max(Space))):
                    m.d.comb += argument_status.eq(Status.BAD_ADDRESS)
            with m.Case(Command.SAMPLE):
                with m.If(sample_entry >= config.program):
                    m.d.comb += argument_status.eq(Status.BAD_ADDRESS)
                with m.Elif(label >= config.classes):
                    m.d.comb += argument_status.eq(Status.BAD_VALUE)
            with m.Case(Command.RUN), m.If(short_entry >= config.program):
                m.d.comb += argument_status.eq(Status.BAD_ADDRESS)

        return m
