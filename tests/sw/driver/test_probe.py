"""Looking into a core in the middle of a sample, against the definition's own trace."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from onward.hw.spec.isa import Instruction, Op
from onward.sw.driver.golden_board import GoldenBoard
from onward.sw.driver.lockstep import Side
from onward.sw.driver.probe import Observation, Spot, differences, milestones, observe
from onward.sw.golden.machine import Machine

from .driver_data import TINY, program
from .test_lockstep import chunk


def state_before(address: int, sample: int) -> Machine:
    """The definition's machine, stopped in front of an instruction."""

    class Stopped(BaseException):
        pass

    def stop_at(done: int, word: Instruction) -> None:
        if armed and done == address - 1:
            raise Stopped

    armed = False
    machine = Machine(TINY, stop_at)
    work = chunk()
    machine.state.weights[: len(work.weights)] = torch.from_numpy(work.weights)
    machine.state.seed(work.seed)
    for i in range(sample):
        machine.run(work.program.instructions, work.program.entries["train"], work.batch[i])
    armed = True
    with pytest.raises(Stopped):
        machine.run(work.program.instructions, work.program.entries["train"], work.batch[sample])
    return machine


@pytest.mark.parametrize("address", [1, 4, 17, 40, 60, 85, 100])
def test_shows_the_state_in_front_of_an_instruction(address: int) -> None:
    seen = observe(Side("golden", GoldenBoard(TINY)), chunk(), 3, address)
    state = state_before(address, 3).state
    assert (seen.weights == state.weights[: len(seen.weights)].numpy()).all()
    for number, values in seen.vectors.items():
        assert (values == state.vectors[number].numpy()).all()
    for name, value in seen.words.items():
        kind, number = name.rsplit(" ", 1)
        if kind != "result":
            memory = {"scalar register": state.scalars, "index register": state.indexes, "element": state.elements}
            assert value == int(memory[kind][int(number)]) & 0xFFFFFFFF, name
    written = [word for word in program().instructions[:address] if word.op is Op.ST]
    assert set(seen.vectors) == {word.p1 for word in written}


def test_results_of_the_program_come_first() -> None:
    end = milestones(program())[-1]
    seen = observe(Side("golden", GoldenBoard(TINY)), chunk(), 0, end)
    assert seen.words["result 0"] in range(3)


def test_small_result_buffers_and_programs_show_less() -> None:
    # As many instructions as the program has: nothing can be appended at its end.
    small = replace(TINY, program=len(program().instructions), results=4)
    cut = replace(program(small), config=small)
    work = replace(chunk(), program=cut)
    seen = observe(Side("golden", GoldenBoard(small)), work, 0, 50)
    assert len(seen.words) == 4


def test_milestones_are_where_something_is_overwritten() -> None:
    found = milestones(program())
    assert found == sorted(set(found))
    instructions = program().instructions
    assert instructions[found[-1]].op is Op.END
    margin = [i for i, text in enumerate(program().comments[: found[-1]]) if text.startswith("margin = ")]
    assert set(margin[1:]) <= set(found)
    stores = [i for i in range(found[-1]) if instructions[i].op is Op.ST]
    again = [i for i in stores if instructions[i].p1 in {instructions[j].p1 for j in stores if j < i}]
    assert again
    assert set(again) <= set(found)


def test_differences() -> None:
    zero = np.zeros((2, 3), np.int32)
    one = zero.copy()
    one[1, 2] = 5
    a = Observation(zero, {4: zero[0]}, {"result 0": 1, "x": 2})
    b = Observation(one, {4: one[1]}, {"result 0": 1, "y": 3})
    assert list(differences(a, a)) == []
    assert list(differences(a, b)) == [
        Spot((0, 5), row=1, lane=2),
        Spot((0, 5), vector=4, lane=2),
        Spot((2, None), word="x"),
        Spot((None, 3), word="y"),
    ]
