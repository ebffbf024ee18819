"""Programs of predictive forward-forward in the golden model, on weights with which all of it matters."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT, scalar_to_float
from onward.hw.spec.isa import Instruction, Op
from onward.sw.golden.golden import Golden
from onward.sw.golden.machine import Machine
from onward.sw.golden.sample import Batch
from onward.sw.golden.state import COUNTED
from onward.sw.programs.assembler import Program
from onward.sw.programs.pff import build_pff, build_pff_inference
from onward.sw.programs.pff_parameters import PFFParameters
from tests.sw.programs.pff_float import FloatPFF, Weights

__all__ = ["LIVELY", "RAGGED", "PFFBench", "lively_weights", "random_images"]

RAGGED = CoreConfig(
    name="ragged",
    inputs=20,
    hidden=(10, 7),
    classes=4,
    lanes=4,
    rows=400,
    group=2,
    weight_bits=16,
    operand_bits=16,
    vectors=64,
    elements=64,
    program=2048,
)
"""Three and two words a layer, the last not full, a group of a single unit, and weights with many fraction bits."""

LIVELY = PFFParameters(
    rate=0.05,
    bias_factor=1.0,
    readout_rate=0.05,
    generator_rate=0.05,
    prediction_rate=0.08,
    code_rate=0.1,
    label_scale=1.5,
    alpha=0.3,
    steps=3,
    loss="symba",
    threshold=4.0,
    slope=0.25,
    margin=0.0,
    negatives="hard",
    floor=0.01,
    noise=0.0,
    generator_noise=0.0,
    lateral=True,
    generator="start",
    image_from="either",
    generator_every=1,
    codes=5,
)
"""Rates that move weights by hundreds of units of their last place, and a slope that lets all layers learn."""

_CENTRES = {"b": 0.1, "L": 0.3, "G": 0.15}
_DEVIATIONS = {"W": 0.5, "b": 0.2, "L": 0.03, "V": 0.4, "R": 0.5, "G": 0.3}


def random_images(config: CoreConfig, count: int, seed: int) -> NDArray[np.uint8]:
    """Images (count, inputs), of whose pixels a third are 0."""
    rng = np.random.default_rng(seed)
    shape = (count, config.inputs)
    return (rng.integers(1, 256, shape) * (rng.random(shape) < 0.67)).astype(np.uint8)


def lively_weights(program: Program, seed: int) -> NDArray[np.int32]:
    """Weight rows with which many units are active, no number leaves its format, and no matrix is 0."""
    rng = np.random.default_rng(seed)
    form = program.config.weight
    memory = np.zeros((program.config.rows, program.config.lanes), dtype=np.int32)
    for name, matrix in program.map.matrices.items():
        kind = name[0]
        values = rng.normal(_CENTRES.get(kind, 0.0), _DEVIATIONS[kind], (matrix.inputs, matrix.units))
        codes = np.rint(values * 2**form.fraction).astype(np.int32)
        memory[matrix.base : matrix.base + matrix.rows] = matrix.pack(codes)
    return memory


class PFFBench:
    """A core in the golden model with both programs of the rule.

    Parameters
    ----------
    config, parameters : what the programs are made for.
    seed : of weights and random generators.
    """

    def __init__(self, config: CoreConfig, parameters: PFFParameters, seed: int = 1) -> None:
        self.config, self.parameters = config, parameters
        self.training = build_pff(config, parameters)
        self.inference = build_pff_inference(config, parameters)
        assert self.training.map.matrices == self.inference.map.matrices
        self.golden = Golden(config)
        self.golden.state.seed(seed)
        self.golden.state.weights[:] = torch.from_numpy(lively_weights(self.training, seed))

    def run(self, entry: str, image: NDArray[np.uint8], label: int = 0) -> list[int]:
        """Run an entry of either program on one sample; returns its results."""
        program = self.training if entry in self.training.entries else self.inference
        self.golden.load_program(program.instructions)
        batch = Batch.from_images(image[None], np.array([label], dtype=np.uint8))
        (results,) = self.golden.run(program.entries[entry], batch)
        return results

    def weights(self) -> Weights:
        """All matrices; what the memory holds beside them must be 0."""
        memory = self.golden.state.weights.numpy()
        rest = memory.copy()
        found = {}
        for name, matrix in self.training.map.matrices.items():
            codes = matrix.unpack(memory)
            rest[matrix.base : matrix.base + matrix.rows] -= matrix.pack(codes)
            found[name] = torch.from_numpy(codes).double() / 2**self.config.weight.fraction
        assert not rest.any(), "weights outside of the matrices"
        return found

    def floats(self) -> FloatPFF:
        """The rule in floats with the present weights."""
        return FloatPFF(self.config, self.parameters, self.weights())

    def drawn(self, comment: str) -> int:
        """Present value of the index register that the training program's DRAW with this comment writes."""
        words = zip(self.training.instructions, self.training.comments, strict=True)
        (register,) = {word.d for word, text in words if word.op is Op.DRAW and text == comment}
        return int(self.golden.state.indexes[register])

    def saturations(self) -> dict[str, int]:
        """The counters of saturations that are not 0."""
        counters = dict(zip(COUNTED, self.golden.state.counters.tolist(), strict=True))
        return {name: count for name, count in counters.items() if name.endswith("saturations") and count}

    def scores(self, image: NDArray[np.uint8]) -> NDArray[np.float64]:
        """What ``infer`` compares, (classes,): the score of each label."""
        program, found = self.inference, np.zeros(self.config.classes)

        def trace(address: int, word: Instruction) -> None:
            if word.op is Op.BEST:
                candidate = int(machine.state.indexes[word.ri])
                found[candidate - 1] = scalar_to_float(int(machine.state.scalars[word.s]))

        machine = Machine(self.config, trace)
        machine.state.weights[:] = self.golden.state.weights
        sample = Batch.from_images(image[None], np.zeros(1, dtype=np.uint8))[0]
        machine.run(program.instructions, program.entries["infer"], sample)
        return found

    # one sample ---------------------------------------------------------------------------------------------------

    def check_training(self, image: NDArray[np.uint8], label: int) -> dict[str, float]:
        """Train one sample: the change of every matrix is that in floats; returns the largest of each, in LSB.

        What may differ: each update rounds a weight once, up or down, by less than a unit of its last place (LSB).
        Activities have 11 fraction bits, half a unit of which is 1/2000 of an activity of 0.5; the weights' roundings
        reach the later steps' activities too. Scalars have 14 good bits. Squares and the steps' gain double such
        errors a few times: 1 % of a matrix's largest change for a single weight, and of the mean change on average.
        """
        p, before, floats = self.parameters, self.weights(), self.floats()
        start = floats.circuit.start(floats.pixels(image))
        guess = int(floats.logits(start).argmax())
        assert self.run("train", image, label) == [guess]
        wrong = self.drawn("wrong label")
        assert wrong != label
        draws = p.generator != "off" and p.image_from == "either"
        # LOOP has counted the register down to 0 or 1.
        predicted = bool(self.drawn("0 or 1")) if draws else p.image_from == "predicted"
        saturations = self.saturations()
        assert not saturations, saturations
        after, expected = self.weights(), floats.train(image, label, wrong, predicted)
        scale = 2**self.config.weight.fraction
        found = {}
        for name, start_value in before.items():
            change = (expected[name] - start_value) * scale
            error = (after[name] - expected[name]) * scale
            largest, deviation = float(error.abs().max()), float(error.square().mean().sqrt())
            once = name[0] in "RG" or name in ("W1", "b1", "bR")
            updates = 1 if once else 2 * p.steps
            if name[0] == "G" and p.generator == "steps":
                updates = p.steps // p.generator_every
            what = (
                f"{name}: {deviation:.2f}, at most {largest:.2f} LSB beside changes of {float(change.abs().max()):.1f}"
            )
            # The error of layer 1 is summed in words of 11 fraction bits.
            rest = p.steps * p.rate * scale / 2 ** (ELEMENT.fraction + 1) if name in ("W1", "b1") else 0.0
            assert largest < updates + rest + 0.01 * float(change.abs().max()), what
            assert deviation < 0.7 * updates**0.5 + rest + 0.01 * float(change.square().mean().sqrt()), what
            found[name] = float(change.abs().max())
        return found
