"""What a bench is told by whoever starts it: the core, the random seed, and how much to do."""

from __future__ import annotations

import json
import os
import random
from dataclasses import asdict, dataclass

from onward.hw.spec.config import CoreConfig

__all__ = ["Job"]

_VARIABLE = "ONWARD_COSIM"


@dataclass(frozen=True)
class Job:
    """Travels to the simulator's process in an environment variable.

    Parameters
    ----------
    config : the core.
    seed : every random choice of every bench follows from it.
    effort : scales how much random stimulus a bench applies; 1 is the regression's measure.
    """

    config: CoreConfig
    seed: int = 1
    effort: float = 1.0

    def environment(self) -> dict[str, str]:
        """The variables that :meth:`from_environment` reads."""
        return {_VARIABLE: json.dumps(asdict(self))}

    @classmethod
    def from_environment(cls) -> Job:
        """The job of this process; raises KeyError outside of a co-simulation."""
        values = json.loads(os.environ[_VARIABLE])
        return cls(CoreConfig(**values["config"]), values["seed"], values["effort"])

    def random(self, name: str) -> random.Random:
        """A random generator of its own for each ``name``, so that benches do not disturb each other's choices."""
        return random.Random(f"{self.seed} {name}")

    def times(self, count: int) -> int:
        """``count`` scaled by the effort, at least 1."""
        return max(1, round(count * self.effort))
