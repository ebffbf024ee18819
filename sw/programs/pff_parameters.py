"""Parameters of the predictive forward-forward program."""

from __future__ import annotations

from dataclasses import dataclass, replace

from onward.hw.spec.config import ConfigError

__all__ = ["PFFParameters"]


@dataclass(frozen=True)
class PFFParameters:
    """What the program is made for; all of it constants in the program.

    Parameters
    ----------
    rate : learning rate of the representation circuit; the paper's ``2 (1 - alpha)`` is part of it.
    bias_factor : learning rate of the layers' biases, as a part of ``rate``.
    readout_rate : of the softmax readout.
    generator_rate : of G1, the layer that makes the image; the paper's factor 2 is part of it.
    prediction_rate : of the layers of the generative circuit above it.
    code_rate : of Gy, below the tied code.
    label_scale : scale s of the label input.
    alpha : share of the previous activity that a step keeps.
    steps : K, steps of a training sample; classification makes K/2 + 1.
    loss : ``symba`` compares the positive with the negative, ``threshold`` each with a constant, as published.
    threshold : that constant, theta.
    slope, margin : under ``symba`` the modulator is ``sigma(slope (g_positive - g_negative) + margin)``.
    negatives : ``hard`` draws the wrong label from the readout, ``random`` uniformly.
    floor : added to every wrong label's probability.
    noise : standard deviation of the noise in every step's activations (uniform; none in classification).
    generator_noise : the same for the inputs of the generative circuit while it learns.
    lateral : whether the lateral synapses act and learn.
    generator : state that the generative circuit learns from: ``start``, once a sample, from the label-free start;
        ``steps``, from the positive phase; ``off``: there is none.
    image_from : activities of layer 1 that the image is made from while G1 learns: ``own``, its own; ``predicted``,
        those that G2 predicts; ``either``, drawn for each sample.
    generator_every : with ``steps``, learns in every step whose number this divides.
    codes : units of the tied code above the last layer.
    """

    rate: float = 0.05
    bias_factor: float = 1.0
    readout_rate: float = 0.05
    generator_rate: float = 0.1
    prediction_rate: float = 0.1
    code_rate: float = 0.1
    label_scale: float = 1.0
    alpha: float = 0.3
    steps: int = 3
    loss: str = "symba"
    threshold: float = 10.0
    slope: float = 1.0
    margin: float = 3.0
    negatives: str = "hard"
    floor: float = 0.001
    noise: float = 0.0
    generator_noise: float = 0.0
    lateral: bool = True
    generator: str = "start"
    image_from: str = "either"
    generator_every: int = 3
    codes: int = 36

    def __post_init__(self) -> None:
        for name, low, high in (
            ("rate", 0, 8),
            ("readout_rate", 0, 8),
            ("generator_rate", 0, 8),
            ("prediction_rate", 0, 8),
            ("code_rate", 0, 8),
            ("label_scale", 1e-3, 8),
            ("alpha", 0, 0.99),
            ("threshold", 0, 1000),
            ("slope", 1e-3, 1000),
            ("margin", -1000, 1000),
            ("bias_factor", 0, 1),
            ("floor", 1e-4, 1),
            ("noise", 0, 1),
            ("generator_noise", 0, 1),
            ("steps", 2, 16),
            ("generator_every", 1, 16),
            ("codes", 1, 1024),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(f"{name} must be {low:g} to {high:g}, not {value}")
        for name, choices in (
            ("loss", ("symba", "threshold")),
            ("negatives", ("hard", "random")),
            ("generator", ("start", "steps", "off")),
            ("image_from", ("own", "predicted", "either")),
        ):
            value = getattr(self, name)
            if value not in choices:
                raise ConfigError(f"{name} must be {' or '.join(map(repr, choices))}, not {value!r}")
        if self.generator == "steps" and self.generator_every > self.steps:
            raise ConfigError(
                f"generator_every must be at most the {self.steps} steps of a sample, not {self.generator_every}"
            )

    def scaled(self, factor: float) -> PFFParameters:
        """The same with all learning rates times ``factor``."""
        return replace(
            self,
            rate=self.rate * factor,
            readout_rate=self.readout_rate * factor,
            generator_rate=self.generator_rate * factor,
            prediction_rate=self.prediction_rate * factor,
            code_rate=self.code_rate * factor,
        )
