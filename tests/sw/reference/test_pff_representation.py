"""The representation circuit: one step and every change of it, against autodiff of its losses."""

from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize, softplus

from onward.sw.reference.pff_config import PFFConfig
from onward.sw.reference.pff_representation import Representation

DOUBLE = torch.float64
COUNT = 5


def relu(a: Tensor) -> Tensor:
    """Relu whose derivative is 1 everywhere, as in the released code of the paper."""
    return a + (a.clamp(min=0) - a).detach()


def small(**settings: Any) -> Representation:
    """A circuit with groups of 3 units, the last one smaller, and some lateral weights below 0."""
    defaults: dict[str, Any] = {
        "inputs": 12,
        "hidden": (7, 8),
        "classes": 4,
        "group": 3,
        "threshold": 2.0,
    }
    config = PFFConfig(**(defaults | settings))
    random = torch.Generator().manual_seed(3)
    circuit = Representation(config, random, DOUBLE)
    for i in range(1, len(config.hidden) + 1):
        circuit.weights[f"L{i}"].sub_(0.02)
    circuit.weights["bR"].normal_(generator=random)
    return circuit


def lateral(weights: Tensor, group: int) -> Tensor:
    """Relu(L)*M*(1-I) - relu(L)*I, element by element."""
    n = len(weights)
    mask = [
        [-1.0 if row == column else float(row // group == column // group) for column in range(n)] for row in range(n)
    ]
    return torch.relu(weights) * torch.tensor(mask, dtype=DOUBLE)


def inputs(circuit: Representation) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Images, labels and some activities for ``COUNT`` positives and their negatives."""
    random = torch.Generator().manual_seed(4)
    x = torch.rand(COUNT, 12, generator=random, dtype=DOUBLE)
    labels = torch.cat((torch.arange(COUNT) % 4, (torch.arange(COUNT) + 1) % 4))
    z = [torch.rand(2 * COUNT, n, generator=random, dtype=DOUBLE) for n in circuit.config.hidden]
    return torch.cat((x, x)), labels, z


def published_step(config: PFFConfig, w: dict[str, Tensor], x: Tensor, labels: Tensor, z: list[Tensor]) -> list[Tensor]:
    """The equations of two layers as written in the paper, without noise."""
    y = config.label_scale * torch.eye(4, dtype=DOUBLE)[labels]
    ln = [normalize(v, dim=1) for v in (x, *z)]
    a1 = ln[0] @ w["W1"] + ln[2] @ w["V2"] + w["b1"] - z[0] @ lateral(w["L1"], config.group)
    a2 = ln[1] @ w["W2"] + y @ w["VY"] + w["b2"] - z[1] @ lateral(w["L2"], config.group)
    keep = config.alpha
    return [(1 - keep) * relu(a1) + keep * z[0], (1 - keep) * relu(a2) + keep * z[1]]


def published_loss(config: PFFConfig, w: dict[str, Tensor], x: Tensor, labels: Tensor, z: list[Tensor]) -> Tensor:
    """The local losses of a step, as in the released code, or of the pairs for SymBa."""
    after = published_step(config, w, x, labels, z)
    kind = torch.cat((torch.ones(COUNT), torch.zeros(COUNT))).double()
    total = torch.zeros((), dtype=DOUBLE)
    for layer in after:
        g = layer.square().sum(1)
        if config.loss == "threshold":
            logit = config.threshold - g
            total = total + (softplus(logit) - kind * logit).mean()
        else:
            margin = config.slope * (g[:COUNT] - g[COUNT:])
            total = total + softplus(margin).mean() / config.slope
    logits = normalize(z[1], dim=1) @ w["WR"] + w["bR"]
    y = config.label_scale * torch.eye(4, dtype=DOUBLE)[labels]
    entropy = -(y * torch.log_softmax(logits, 1)).sum(1)
    return total + (kind * entropy).sum() / COUNT


def test_step_is_the_published_one() -> None:
    circuit = small()
    x, labels, z = inputs(circuit)
    found = circuit.step(x, labels, z, 0.0)
    expected = published_step(circuit.config, circuit.weights, x, labels, z)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(
    "settings",
    [{}, {"alpha": 0.0}, {"loss": "symba"}, {"loss": "symba", "slope": 2.0, "label_scale": 2.0}],
)
def test_changes_equal_autodiff(settings: dict[str, Any]) -> None:
    circuit = small(**settings)
    x, labels, z = inputs(circuit)
    after = circuit.step(x, labels, z, 0.0)
    # Some units must be off, or taking relu's derivative as 1 would not be tested.
    ln = [normalize(v, dim=1) for v in (x, *z)]
    assert bool((ln[0] @ circuit.weights["W1"] + ln[2] @ circuit.weights["V2"] < 0).any())
    found = circuit.changes(x, labels, z, after)
    leaves = {name: array.clone().requires_grad_() for name, array in circuit.weights.items()}
    total = published_loss(circuit.config, leaves, x, labels, z)
    gradients = torch.autograd.grad(total, list(leaves.values()))
    assert set(found) == set(leaves)
    for name, gradient in zip(leaves, gradients, strict=True):
        assert float(gradient.abs().max()) > 1e-6, name
        torch.testing.assert_close(found[name], gradient, rtol=1e-6, atol=1e-9, msg=name)


def test_free_readout_learns_only_when_asked() -> None:
    circuit = small(readout="free")
    x, labels, z = inputs(circuit)
    found = circuit.changes(x, labels, z, circuit.step(x, labels, z, 0.0))
    assert not {"WR", "bR"} & set(found)
    changes = circuit.readout_changes(z[1], labels, 1.0)
    leaves = [circuit.weights[name].clone().requires_grad_() for name in ("WR", "bR")]
    logits = normalize(z[1], dim=1) @ leaves[0] + leaves[1]
    gradients = torch.autograd.grad(torch.nn.functional.cross_entropy(logits, labels), leaves)
    torch.testing.assert_close((changes["WR"], changes["bR"]), gradients)


def test_start_is_free_of_labels() -> None:
    circuit = small()
    x, _, _ = inputs(circuit)
    before = circuit.start(x)
    w = circuit.weights
    z1 = torch.relu(normalize(x, dim=1) @ w["W1"] + w["b1"])
    z2 = torch.relu(normalize(z1, dim=1) @ w["W2"] + w["b2"])
    # LN's epsilon shows where nearly all units are off.
    torch.testing.assert_close(before, [z1, z2], rtol=1e-4, atol=1e-6)
    for name in ("VY", "V2", "L1", "L2"):
        w[name].normal_()
    torch.testing.assert_close(circuit.start(x), before)


def test_label_moves_the_layers_one_after_the_other() -> None:
    circuit = small()
    x, labels, z = inputs(circuit)
    other = (labels + 1) % 4
    one, two = circuit.step(x, labels, z, 0.0), circuit.step(x, other, z, 0.0)
    assert torch.equal(one[0], two[0])
    assert not torch.equal(one[1], two[1])
    one, two = circuit.step(x, labels, one, 0.0), circuit.step(x, other, two, 0.0)
    assert not torch.equal(one[0], two[0])


@pytest.mark.parametrize(("steps", "moves"), [(12, 7), (3, 2), (4, 3)])
def test_scores_are_of_the_last_two_steps(steps: int, moves: int) -> None:
    circuit = small(steps=steps)
    x, _, _ = inputs(circuit)
    scores = circuit.scores(x)
    assert scores.shape == (len(x), 4)
    for label in range(4):
        labels = torch.full((len(x),), label)
        z, history = circuit.start(x), []
        for _ in range(moves):
            z = published_step(circuit.config, circuit.weights, x, labels, z)
            history.append(-sum(layer.square().sum(1) for layer in z) / 2)
        torch.testing.assert_close(scores[:, label], history[-1] + history[-2])


def test_noise_has_the_size_asked_for() -> None:
    circuit = small(hidden=(300, 200), alpha=0.0)
    x, labels, z = inputs(circuit)
    for i in (1, 2):
        circuit.weights[f"b{i}"].fill_(20.0)  # no unit is off
    quiet = circuit.step(x, labels, z, 0.0)
    for one, other in zip(circuit.step(x, labels, z, 0.1), quiet, strict=True):
        assert float((one - other).std()) == pytest.approx(0.1, rel=0.06)
        assert float((one - other).mean()) == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("hidden", [(6,), (6, 5), (6, 5, 4)])
def test_shapes(hidden: tuple[int, ...]) -> None:
    circuit = small(hidden=hidden)
    x, labels, z = inputs(circuit)
    shapes: dict[str, tuple[int, ...]] = {"VY": (4, hidden[-1]), "WR": (hidden[-1], 4), "bR": (4,)}
    for i, (below, n) in enumerate(pairwise((12, *hidden)), 1):
        shapes |= {f"W{i}": (below, n), f"b{i}": (n,), f"L{i}": (n, n)}
        if i > 1:
            shapes[f"V{i}"] = (n, below)
    assert {name: array.shape for name, array in circuit.weights.items()} == shapes
    after = circuit.step(x, labels, z, 0.01)
    changes = circuit.changes(x, labels, z, after)
    assert {name: array.shape for name, array in changes.items()} == shapes


def test_initial_weights_are_the_published_ones() -> None:
    w = Representation(PFFConfig(hidden=(40, 30)), torch.Generator().manual_seed(0), DOUBLE).weights
    for name in ("W1", "W2", "WR"):  # more rows than columns: the columns are orthonormal
        torch.testing.assert_close(w[name].T @ w[name], torch.eye(w[name].shape[1]).double())
    torch.testing.assert_close(w["VY"] @ w["VY"].T, torch.eye(10).double())
    assert float(w["b1"].norm()) == pytest.approx(1)
    assert not bool(w["bR"].any())
    assert 0 <= float(w["L1"].min()) < 0.001
    assert 0.049 < float(w["L1"].max()) <= 0.05
