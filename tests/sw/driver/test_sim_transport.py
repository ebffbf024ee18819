"""The simulated board through the driver: in bytes, and through its serial line at a pseudo-terminal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from onward.sim.board.simulator import Simulator
from onward.sw.driver.board import Board
from onward.sw.driver.compare import compare
from onward.sw.driver.exchange import LineFaults
from onward.sw.driver.frames import LinkError
from onward.sw.driver.golden_board import GoldenBoard
from onward.sw.driver.link_board import LinkBoard
from onward.sw.driver.sim_transport import SimTransport
from onward.sw.golden.sample import Batch

from .driver_data import FF, TINY, batch_of, patterns, program, recipe
from .model_core import PtyCore


def test_equals_the_golden_model() -> None:
    with Board.open("sim", TINY) as board:
        assert board.name == "sim"
        result = compare((GoldenBoard(TINY), board), recipe(40, 60), *patterns(40))
        assert result.difference is None
        assert (board.counters()["cycles"] or 0) > 60 * 100


def test_clock_counts_the_link_too() -> None:
    with Board.open("sim", TINY) as board:
        board.load_program(program())
        began = board.clock()
        board.run("train", batch_of(20))
        assert began is not None
        assert (board.clock() or 0) - began > (board.counters()["cycles"] or 0) > 20 * 100


def test_stalls_change_nothing() -> None:
    with LinkBoard(TINY, SimTransport(TINY, stall_seed=5)) as board:
        assert compare((GoldenBoard(TINY), board), recipe(20), *patterns(20)).difference is None


def test_injected_fault_is_found() -> None:
    with Board.open("sim", TINY) as board:
        found = compare((GoldenBoard(TINY), board), recipe(20), *patterns(20), inject_fault=True).difference
    assert found is not None
    assert (found.sample, found.matrix) == (10, "W1")
    assert set(found.values) == {"golden", "sim"}


def test_serial_line() -> None:
    with Simulator(TINY, "uart") as simulator:

        def feed(data: bytes) -> bytes:
            simulator.write(data)
            return simulator.run(4_000)

        with PtyCore(feed) as core, Board.open(f"serial:{core.port}", TINY) as board:
            outcomes = []
            for each in (board, GoldenBoard(TINY)):
                each.load_program(program())
                each.write_weights(FF.initial_weights(program(), 1)[: program().map.used])
                each.seed(2)
                results = each.run("train", batch_of(12)) + each.run("infer", batch_of(6))
                outcomes.append((results, each.read_weights().tolist(), each.read_vector(2).tolist()))
            assert outcomes[0] == outcomes[1]


def test_a_simulation_that_ends_is_a_link_error() -> None:
    transport = SimTransport(TINY)
    transport._simulator.close()
    with pytest.raises(LinkError, match="sim: the simulated board is closed"):
        transport.read()


def test_a_core_of_another_configuration() -> None:
    other = replace(TINY, name="other", clock_mhz=50.0)
    with pytest.raises(LinkError, match="sim: the core was built from another configuration than 'other'"):
        LinkBoard(other, SimTransport(TINY))


def test_nothing_is_lost_on_the_fastest_line_of_a_compact_core() -> None:
    """Four cycles a bit, and frames as long as they get: what comes while the core works has to wait somewhere."""
    config = replace(
        TINY, inputs=784, rows=2048, memory="spram", compact=True, weight_bits=16, operand_bits=16, program=512
    )
    images = np.full((4, config.inputs), 255, np.uint8)
    with LinkBoard(config, SimTransport(config, flavour="uart", divisor=4)) as board:
        board.load_program(program(config))
        board.write_weights(np.ones((8, config.lanes), int))
        assert len(board.run("train", Batch.from_images(images, np.zeros(4, np.uint8)))) == 4
        assert board.faults == LineFaults()
