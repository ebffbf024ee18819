"""The commands of the protocol."""

from __future__ import annotations

from amaranth.hdl import Array, Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from onward.hw.core.host_port import HostPort
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.protocol import REPLY, Command, Status

from .command_check import ARGUMENT_BITS, ARGUMENT_BYTES, CommandCheck
from .layouts import PacketByte, header_layout
from .program_loader import ProgramLoader
from .reply_arbiter import ReplyArbiter
from .report_source import ReportSource
from .result_reply import ResultReply
from .ring_report import RingReport
from .row_access import RowAccess, RowTask
from .sample_loader import SampleLoader

__all__ = ["CommandUnit"]

_ANSWERED = (Command.IDENTIFY, Command.COUNTERS, Command.READ_ROW)


class CommandUnit(wiring.Component):
    """Carries out one command after the other, and answers each with one reply.

    A command is checked whole before it acts: command, length, whether the core is idle, addresses, values, in this
    order; the first that is wrong is the status of the reply, and then nothing has changed. WRITE_ROW reads its payload
    twice for that. The pixels of a SAMPLE go to the free slot while they are checked; the core sees a slot only when it
    is queued, and the next sample begins by emptying it.

    A SAMPLE or RUN that is right has no reply from here: its results are sent when the program has ended, beside
    whatever this unit does then. While a SAMPLE waits for a slot, results still go out, so it cannot wait forever.

    Ordered commands count: one that is carried out makes its number plus one the next. One that has been carried out
    and comes again, because its reply was lost, changes nothing: it is answered OK, or with the results that are kept,
    or BUSY as long as there are none.

    Latency, from ``frame`` valid and if nothing waits, with a bytes of arguments and n of payload: an error of the
    header shows the first byte of its reply after 5 cycles, one of the arguments after a + 7; a RUN shows ``run`` after
    7, a SAMPLE of s segments ``sample`` after n + s + 6, one without any after 8; kept results begin after 5.

    Parameters
    ----------
    config : CoreConfig
        Limits that commands are checked against.

    Members
    -------
    frame : In(stream of header_layout(config))
        Frames; accepted in the cycle after they have been dealt with.
    payload : In(stream of PacketByte)
        Payload of that frame.
    rewind : Out(1)
        Pulse; the payload shall come again.
    o : Out(stream of PacketByte)
        Replies.
    core : Out(HostPort())
        The core.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = config
        super().__init__(
            {
                "frame": In(stream.Signature(header_layout(config))),
                "payload": In(stream.Signature(PacketByte)),
                "rewind": Out(1),
                "o": Out(stream.Signature(PacketByte)),
                "core": Out(HostPort(config.compact)),
            }
        )

    def _report(self) -> ReportSource | RingReport:
        return RingReport(self._config) if self._config.compact else ReportSource(self._config)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        core, header = self.core, self.frame.payload
        command = header.command
        # One bit for each command, from a register: much follows from it, and nothing before the check has judged.
        chosen = {each: Signal(name=f"is_{each.name.lower()}") for each in Command}
        m.d.sync += [flag.eq(command == each) for each, flag in chosen.items()]

        m.submodules.check = check = CommandCheck(self._config)
        m.submodules.program = program = ProgramLoader(len(core.program.payload.word))
        m.submodules.sample = sample = SampleLoader(self._config)
        m.submodules.rows = rows = RowAccess(self._config)
        m.submodules.report = report = self._report()
        m.submodules.results = results = ResultReply()
        m.submodules.arbiter = arbiter = ReplyArbiter()
        reply = stream.Signature(PacketByte).create()
        wiring.connect(m, results.o, arbiter.first)
        wiring.connect(m, reply, arbiter.second)
        wiring.connect(m, arbiter.o, wiring.flipped(self.o))
        wiring.connect(m, program.o, wiring.flipped(core.program))
        wiring.connect(m, sample.pixel, wiring.flipped(core.pixel))
        wiring.connect(m, rows.access, wiring.flipped(core.access))
        wiring.connect(m, wiring.flipped(core.answer), rows.answer)
        wiring.connect(m, wiring.flipped(core.done), results.done)

        recent = Signal(max(len(program.word), ARGUMENT_BITS))  # the last bytes taken as arguments or instructions
        argument = recent[-ARGUMENT_BITS:]
        left = Signal.like(check.argument_bytes)  # bytes of arguments still to come
        more = Signal()  # there are any
        status = Signal(Status)
        writing = Signal()  # the second pass of WRITE_ROW
        following = Signal(8)  # number of the next ordered command
        is_open = Signal()
        # Whether a part has done its work, and how, is known late in a cycle: it counts in the next one.
        worked, fitted = Signal(), Signal()
        sample_status = Signal.like(sample.status)
        rewinds = Signal()
        m.d.sync += [
            worked.eq(program.done | rows.done | sample.done),
            fitted.eq(rows.fits),
            sample_status.eq(sample.status),
            rewinds.eq(0),
        ]
        seen, judged = Signal(), Signal()  # the check has seen what it judges, for one cycle or for as long as it takes
        m.d.sync += [seen.eq(0), judged.eq(0)]
        m.d.comb += [
            check.header.eq(header),
            check.busy.eq(core.busy),
            check.next.eq(following),
            check.open.eq(is_open),
            check.argument.eq(argument),
            program.address.eq(argument[24:]),
            program.word.eq(recent[-len(program.word) :]),
            rows.row.eq(argument[8:]),
            core.sample.payload.entry.eq(argument[16:]),
            core.sample.payload.label.eq(argument[32:]),
            core.run.payload.eq(argument[24:]),
            core.seed.payload.eq(argument[8:]),
            core.result_bank.eq(results.bank),
            core.result_address.eq(results.address),
            results.data.eq(core.result_data),
            results.i.payload.run.eq(chosen[Command.RUN]),
            results.i.payload.sequence.eq(header.sequence),
            results.again.payload.eq(results.i.payload),
            self.rewind.eq(rewinds),
            report.following.eq(following),
            report.count.eq(chosen[Command.COUNTERS]),
        ]
        if isinstance(report, RingReport):
            m.d.comb += [report.ring_byte.eq(core.ring_byte), core.ring_next.eq(report.ring_next)]
        else:
            m.d.comb += report.counters.eq(core.counters)
        with m.If(chosen[Command.WRITE_ROW]):
            m.d.comb += rows.task.eq(Mux(writing, RowTask.WRITE, RowTask.CHECK))
        with m.Else():
            m.d.comb += rows.task.eq(Mux(argument[0], RowTask.READ_VECTORS, RowTask.READ_WEIGHTS))

        # Everyone sees the payload; only who has been started takes it.
        wants_argument = Signal()
        takers = (program, sample, rows)
        for taker in takers:
            m.d.comb += [taker.i.payload.eq(self.payload.payload), taker.i.valid.eq(self.payload.valid)]
        m.d.comb += self.payload.ready.eq(wants_argument | Cat(taker.i.ready for taker in takers).any())
        with m.If(self.payload.valid & (wants_argument | program.i.ready)):
            m.d.sync += recent.eq(Cat(recent[8:], self.payload.payload.byte))

        counts = Signal()
        m.d.sync += counts.eq(self.frame.ready & check.fresh & (status == Status.OK))
        with m.If(counts):
            m.d.sync += following.eq(following + 1)

        answers = Signal()  # more follows the head of the reply
        m.d.comb += answers.eq(Cat(chosen[each] for each in _ANSWERED).any() & (status == Status.OK))
        head = Signal(range(3))

        with m.FSM():
            with m.State("HEADER"):
                m.d.sync += [left.eq(check.argument_bytes), more.eq(check.argument_bytes != 0)]
                m.d.sync += [writing.eq(0), status.eq(check.header_status)]
                # The check judges what it saw two cycles before.
                m.d.sync += [seen.eq(self.frame.valid), judged.eq(seen)]
                with m.If(judged):
                    with m.If(check.header_status != Status.OK):
                        m.next = "REPLY"
                    with m.Elif(check.repeated & (chosen[Command.SAMPLE] | chosen[Command.RUN])):
                        with m.If(results.pending):
                            m.d.sync += status.eq(Status.BUSY)
                            m.next = "REPLY"
                        with m.Else():
                            m.d.comb += results.again.valid.eq(1)
                            with m.If(results.again.ready):
                                m.next = "DONE"
                    with m.Elif(check.repeated):
                        m.next = "REPLY"
                    with m.Elif(~chosen[Command.SAMPLE] | (core.slot_free & results.i.ready)):
                        m.next = "ARGUMENTS"

            with m.State("ARGUMENTS"):
                m.d.sync += judged.eq(~more)
                with m.If(more):
                    m.d.comb += wants_argument.eq(1)
                    with m.If(self.payload.valid):
                        m.d.sync += [left.eq(left - 1), more.eq(left != 1)]
                with m.Elif(judged & (check.argument_status != Status.OK)):
                    m.d.sync += status.eq(check.argument_status)
                    m.next = "REPLY"
                with m.Elif(judged):
                    m.next = "WORK"
                    with m.If(chosen[Command.LOAD_PROGRAM]):
                        m.d.comb += program.start.eq(1)
                    with m.Elif(chosen[Command.WRITE_ROW]):
                        m.d.comb += rows.start.eq(1)
                    with m.Elif(chosen[Command.SAMPLE]):
                        m.d.comb += core.sample_begin.eq(1)
                        with m.If(header.length == ARGUMENT_BYTES[Command.SAMPLE]):
                            m.next = "QUEUE"
                        with m.Else():
                            m.d.comb += sample.start.eq(1)
                    with m.Elif(chosen[Command.RUN]):
                        m.next = "QUEUE"
                    with m.Elif(chosen[Command.SEED]):
                        m.next = "SEED"
                    with m.Elif(chosen[Command.RESET] | chosen[Command.OPEN]):
                        m.d.comb += core.reset.eq(1)
                        m.d.sync += is_open.eq(1)
                        m.next = "REPLY"
                    with m.Else():
                        m.next = "REPLY"

            with m.State("WORK"), m.If(worked):
                m.next = "REPLY"
                with m.If(chosen[Command.SAMPLE]):
                    m.d.sync += status.eq(sample_status)
                    with m.If(sample_status == Status.OK):
                        m.next = "QUEUE"
                with m.Elif(chosen[Command.WRITE_ROW] & ~writing):
                    with m.If(fitted):
                        # Every byte has been taken: there is none before the first comes again.
                        m.d.sync += [rewinds.eq(1), left.eq(check.argument_bytes), more.eq(1), writing.eq(1)]
                        m.next = "ARGUMENTS"
                    with m.Else():
                        m.d.sync += status.eq(Status.BAD_VALUE)

            with m.State("QUEUE"):
                m.d.comb += [core.sample.valid.eq(chosen[Command.SAMPLE]), core.run.valid.eq(chosen[Command.RUN])]
                with m.If((core.sample.valid & core.sample.ready) | (core.run.valid & core.run.ready)):
                    m.d.comb += results.i.valid.eq(1)
                    m.next = "DONE"

            with m.State("SEED"):
                m.d.comb += core.seed.valid.eq(1)
                with m.If(core.seed.ready):
                    m.next = "REPLY"

            with m.State("REPLY"):
                first_bytes = Array([command | REPLY, header.sequence, status])
                m.d.comb += [
                    reply.valid.eq(1),
                    reply.payload.byte.eq(first_bytes[head]),
                    reply.payload.last.eq((head == 2) & ~answers),
                ]
                with m.If(reply.ready):
                    m.d.sync += head.eq(head + 1)
                    with m.If(head == 2):
                        m.d.sync += head.eq(0)
                        with m.If(answers):
                            m.d.comb += [rows.start.eq(chosen[Command.READ_ROW]), report.start.eq(~rows.start)]
                            m.next = "ANSWER"
                        with m.Else():
                            m.next = "DONE"

            with m.State("ANSWER"):
                for wanted, source in ((chosen[Command.READ_ROW], rows.o), (~chosen[Command.READ_ROW], report.o)):
                    with m.If(wanted):
                        m.d.comb += [
                            reply.payload.eq(source.payload),
                            reply.valid.eq(source.valid),
                            source.ready.eq(reply.ready),
                        ]
                with m.If(reply.valid & reply.ready & reply.payload.last):
                    m.next = "DONE"

            # Who is done knows it late in a cycle: the frame goes in the next one.
            with m.State("DONE"):
                m.d.comb += self.frame.ready.eq(1)
                m.next = "HEADER"

        return m
