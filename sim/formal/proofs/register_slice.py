"""The registers in a stream: order, no path through, and a transfer in every cycle."""

from __future__ import annotations

from onward.sim.formal.bench import Bench
from onward.sim.formal.proof import Method, Proof
from onward.sim.formal.variant import Mutant

__all__ = ["PROOF"]

_MODULE = "onward.hw.core.register_slice"
_PLACES = 2


def _build(bench: Bench) -> None:
    unit = bench.load(_MODULE).RegisterSlice(8)
    bench.add("slice", unit)
    bench.source(unit.i, "item")
    bench.sink(unit.o, "item")
    bench.claim_stable(unit.o, "item")
    enters, leaves = unit.i.valid & unit.i.ready, unit.o.valid & unit.o.ready
    inside = bench.claim_order(enters, unit.i.payload, leaves, unit.o.payload, _PLACES, "item")
    bench.claim(unit.o.valid == (inside != 0), "offers nothing although something is inside, or the other way round")
    bench.claim(unit.i.ready == (inside != _PLACES), "is ready without a place, or has a place and is not ready")


PROOF = Proof(
    name="register-slice",
    claim="no transfer is lost, doubled or out of order; it is ready exactly while it has a place, whatever the"
    " receiver does in that cycle",
    build=_build,
    method=Method("reachability"),
    mutants=(
        Mutant("takes the second place again", _MODULE, "self.i.ready.eq(~waits)", "self.i.ready.eq(1)"),
        Mutant("forgets what waits", _MODULE, "self.i.valid | waits", "self.i.valid"),
        Mutant("the newer one first", _MODULE, "Mux(waits, second", "Mux(~waits, second"),
        Mutant("the second place is overwritten", _MODULE, "m.If(~waits):", "m.If(self.i.valid):"),
    ),
)
