"""Which benches there are: each names its test module and the component that it runs on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from amaranth.lib import wiring

from onward.hw.core.cluster import Cluster
from onward.hw.core.operand_unit import OperandUnit
from onward.hw.core.pixel_merge import PixelMerge
from onward.hw.core.reduce_tree import ReduceTree
from onward.hw.core.reducer import Reducer
from onward.hw.core.row_port import RowPort
from onward.hw.core.sample_buffer import SampleBuffer
from onward.hw.core.scalar_unit import ScalarUnit
from onward.hw.core.scanner import Scanner
from onward.hw.core.weight_memory import WeightMemory
from onward.hw.spec.config import CoreConfig
from onward.hw.top import ByteTop

__all__ = ["BENCHES", "Bench", "tree_shape"]


@dataclass(frozen=True)
class Bench:
    """A unit, and the tests that judge it.

    Parameters
    ----------
    name : of the bench.
    component : makes the unit for a configuration.
    module : with its cocotb tests; ``onward.sim.cocotb.bench_NAME`` by default.
    """

    name: str
    component: Callable[[CoreConfig], wiring.Component]
    module: str = ""

    @property
    def tests(self) -> str:
        """The import path of the module with its cocotb tests."""
        return self.module or f"{__package__}.bench_{self.name}"


_SUM_BITS = 42
"""Of a sum over 128 lanes."""


def tree_shape(config: CoreConfig) -> tuple[int, int]:
    """(count, bits) of the tree that the bench ``reduce_tree`` runs on: all lanes' products, and never a mere wire."""
    return max(2, config.lanes), 16 + config.operand_bits


BENCHES: dict[str, Bench] = {
    bench.name: bench
    for bench in (
        Bench("reduce_tree", lambda config: ReduceTree(*tree_shape(config))),
        Bench("reducer", lambda config: Reducer(config, _SUM_BITS)),
        Bench("row_port", RowPort),
        Bench("weight_memory", lambda config: WeightMemory(config, config.cluster_lanes)),
        Bench("operand_unit", OperandUnit),
        Bench("scanner", Scanner),
        Bench("sample_buffer", SampleBuffer),
        Bench("pixel_merge", lambda config: PixelMerge()),
        Bench("cluster", lambda config: Cluster(config, 0, config.cluster_lanes)),
        Bench("scalar_unit", ScalarUnit),
        # One design, five benches: what is built for the first is found in the cache by the others.
        Bench("link", ByteTop),
        Bench("repeats", ByteTop),
        Bench("watchdog", ByteTop),
        Bench("core", ByteTop),
        Bench("training", ByteTop),
    )
}
"""All benches by name, small units first: a broken unit is reported before the whole core trips over it."""
