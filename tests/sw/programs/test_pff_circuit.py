"""Passes of the representation circuit, one at a time, against the float reference."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT
from onward.hw.spec.isa import Op
from onward.sw.golden.golden import Golden
from onward.sw.golden.sample import Batch
from onward.sw.golden.state import State
from onward.sw.programs.assembler import Assembler
from onward.sw.programs.pff_circuit import Circuit, Place, uniform_range
from onward.sw.programs.pff_parameters import PFFParameters
from tests.sw.programs.pff_bench import LIVELY, RAGGED, lively_weights, random_images
from tests.sw.programs.pff_float import FloatPFF

LABEL = 2
PARAMETERS = LIVELY
WHOLE = replace(RAGGED, hidden=(8, 8))
"""Layers of whole words, as noise needs them."""
SHAPES = [
    (RAGGED, PARAMETERS),
    (RAGGED, replace(PARAMETERS, alpha=0.0)),
    (RAGGED, replace(PARAMETERS, lateral=False)),
    (replace(RAGGED, hidden=(7, 6, 5)), PARAMETERS),
    (replace(RAGGED, lanes=16, group=4), PARAMETERS),
]


class Bench:
    """Runs what ``emit`` emits with a circuit, behind the label-free start, on one image."""

    def __init__(self, config: CoreConfig, parameters: PFFParameters, emit: Callable[[Circuit], None]) -> None:
        self.asm = Assembler(config)
        self.circuit = circuit = Circuit(config, parameters, self.asm)
        self.asm.entry("main")
        self.asm.emit(Op.LAB, d=circuit.label)
        circuit.start()
        circuit.constants({"noise": uniform_range(parameters.noise)})
        circuit.make_unit_vector()
        emit(circuit)
        self.asm.emit(Op.END)
        program = self.asm.assemble()
        self.image: NDArray[np.uint8] = random_images(config, 1, 7)[0]
        self.golden = Golden(config)
        self.golden.load_program(program.instructions)
        self.golden.state.weights[:] = torch.from_numpy(lively_weights(program, 4))
        self.run()
        scale = 2**config.weight.fraction
        memory = self.golden.state.weights.numpy()
        matrices = {name: torch.from_numpy(m.unpack(memory)) / scale for name, m in program.map.matrices.items()}
        self.floats = FloatPFF(config, parameters, {name: value.double() for name, value in matrices.items()})
        self.x = self.floats.pixels(self.image)

    def run(self) -> None:
        """Once more; the random generators go on."""
        self.golden.run(0, Batch.from_images(self.image[None], np.array([LABEL], dtype=np.uint8)))

    @property
    def state(self) -> State:
        return self.golden.state

    def word(self, first: int, units: int) -> Tensor:
        """The vector of ``units`` elements from word ``first`` on, and that nothing follows in its last word."""
        words = self.state.vectors[first : first + self.circuit.config.tiles(units)].flatten()
        assert not words[units:].any()
        return words[:units].double() / 2**ELEMENT.fraction

    def compare(self, place: Place, expected: list[Tensor]) -> None:
        """Activities of all layers: their last places differ by what they and those before were rounded by."""
        for layer, first, z in zip(self.circuit.layers, place.words, expected, strict=True):
            error = (self.word(first, layer.units) - z[0]).abs()
            assert error.max() < 2 / 2**ELEMENT.fraction, f"layer {layer.number}"
            assert z.max() > 0.2


@pytest.mark.parametrize(("config", "parameters"), SHAPES)
def test_start(config: CoreConfig, parameters: PFFParameters) -> None:
    """Start, drives and norms; and the readout, which nothing but the start reaches."""
    bench = Bench(config, parameters, Circuit.readout)
    start = bench.floats.circuit.start(bench.x)
    bench.compare(bench.circuit.start_place, start)
    for layer, z in zip(bench.circuit.layers, start, strict=True):
        assert torch.equal(bench.word(layer.drive, layer.units).clamp(min=0), bench.word(layer.start, layer.units))
        assert bench.word(layer.drive, layer.units).min() < 0 < z.max()
    first = bench.circuit.logits
    logits = bench.state.elements[first : first + config.classes].double() / 2**ELEMENT.fraction
    expected = bench.floats.logits(start)[0]
    assert (logits - expected).abs().max() < 4 / 2**ELEMENT.fraction
    assert torch.unique(bench.state.vectors[bench.circuit.unit_vector()]).tolist() in ([0, 2048], [2048])


def steps(circuit: Circuit, noisy: bool = False) -> None:
    """Two steps with a label: the first as far as phases share it, the second like all later ones."""
    first, second, start = circuit.place("P", 0), circuit.place("P", 1), circuit.start_place
    for layer in circuit.layers:
        circuit.first_drive(layer, first, noisy)
    circuit.first_label(first, circuit.label, circuit.VY.base)
    for layer, old, new in zip(circuit.layers, start.words, first.words, strict=True):
        circuit.mix(layer, old, new)
        circuit.goodness("t1", new, layer)
        circuit.asm.compute(Op.RSQ, first.norms[layer.number - 1], "t1")
    for layer in circuit.layers:
        circuit.activate(layer, first, second, circuit.label, circuit.VY.base, noisy)
    for layer, old, new in zip(circuit.layers, first.words, second.words, strict=True):
        circuit.mix(layer, old, new)


@pytest.mark.parametrize(("config", "parameters"), SHAPES)
def test_steps(config: CoreConfig, parameters: PFFParameters) -> None:
    bench, label = Bench(config, parameters, steps), torch.tensor([LABEL])
    z = bench.floats.circuit.start(bench.x)
    for parity in range(2):
        z = bench.floats.circuit.step(bench.x, label, z, 0.0)
        bench.compare(bench.circuit.place("P", parity), z)


def test_noise() -> None:
    """What noise adds to units that are far from 0 in both kinds of step: mean, deviation, range, nothing in common."""
    deviation, count = 0.05, 300
    parameters = replace(PARAMETERS, noise=deviation, alpha=0.0, lateral=False)

    def emit(circuit: Circuit) -> None:
        steps(circuit, noisy=True)

    quiet, noisy = Bench(WHOLE, parameters, steps), Bench(WHOLE, parameters, emit)
    for bench in (quiet, noisy):
        # Noise stays where it is added.
        for name in ("W2", "V2"):
            matrix = bench.asm.map.matrices[name]
            bench.state.weights[matrix.base : matrix.base + matrix.rows] = 0
        bench.run()
    places = [quiet.circuit.place("P", parity) for parity in range(2)]
    words = [word for place in places for word in place.words]
    added: list[list[Tensor]] = [[] for _ in words]
    for _ in range(count):
        noisy.run()
        for word, samples in zip(words, added, strict=True):
            samples.append(noisy.word(word, WHOLE.hidden[0]) - quiet.word(word, WHOLE.hidden[0]))
    for word, samples in zip(words, added, strict=True):
        bright = quiet.word(word, WHOLE.hidden[0]) > 4 * deviation
        assert bright.sum() > 1
        noise = torch.stack(samples)[:, bright]
        assert noise.abs().max() < uniform_range(deviation) + 2 / 2**ELEMENT.fraction
        assert noise.mean(0).abs().max() < 4 * deviation / count**0.5
        assert 0.9 * deviation < noise.std(0).min() and noise.std(0).max() < 1.1 * deviation
        together = torch.corrcoef(noise.T) - torch.eye(noise.shape[1])
        assert together.abs().max() < 0.25, "units share their noise"


def test_uniform_range() -> None:
    """A uniform distribution on (-r, r) has the variance r^2 / 3."""
    assert uniform_range(0.3) ** 2 / 3 == pytest.approx(0.09)
    assert uniform_range(0) == 0


def test_phases_and_parities_have_words_and_registers_of_their_own() -> None:
    circuit = Circuit(RAGGED, PARAMETERS, Assembler(RAGGED))
    places = [circuit.place(phase, parity) for phase in "PG" for parity in range(2)]
    words = [word for place in [*places, circuit.start_place] for word in place.words]
    norms = [norm for place in places for norm in place.norms]
    assert len(set(words)) == len(words) and len(set(norms)) == len(norms)
    # The start's registers are used again, but not by the first step, which needs the start.
    assert not set(circuit.start_place.norms) & set(circuit.place("P", 0).norms)
    assert not set(circuit.start_place.norms) & set(circuit.place("G", 0).norms)
