"""PFF as a whole: what a batch changes, in which order, and that both circuits learn."""

from typing import Any

import pytest
import torch
from torch import Tensor

from onward.sw.reference.pff import PFF
from onward.sw.reference.pff_config import PFFConfig

DOUBLE = torch.float64


def small(seed: int = 0, **settings: Any) -> PFF:
    """A small quiet net in double precision that descends plainly and is not clipped."""
    defaults: dict[str, Any] = {
        "inputs": 12,
        "hidden": (7, 8),
        "classes": 4,
        "codes": 5,
        "group": 3,
        "steps": 1,
    }
    plain: dict[str, Any] = {"noise": 0.0, "generator_noise": 0.0, "optimiser": "sgd", "clip": 1e9}
    return PFF(PFFConfig(**(defaults | plain | {"learning_rate": 0.1} | settings)), seed, DOUBLE)


def batch(count: int = 6) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(4)
    return torch.rand(count, 12, generator=random, dtype=DOUBLE), torch.arange(count) % 4


def copy(net: PFF) -> dict[str, Tensor]:
    return {name: array.clone() for name, array in net.weights.items()}


def expected_changes(net: PFF, wrong: Tensor) -> dict[str, Tensor]:
    """What the first step on :func:`batch` asks of every weight."""
    x, y = batch()
    x2, labels = torch.cat((x, x)), torch.cat((y, wrong))
    start = [torch.cat((z, z)) for z in net.representation.start(x)]
    after = net.representation.step(x2, labels, start, 0.0)
    changes = net.representation.changes(x2, labels, start, after)
    return changes | net.generator.changes(x2, after, 0.0)


@pytest.mark.parametrize("clip", [1e9, 0.01])
def test_one_step_descends_every_weight(clip: float) -> None:
    net, twin = small(clip=clip), small(clip=clip)
    before = copy(net)
    wrong = net.train_batch(*batch())
    changes = expected_changes(twin, wrong)
    assert set(changes) == set(net.weights)
    for name, change in changes.items():
        assert float(change.abs().max()) > 0.01 or clip > 1 or name.startswith("L"), name
        expected = before[name] - 0.1 * change.clamp(-clip, clip)
        torch.testing.assert_close(net.weights[name], expected, msg=name)


def test_adam_starts_with_a_step_of_the_rate() -> None:
    net, twin = small(optimiser="adam"), small()
    before = copy(net)
    changes = expected_changes(twin, net.train_batch(*batch()))
    for name, change in changes.items():
        expected = before[name] - 0.1 * change / (change.abs() + 1e-7)
        torch.testing.assert_close(net.weights[name], expected, msg=name)


def test_steps_start_from_where_the_last_one_ended() -> None:
    net, twin = small(steps=2, learning_rate=0.0), small(steps=2, learning_rate=0.0)
    seen: list[list[Tensor]] = []
    changes = net.representation.changes

    def record(x: Tensor, labels: Tensor, before: list[Tensor], after: list[Tensor]) -> Any:
        seen.append([*before, *after])
        return changes(x, labels, before, after)

    net.representation.changes = record  # type: ignore[method-assign]
    x, y = batch()
    wrong = net.train_batch(x, y)
    x2, labels = torch.cat((x, x)), torch.cat((y, wrong))
    z = [torch.cat((layer, layer)) for layer in twin.representation.start(x)]
    assert len(seen) == 2
    for step in seen:
        after = twin.representation.step(x2, labels, z, 0.0)
        torch.testing.assert_close(step, [*z, *after])
        z = after


def test_negatives_are_wrong_labels() -> None:
    net = small()
    x, y = batch(200)
    assert not bool((net.train_batch(x, y) == y).any())


def test_hard_negatives_follow_the_readout() -> None:
    net = small(negatives="hard")
    net.weights["WR"].zero_()
    net.weights["bR"].copy_(torch.tensor([0.0, 0.0, 9.0, 0.0]))
    x, _ = batch(200)
    wrong = net.train_batch(x, torch.zeros(200, dtype=torch.int64))
    assert int((wrong == 2).sum()) > 180


def test_free_readout_learns_once_from_the_start() -> None:
    net, twin = small(readout="free", steps=3), small(readout="free", steps=3)
    before = copy(net)
    x, y = batch()
    net.train_batch(x, y)
    start = twin.representation.start(x)[-1]
    changes = twin.representation.readout_changes(start, y, 1.0)
    for name in ("WR", "bR"):
        torch.testing.assert_close(net.weights[name], before[name] - 0.1 * changes[name])


def test_published_settings_are_the_defaults() -> None:
    config = PFFConfig()
    assert config.hidden == (2000, 2000)
    assert (config.steps, config.threshold, config.alpha) == (12, 10.0, 0.3)
    assert (config.label_scale, config.noise, config.generator_noise) == (5.0, 0.01, 0.025)
    assert (config.optimiser, config.learning_rate, config.clip) == ("adam", 2.5e-4, 1.0)
    assert (config.batch, config.epochs, config.codes, config.group) == (500, 60, 20, 10)
    assert (config.loss, config.negatives, config.readout) == ("threshold", "random", "clamped")


def test_shapes_of_what_it_says_about_images() -> None:
    net = small()
    X = batch(9)[0].float()
    for labels in (net.predict_goodness(X), net.predict_readout(X)):
        assert labels.shape == (9,)
        assert labels.dtype == torch.int64
    assert net.code(X).shape == (9, 5)
    assert net.synthesise(net.code(X)).shape == net.reconstruct(X).shape == (9, 12)


def test_seed_decides_everything() -> None:
    nets = [small(seed, noise=0.1, generator_noise=0.1) for seed in (1, 1, 2)]
    for net in nets:
        net.train_batch(*batch())
    for name, array in nets[0].weights.items():
        assert torch.equal(array, nets[1].weights[name])
        assert not torch.equal(array, nets[2].weights[name])


def test_end_of_epoch_lowers_the_rate() -> None:
    net = small(decay=0.5)
    net.end_epoch()
    assert net.learning_rate == 0.05


def trained(images: tuple[Tensor, Tensor, Tensor, Tensor], **settings: Any) -> PFF:
    """A small net after two epochs in small batches, with a rate to match."""
    net = PFF(PFFConfig(hidden=(64, 64), steps=4, learning_rate=2e-3, **settings))
    for _ in range(2):
        for i in range(0, 3000, 20):
            net.train_batch(images[0][i : i + 20], images[1][i : i + 20])
    return net


def test_learns_as_published(images: tuple[Tensor, Tensor, Tensor, Tensor]) -> None:
    train, _, test, test_labels = images
    net = trained(images)
    # Measured 20.2 %; 16 to 20 % with other seeds.
    assert float((net.predict_goodness(test) != test_labels).float().mean()) < 0.28
    # Squared error of an image, measured 40.6; the mean image has 50.5.
    of_mean = (test - train.mean(0)).square().sum(1).mean()
    assert float((net.reconstruct(test) - test).square().sum(1).mean()) < 0.9 * float(of_mean)


def test_learns_with_pairs_and_a_free_readout(
    images: tuple[Tensor, Tensor, Tensor, Tensor],
) -> None:
    _, _, test, test_labels = images
    net = trained(images, loss="symba", negatives="hard", readout="free")
    # Measured 28.8 and 33.2 %; 14 to 22 % and 26 to 37 % with other seeds.
    assert float((net.predict_goodness(test) != test_labels).float().mean()) < 0.38
    assert float((net.predict_readout(test) != test_labels).float().mean()) < 0.45
