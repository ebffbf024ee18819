"""The generative circuit: every change against autodiff, and the shortcut for its code."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from onward.sw.reference.pff_config import PFFConfig
from onward.sw.reference.pff_generator import Generator

DOUBLE = torch.float64


def relu(a: Tensor) -> Tensor:
    """Relu whose derivative is 1 everywhere, as in the released code of the paper."""
    return a + (a.clamp(min=0) - a).detach()


def small(hidden: tuple[int, ...] = (7, 8)) -> Generator:
    """A circuit with weights of both signs, so that relu and both ends of the clip are met."""
    random = torch.Generator().manual_seed(3)
    circuit = Generator(PFFConfig(inputs=12, hidden=hidden, codes=5), random, DOUBLE)
    for array in circuit.weights.values():
        array.normal_(generator=random)
    return circuit


def inputs(hidden: tuple[int, ...] = (7, 8)) -> tuple[Tensor, list[Tensor]]:
    random = torch.Generator().manual_seed(4)
    x = torch.rand(6, 12, generator=random, dtype=DOUBLE)
    return x, [torch.rand(6, n, generator=random, dtype=DOUBLE) for n in hidden]


def test_changes_equal_autodiff() -> None:
    circuit, (x, z) = small(), inputs()
    leaves = {name: array.clone().requires_grad_() for name, array in circuit.weights.items()}
    code = (z[1] @ circuit.weights["Gy"].T).clamp(min=0)
    image = normalize(z[0], dim=1) @ leaves["G1"]
    assert bool((image < 0).any())
    assert bool((image > 1).any())
    hidden = normalize(z[1], dim=1) @ leaves["G2"]
    assert bool((hidden < 0).any())
    errors = (
        relu(normalize(code, dim=1) @ leaves["Gy"]) - z[1],
        relu(hidden) - z[0],
        image.clamp(0, 1) - x,
    )
    total = torch.stack([error.square().sum(1).mean() for error in errors]).sum()
    gradients = torch.autograd.grad(total, list(leaves.values()))
    found = circuit.changes(x, z, 0.0)
    assert set(found) == set(leaves)
    for name, gradient in zip(leaves, gradients, strict=True):
        torch.testing.assert_close(found[name], gradient, msg=name)


def test_code_is_where_the_published_descent_goes() -> None:
    # From zero, on the squared error of the last layer: beta 0.025, two steps.
    circuit, (_, z) = small(), inputs()
    gy = circuit.weights["Gy"]
    code = torch.zeros(6, 5, dtype=DOUBLE)
    for _ in range(2):
        leaf = code.clone().requires_grad_()
        active = relu(leaf)
        h = active / ((active * active).sum(1, keepdim=True).clamp(min=1e-300).sqrt() + 1e-8)
        (gradient,) = torch.autograd.grad((relu(h @ gy) - z[1]).square().sum(), leaf)
        code = code - 0.025 * gradient
        cosine = (normalize(code, dim=1) * normalize(circuit.code(z[1]), dim=1)).sum(1)
        torch.testing.assert_close(cosine, torch.ones(6, dtype=DOUBLE))


def test_noise_is_added_to_what_is_predicted_from() -> None:
    circuit, (x, z) = small(), inputs()
    quiet, same, noisy = (circuit.changes(x, z, noise) for noise in (0.0, 0.0, 0.1))
    assert torch.equal(quiet["G1"], same["G1"])
    assert not torch.allclose(quiet["G1"], noisy["G1"])
    assert not torch.allclose(quiet["G2"], noisy["G2"])
    assert torch.equal(quiet["Gy"], noisy["Gy"])


def test_project_and_synthesise() -> None:
    circuit, (_, z) = small(), inputs()
    w = circuit.weights
    z1 = torch.relu(normalize(z[1], dim=1) @ w["G2"])
    expected = (normalize(z1, dim=1) @ w["G1"]).clamp(0, 1)
    torch.testing.assert_close(circuit.project(z[1]), expected)
    code = circuit.code(z[1])
    z2 = torch.relu(normalize(code.clamp(min=0), dim=1) @ w["Gy"])
    torch.testing.assert_close(circuit.synthesise(code), circuit.project(z2))
    torch.testing.assert_close(circuit.synthesise(3 * code), circuit.synthesise(code))


@pytest.mark.parametrize("hidden", [(6,), (6, 5), (6, 5, 4)])
def test_shapes(hidden: tuple[int, ...]) -> None:
    circuit, (x, z) = small(hidden), inputs(hidden)
    sizes = (12, *hidden)
    shapes = {f"G{i}": (sizes[i], sizes[i - 1]) for i in range(1, len(sizes))}
    shapes["Gy"] = (5, hidden[-1])
    assert {name: array.shape for name, array in circuit.weights.items()} == shapes
    changes = circuit.changes(x, z, 0.1)
    assert {name: array.shape for name, array in changes.items()} == shapes
    assert circuit.code(z[-1]).shape == (6, 5)
    images = circuit.synthesise(circuit.code(z[-1]))
    assert images.shape == (6, 12)
    assert bool(((images >= 0) & (images <= 1)).all())


def test_initial_weights_are_the_published_ones() -> None:
    circuit = Generator(PFFConfig(hidden=(40, 30)), torch.Generator().manual_seed(0), DOUBLE)
    for array in circuit.weights.values():
        assert 0 <= float(array.min()) < 0.001
        assert 0.049 < float(array.max()) <= 0.05
