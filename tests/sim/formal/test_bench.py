"""The claims about streams notice each thing that a buffer can do wrong."""

from __future__ import annotations

import pytest
from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import fifo

from onward.sim.formal.bench import Bench
from onward.sim.formal.engines import Verdict
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.runner import run_proof

DEPTH = 3


def verdict(fault: str) -> Verdict:
    """The verdict about a queue with one fault."""

    def build(bench: Bench) -> None:
        queue = fifo.SyncFIFO(width=4, depth=DEPTH)
        bench.m.submodules.queue = queue
        writes, reads, item = bench.free("writes"), bench.free("reads"), bench.free("item", 4)
        entered, left = Signal(), Signal()
        toggle = Signal()
        bench.m.d.sync += toggle.eq(~toggle)
        bench.m.d.comb += [
            entered.eq(writes & queue.w_rdy),
            left.eq(reads & queue.r_rdy),
            queue.w_en.eq(entered & ~(toggle if fault == "loses" else 0)),
            queue.w_data.eq(Mux(item == 9, 8, item) if fault == "alters" else item),
            queue.r_en.eq(left & ~(toggle if fault == "repeats" else 0)),
        ]
        capacity = DEPTH - 1 if fault == "overfills" else DEPTH
        inside = bench.claim_order(entered, item, left, queue.r_data, capacity, "queue")
        bench.claim_prompt(inside != 0, queue.r_rdy & ~(fault == "halts"), 1, "queue")

    return run_proof(Proof("queue", "a claim", build, Method("reachability"), ())).verdict


def test_a_queue_without_fault_passes() -> None:
    assert verdict("none") is Verdict.PROVED


@pytest.mark.parametrize("fault", ["loses", "alters", "repeats", "overfills", "halts"])
def test_every_fault_is_noticed(fault: str) -> None:
    assert verdict(fault) is Verdict.REFUTED


def test_an_offer_that_changes_is_noticed() -> None:
    from amaranth.lib import stream

    def build(bench: Bench) -> None:
        offer = stream.Signature(4).create()
        bench.m.d.comb += [offer.valid.eq(1), offer.payload.eq(bench.free("payload", 4))]
        bench.sink(offer, "offer")
        bench.claim_stable(offer, "offer")

    assert run_proof(Proof("offer", "a claim", build, Method("reachability"), ())).verdict is Verdict.REFUTED


def test_sources_keep_the_rules_that_they_are_to_prove_others_by() -> None:
    from amaranth.lib import stream

    def build(bench: Bench) -> None:
        offer = stream.Signature(4).create()
        bench.source(offer, "offer")
        bench.m.d.comb += offer.ready.eq(bench.free("ready"))
        bench.claim_stable(offer, "offer")

    assert run_proof(Proof("offer", "a claim", build, Method("reachability"), ())).verdict is Verdict.PROVED


def test_an_internal_signal_that_is_not_there_is_an_error() -> None:
    from onward.sim.formal.bench import internal

    with pytest.raises(KeyError, match="names 0 signals"):
        internal(Module(), "nowhere")
