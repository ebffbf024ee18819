"""The compact core: one processor, one stream unit."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, ValueLike
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In

from onward.hw.core.host_port import RING_BYTES, HostPort
from onward.hw.core.watchdog import Watchdog
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.protocol import COUNTERS

from . import microcode
from .firmware import Pulse, build_firmware
from .mac import Accumulator, UnsignedProduct
from .microcode import Status
from .processor import Processor
from .samples import CompactSamples
from .stream_unit import StreamUnit

__all__ = ["CompactCore"]


class CompactCore(wiring.Component):
    """Executes the programs that :class:`onward.hw.core.core.Core` does, with the same results, but for instructions
    that :func:`.limits.check_compact` refuses.

    Instructions are executed one after the other, but for the next one's fetch, which begins while the last elements
    of a stream are on their way; only streams of elements run at an element a cycle. A program that runs for longer
    than the configuration's ``watchdog`` cycles is ended before its next instruction; every
    instruction is over by itself.

    Parameters
    ----------
    config : the core.

    Members
    -------
    ``host`` : programs, samples, results, row accesses and counters, see :class:`onward.hw.core.host_port.HostPort`.
    """

    def __init__(self, config: CoreConfig) -> None:
        self.config = config
        firmware = build_firmware(config)
        self._processor = Processor(firmware.assemble(), firmware.data(), firmware.labels["end"])
        super().__init__({"host": In(HostPort(compact=True))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, host = self.config, self.host
        m.submodules.processor = processor = self._processor
        m.submodules.streams = streams = StreamUnit(config)
        m.submodules.samples = samples = CompactSamples(config)
        m.submodules.norm = norm = Accumulator()

        def out(port: microcode.Out) -> Signal:
            """OUT writes this port."""
            strobe = Signal(name=f"out_{port.name.lower()}")
            m.d.comb += strobe.eq(processor.writes & (processor.port == port))
            return strobe

        def pulse(bit: int) -> Signal:
            return control & (processor.output & bit).any()

        control = out(microcode.Out.CONTROL)
        value = processor.output
        loads = out(microcode.Out.LOAD_FIRST)
        m.d.comb += [
            processor.set_x.eq(out(microcode.Out.LOAD_SECOND)),
            processor.x.eq(streams.row_data[1]),
            processor.target.eq(streams.row_data[0]),
            processor.works.eq(streams.busy),
            processor.uses_rows.eq(streams.uses_rows),
        ]

        # stream unit
        lanes = Signal(config.lanes)
        with m.If(out(microcode.Out.LANES)):
            m.d.sync += lanes.eq(value)
        m.d.comb += [
            streams.value.eq(value),
            streams.set_pointer.eq(out(microcode.Out.ROW)),
            streams.set_row.eq(out(microcode.Out.FIRST)),
            streams.add_row.eq(out(microcode.Out.ADD_FIRST)),
            streams.load_first.eq(loads),
            streams.load_second.eq(processor.set_x),
            streams.start_loaded.eq(out(microcode.Out.START_LOADED)),
            streams.sample_count.eq(samples.count),
            streams.set_stride.eq(out(microcode.Out.STRIDE)),
            streams.set_count.eq(out(microcode.Out.COUNT)),
            streams.set_list.eq(out(microcode.Out.LIST)),
            streams.set_word.eq(out(microcode.Out.WORD)),
            streams.set_shift.eq(out(microcode.Out.SHIFT)),
            streams.start.eq(out(microcode.Out.START)),
            streams.access.eq(out(microcode.Out.READ_ROW) | loads),
            streams.write_lanes.eq(Mux(out(microcode.Out.ROW_WRITE), lanes, 0)),
            streams.list_write.eq(out(microcode.Out.LIST_WRITE)),
            streams.sample_data.eq(samples.data),
            samples.address.eq(streams.sample_address),
        ]

        # the processor's multiplier
        m.submodules.product = product = UnsignedProduct()
        m.d.comb += [
            product.a.eq(Mux(out(microcode.Out.POWER), 1 << value[:4], value)),
            product.take_a.eq(out(microcode.Out.LEFT) | out(microcode.Out.POWER)),
            product.b.eq(value),
            product.take_b.eq(out(microcode.Out.RIGHT)),
        ]

        # samples, and the sum of the squares of the one that is being loaded
        arrives = Signal()
        m.d.sync += arrives.eq(host.pixel.valid)
        m.d.comb += [
            norm.a.eq(host.pixel.payload.value),
            norm.b.eq(host.pixel.payload.value),
            norm.add.eq(arrives),
            norm.load.eq(host.sample_begin | host.reset),
            samples.begin.eq(host.sample_begin),
            samples.reset.eq(host.reset),
            host.slot_free.eq(samples.slot_free),
        ]
        wiring.connect(m, wiring.flipped(host.pixel), samples.pixel)
        wiring.connect(m, wiring.flipped(host.sample), samples.tail)

        # runs
        running, finished, cleared = Signal(), Signal(), Signal()
        start, end = pulse(Pulse.START), pulse(Pulse.END)
        overrun = Signal()
        m.submodules.watchdog = watchdog = Watchdog(config.watchdog)
        m.d.comb += [watchdog.start.eq(start), processor.divert.eq(running & watchdog.late)]
        with m.If(start):
            m.d.sync += [running.eq(1), cleared.eq(0)]
        with m.If(end):
            m.d.sync += [running.eq(0), finished.eq(1), overrun.eq(watchdog.late)]
        with m.If(host.done.valid & host.done.ready):
            m.d.sync += finished.eq(0)
        with m.If(host.reset):
            m.d.sync += cleared.eq(1)
        m.d.comb += [
            samples.advance.eq(start & samples.waiting),
            host.run.ready.eq(start & ~samples.waiting),
            host.busy.eq(running | finished | samples.waiting),
            host.done.valid.eq(finished),
        ]

        # results
        place_bits = (config.results - 1).bit_length()
        m.submodules.results = results = Memory(shape=32, depth=2 << place_bits, init=[], attrs={"no_rw_check": 1})
        write, read = results.write_port(), results.read_port()
        count = Signal(range(config.results + 1))
        low = Signal(16)
        stores = out(microcode.Out.RESULT_HIGH)
        with m.If(out(microcode.Out.RESULT_LOW)):
            m.d.sync += low.eq(value)
        m.d.comb += [
            write.addr.eq(Cat(count[:place_bits], host.result_bank)),
            write.data.eq(Cat(low, value)),
            write.en.eq(stores & (count != config.results)),
            read.addr.eq(Cat(host.result_address.word[:place_bits], host.result_address.bank)),
            host.result_data.eq(read.data),
            host.done.payload.count.eq(count),
            host.done.payload.overrun.eq(overrun),
        ]
        with m.If(start):
            m.d.sync += count.eq(0)
        with m.Elif(write.en):
            m.d.sync += count.eq(count + 1)

        # accesses, programs, seeds
        access = host.access.payload
        answers = out(microcode.Out.ANSWER)
        with m.If(answers):
            m.d.sync += [host.answer.payload.eq(value.as_signed()), host.answer.valid.eq(1)]
        with m.Elif(host.answer.ready):
            m.d.sync += host.answer.valid.eq(0)
        m.d.comb += [
            host.access.ready.eq(pulse(Pulse.ACCESS)),
            host.program.ready.eq(pulse(Pulse.PROGRAM)),
            host.seed.ready.eq(pulse(Pulse.SEED)),
            streams.seed_valid.eq(host.seed.valid & host.seed.ready),
            streams.seed.eq(host.seed.payload),
        ]

        # ports that IN reads
        status = Signal(16)
        waits = ~finished
        m.d.comb += [
            status[Status.PROGRAM].eq(host.program.valid),
            status[Status.ACCESS].eq(host.access.valid),
            status[Status.SEED].eq(host.seed.valid),
            status[Status.RUN].eq(host.run.valid & waits),
            status[Status.SAMPLE].eq(samples.waiting & waits),
            status[Status.ANSWER_FULL].eq(host.answer.valid),
            status[Status.NORM].eq(samples.waiting | cleared),
        ]
        port = microcode.In
        inputs: dict[int, ValueLike] = {
            port.STATUS: status,
            port.LIST: streams.list_data,
            port.LIST_NEXT: streams.list_data,
            port.TOTAL_LOW: streams.total[:16],
            port.TOTAL_MIDDLE: streams.total[16:32],
            port.TOTAL_HIGH: streams.total[32:],
            port.PRODUCT_LOW: product.o[:16],
            port.PRODUCT_HIGH: product.o[16:],
            port.RETURN: processor.returns,
            port.SAMPLE_LABEL: samples.label,
            port.ENTRY: Mux(samples.waiting, samples.entry, host.run.payload),
            port.ACCESS: Cat(access.kind, Const(0, 2), access.lane),
            port.ACCESS_ROW: access.row[:16],
            port.ACCESS_VALUE: access.value[:16],
            port.SEED_LOW: host.seed.payload[:16],
            port.SEED_HIGH: host.seed.payload[16:],
            port.PROGRAM_ADDRESS: host.program.payload.address,
            port.PROGRAM_WORD: host.program.payload.word,
            port.NORM_LOW: norm.o[:16],
            port.NORM_HIGH: norm.o[16:],
        }
        inputs |= {port.ROW + lane: streams.row_data[lane] for lane in range(config.lanes)}
        with m.Switch(processor.port):
            for number, source in inputs.items():
                with m.Case(int(number)):
                    m.d.comb += processor.input.eq(source)
        next_list = Signal()
        m.d.comb += [
            next_list.eq(processor.reads & (processor.port == port.LIST_NEXT)),
            streams.list_next.eq(streams.list_write | next_list),
        ]

        # counters: to the adder and to the ring that they are read by, the same four inputs of a logic cell
        amounts = {
            "cycles": running,
            "busy_cycles": streams.work,
            "samples": end,
            "weight_saturations": streams.row_saturated,
            "vector_saturations": streams.word_saturated,
            "operand_saturations": streams.operand_saturated,
            "element_saturations": out(microcode.Out.SATURATED),
            "row_reads": streams.row_read,
            "row_writes": streams.row_write,
        }
        counters = [Signal(8 * RING_BYTES[name], name=name) for name in COUNTERS]
        ring = Cat(counters)
        m.d.comb += host.ring_byte.eq(ring[:8])
        first = 0
        for name, counter in zip(COUNTERS, counters, strict=True):
            bits = len(counter)
            total = Signal(bits + 1, name=f"{name}_total")
            m.d.comb += total.eq(Cat(amounts[name], counter) + Cat(amounts[name], host.ring_next.replicate(bits)))
            with m.If(host.reset):
                m.d.sync += counter.eq(0)
            with m.Else():
                m.d.sync += counter.eq(Mux(host.ring_next, ring.rotate_right(8)[first : first + bits], total[1:]))
            first += bits
        return m
