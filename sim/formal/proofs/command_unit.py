"""The command unit: it stays within its states, and does to the core what a command in order asks for, nothing else."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal, Value, ValueLike

from onward.hw.core.host_port import AccessKind
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.protocol import Command
from onward.sim.formal.bench import Bench, internal
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.variant import Mutant

__all__ = ["ACTS", "STATES"]

_MODULE = "onward.hw.link.command_unit"
_CONFIG = CoreConfig(
    name="formal", inputs=2, hidden=(2,), classes=2, lanes=2, group=1, rows=6, vectors=2, elements=2, program=24
)
"""Limits that are no powers of two, so that addresses can be out of range."""


def _unit(bench: Bench) -> tuple[Any, Module]:
    """The unit between a frame buffer with any frames and a core with any manners; and the module inside of it."""
    m = bench.m
    unit = bench.load(_MODULE).CommandUnit(_CONFIG)
    inside = bench.add("unit", unit)
    header, core = unit.frame.payload, unit.core

    # Any frame, which stays until it is accepted, and any bytes as its payload, as many as it says.
    waits = bench.past(unit.frame.valid & ~unit.frame.ready)
    raw = header.as_value()
    m.d.comb += [
        unit.frame.valid.eq(waits | bench.free("frame_valid")),
        raw.eq(Mux(waits, bench.past(raw), bench.free("frame", len(raw)))),
    ]
    accepted = unit.frame.valid & unit.frame.ready
    position = Signal.like(header.length)
    moves = unit.payload.valid & unit.payload.ready
    with m.If(accepted | unit.rewind):
        m.d.sync += position.eq(0)
    with m.Elif(moves):
        m.d.sync += position.eq(position + 1)
    bench.source(unit.payload, "payload", last=position + 1 == header.length)
    more = unit.frame.valid & ~header.bad & (position < header.length)
    bench.assume(~unit.payload.valid | more)
    bench.assume(~bench.past(unit.rewind | accepted) | ~bench.past(unit.payload.valid & ~unit.payload.ready))

    # Any core: it is busy with what was queued, and with nothing else.
    bench.sink(unit.o, "reply")
    for name in ("program", "pixel", "sample", "run", "access", "seed"):
        bench.sink(getattr(core, name), name)
    for name in ("done", "answer"):
        bench.source(getattr(core, name), name)
    # It answers what was read, and nothing else.
    reads = core.access.valid & core.access.ready & core.access.payload.kind.as_value()[1]
    due = Signal(range(4 * _CONFIG.lanes))
    m.d.sync += due.eq(due + reads - (core.answer.valid & core.answer.ready))
    bench.assume(~core.answer.valid | (due != 0))
    queued = (core.sample.valid & core.sample.ready) | (core.run.valid & core.run.ready)
    m.d.comb += [
        core.busy.eq(bench.past(core.busy | queued) & bench.free("busy")),
        core.slot_free.eq(bench.free("slot_free")),
        core.result_data.eq(bench.free("result_data", 32)),
        core.counters.as_value().eq(bench.free("counters", len(core.counters.as_value()))),
    ]

    return unit, inside


def _claim_asked(bench: Bench, unit: Any, name: str, acts: ValueLike, command: ValueLike) -> None:
    """Claim that something happens only while a whole frame with its command is there."""
    header = unit.frame.payload
    asked = unit.frame.valid & ~header.bad & (header.command == command)
    bench.claim(~Value.cast(acts) | asked, f"{name} without its command")


def _build_states(bench: Bench) -> None:
    unit, inside = _unit(bench)
    core = unit.core
    machine = inside._generated["fsm"]
    bench.claim(machine.state < len(machine.encoding), "the state is none")
    bench.claim(internal(inside, "head") < 3, "a fourth byte of the head of a reply")
    _claim_asked(bench, unit, "begin of a sample", core.sample_begin, Command.SAMPLE)
    _claim_asked(bench, unit, "sample", core.sample.valid, Command.SAMPLE)
    _claim_asked(bench, unit, "run", core.run.valid, Command.RUN)
    _claim_asked(bench, unit, "seed", core.seed.valid, Command.SEED)
    bench.claim(~core.run.valid | (core.run.payload < _CONFIG.program), "a run from outside of the program")


def _build_acts(bench: Bench) -> None:
    unit, inside = _unit(bench)
    core = unit.core
    _claim_asked(bench, unit, "program", core.program.valid, Command.LOAD_PROGRAM)
    _claim_asked(bench, unit, "pixel", core.pixel.valid, Command.SAMPLE)
    access = core.access.payload
    writes = (access.kind == AccessKind.LOAD_LANE) | (access.kind == AccessKind.STORE_ROW)
    wanted = Mux(writes, Command.WRITE_ROW, Command.READ_ROW)
    _claim_asked(bench, unit, "an access to a row", core.access.valid, wanted)
    row = internal(inside, "recent")[-32:]
    bench.claim(~core.access.valid | ~writes | (row < _CONFIG.rows), "a row is written that there is not")
    right = (core.sample.payload.entry < _CONFIG.program) & (core.sample.payload.label < _CONFIG.classes)
    bench.claim(~core.sample.valid | right, "a sample with an entry or label that there is not")
    alone = core.program.valid | core.access.valid | core.seed.valid | core.run.valid
    bench.claim(~(core.busy & alone), "a busy core is disturbed")


STATES = Proof(
    name="command-states",
    claim="whatever frames, payloads and cores do, the command unit is in one of its states, and samples, runs and"
    " seeds reach the core only by a whole command that asks for them",
    build=_build_states,
    method=Method("reachability"),
    mutants=(
        Mutant("a fourth byte of the head", _MODULE, "m.d.sync += head.eq(0)", "m.d.sync += head.eq(3)"),
        Mutant(
            "seeds instead of running",
            _MODULE,
            'with m.Elif(chosen[Command.RUN]):\n                        m.next = "QUEUE"',
            'with m.Elif(chosen[Command.RUN]):\n                        m.next = "SEED"',
        ),
    ),
)

ACTS = Proof(
    name="command-acts",
    claim="instructions, pixels and accesses to rows reach the core only by a whole command that asks for them, within"
    " the limits of its memories, and while the core may take them",
    build=_build_acts,
    method=Method("bounded", 24),
    mutants=(
        Mutant(
            "acts on arguments that are wrong",
            _MODULE,
            "with m.Elif(judged & (check.argument_status != Status.OK)):",
            "with m.Elif(0):",
        ),
        Mutant(
            "acts on commands that are wrong", _MODULE, "with m.If(check.header_status != Status.OK):", "with m.If(0):"
        ),
    ),
    quick=False,
)
