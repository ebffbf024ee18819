"""What float arithmetic makes of one training sample of predictive forward-forward, with all that the program decides.

The reference (:mod:`onward.sw.reference.pff_representation`, checked there against autodiff) in double precision, one
sample at a time, but for what the program does otherwise on purpose: the readout reads LN(z) of all layers, from the
label-free start; W1 and b1 learn once, from all steps; rates include the paper's factors; the pixels' clip has the
derivative 1; the code is that of LN(z), which it predicts; and SymBa has a margin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT, WHITE
from onward.sw.programs.pff_parameters import PFFParameters
from onward.sw.reference.goodness import Loss, goodness, layer_norm, modulators
from onward.sw.reference.pff_config import PFFConfig
from onward.sw.reference.pff_representation import Representation

__all__ = ["FloatPFF", "Weights"]

Weights = dict[str, Tensor]
"""Matrices by name as doubles, in the shapes of the memory map: (inputs, units)."""


@dataclass
class FloatPFF:
    """The rule in doubles, from given weights.

    Parameters
    ----------
    config, parameters : as those of the program.
    weights : to start from; they stay as they are.
    """

    config: CoreConfig
    parameters: PFFParameters
    weights: Weights

    def __post_init__(self) -> None:
        config, p = self.config, self.parameters
        reference = PFFConfig(
            inputs=config.inputs,
            hidden=config.hidden,
            classes=config.classes,
            group=config.group,
            steps=p.steps,
            alpha=p.alpha,
            label_scale=p.label_scale,
            threshold=p.threshold,
            loss=cast(Loss, p.loss),
            slope=p.slope,
            readout="free",
        )
        self.weights = {name: value.clone() for name, value in self.weights.items()}
        self.top = len(config.hidden)
        self.circuit = Representation(reference, torch.Generator(), torch.float64)
        self.circuit.weights = {name: self._seen(name) for name in self.weights if name[0] in "WVbL" and name != "bR"}

    def _seen(self, name: str) -> Tensor:
        """A matrix of the representation circuit in the reference's shape, most of them a view."""
        value = self.weights[name]
        if name[0] == "b":
            return value[0]
        if name[0] == "L":
            # Where no weight is, or if none acts, it is negative: there it does nothing and never learns.
            everything = -torch.ones(value.shape[1], value.shape[1], dtype=torch.float64)
            if self.parameters.lateral:
                for i, j in self._neighbours(name):
                    everything[i, j] = value[i % self.config.group, j]
            return everything
        return value

    def _neighbours(self, name: str) -> list[tuple[int, int]]:
        """Units i, j of the same group of the layer of a lateral matrix."""
        units, group = self.weights[name].shape[1], self.config.group
        return [(i, j) for i in range(units) for j in range(units) if i // group == j // group]

    def pixels(self, image: NDArray[np.uint8]) -> Tensor:
        """An image (1, inputs) as the core has it: pixels of p/256."""
        return torch.from_numpy(image[None] / 256)

    # training -----------------------------------------------------------------------------------------------------

    def train(self, image: NDArray[np.uint8], label: int, wrong: int, predicted: bool) -> Weights:
        """Weights after one sample.

        Parameters
        ----------
        image, label : the sample.
        wrong : label of the negative.
        predicted : the image is generated from the prediction of z1, not from z1 itself.
        """
        p, circuit = self.parameters, self.circuit
        x = self.pixels(image)
        start = circuit.start(x)
        self._learn_readout(start, label)
        if p.generator == "start":
            self._learn_generator(x, start, predicted)
        pair, labels = torch.cat((x, x)), torch.tensor([label, wrong])
        z = [torch.cat((layer, layer)) for layer in start]
        late = {name: torch.zeros_like(circuit.weights[name]) for name in ("W1", "b1")}
        for step in range(1, p.steps + 1):
            before, z = z, circuit.step(pair, labels, z, 0.0)
            # The reference averages over pairs, or over both samples of a pair.
            rate = p.rate * (1 if p.loss == "symba" else 2) / (2 * (1 - p.alpha))
            for name, change in circuit.changes(pair, labels, before, z).items():
                factor = self._margin(name, z) * (p.bias_factor if name[0] == "b" else 1)
                if name[0] != "L":
                    late.get(name, circuit.weights[name]).sub_(rate * factor * change)
            self._learn_lateral(before, z, [[0, 1]] if step == 1 else [[0], [1]])
            if p.generator == "steps" and step % p.generator_every == 0:
                self._learn_generator(x, [layer[:1] for layer in z], predicted)
        for name, change in late.items():
            circuit.weights[name] += change
        if p.lateral:
            for name in (f"L{i}" for i in range(1, self.top + 1)):
                for i, j in self._neighbours(name):
                    self.weights[name][i % self.config.group, j] = circuit.weights[name][i, j]
        return self.weights

    def _learn_lateral(self, before: list[Tensor], after: list[Tensor], phases: list[list[int]]) -> None:
        """L of all layers, from the phases in turn: a weight that the first makes negative learns no more."""
        p = self.parameters
        for i, (old, new) in enumerate(zip(before, after, strict=True), 1):
            weights, units = self.circuit.weights[f"L{i}"], torch.arange(self.config.hidden[i - 1])
            sign = torch.where(units[:, None] == units, -1.0, 1.0)
            positive, negative = goodness(new)
            pair = modulators(cast(Loss, p.loss), positive, negative, -1, p.threshold, p.slope)
            factor = p.rate * self._margin(f"L{i}", after) * torch.stack(pair)[:, None] * new
            for phase in phases:
                weights += sign * (old[phase].T @ factor[phase]) * (weights > 0)

    def _margin(self, name: str, z: list[Tensor]) -> float:
        """Factor of the modulator with a margin on that without one, of the layer whose error a matrix learns from."""
        p = self.parameters
        if not p.margin or p.loss != "symba":
            return 1.0
        layer = self.top if name == "VY" else int(name[1:]) - int(name[0] == "V")
        positive, negative = goodness(z[layer - 1])
        difference = p.slope * (positive - negative)
        return float(torch.sigmoid(difference + p.margin) / torch.sigmoid(difference))

    def logits(self, start: list[Tensor]) -> Tensor:
        """The readout of all layers of the label-free start, (1, classes)."""
        w = self.weights
        return torch.stack([layer_norm(z) @ w[f"R{i}"].T for i, z in enumerate(start, 1)]).sum(0) + w["bR"].T

    def _learn_readout(self, start: list[Tensor], label: int) -> None:
        error = torch.softmax(self.logits(start), 1)
        error[0, label] -= 1
        for i, z in enumerate(start, 1):
            self.weights[f"R{i}"] -= self.parameters.readout_rate * error.T @ layer_norm(z)
        self.weights["bR"] -= self.parameters.readout_rate * error.T

    def _learn_generator(self, x: Tensor, z: list[Tensor], predicted: bool) -> None:
        """Every matrix learns to predict ``z`` and the image; the prediction of z1 is made by G2 as it is then."""
        p, w = self.parameters, self.weights
        for i in range(self.top, 1, -1):
            h = layer_norm(z[i - 1])
            w[f"G{i}"] -= p.prediction_rate * h.T @ (torch.relu(h @ w[f"G{i}"]) - z[i - 2])
        h = layer_norm(torch.relu(self.code(z[-1])))
        w["Gy"] -= p.code_rate * h.T @ (torch.relu(h @ w["Gy"]) - layer_norm(z[-1]))
        h = layer_norm(torch.relu(layer_norm(z[1]) @ w["G2"]) if predicted else z[0])
        error = (h @ w["G1"].T).clamp(0, WHITE / 2**ELEMENT.fraction) - x
        w["G1"] -= p.generator_rate * error.T @ h

    # use ----------------------------------------------------------------------------------------------------------

    def code(self, z: Tensor) -> Tensor:
        """The tied code (1, codes) of activities of the last layer."""
        return layer_norm(z) @ self.weights["Gy"].T

    def decode(self, code: Tensor) -> Tensor:
        """Activities of the last layer that a code (1, codes), nowhere negative, predicts."""
        return torch.relu(layer_norm(code) @ self.weights["Gy"])

    def image(self, z: Tensor, layer: int) -> Tensor:
        """Pixels (inputs,), not clipped, from activities (1, units) of a layer."""
        for i in range(layer, 1, -1):
            z = torch.relu(layer_norm(z) @ self.weights[f"G{i}"])
        return (layer_norm(z) @ self.weights["G1"].T)[0]
