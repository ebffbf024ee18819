"""The two kinds of TOML files that people write: presets and studies."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from onward.hw.spec.config import ConfigError
from onward.hw.spec.presets import load_preset
from onward.sw.studies.study_file import CONFIG_KEYS, OPTION_KEYS, StudyError, read_study

from .mutations import mutate_lines
from .target import Target, Violation, snapshot

__all__ = ["preset_target", "study_target"]

_PRESETS = (
    'base = "tiny"\ninputs = 25\nhidden = [7, 6, 5]\nlanes = 6\n',
    'inputs = 784\nhidden = [128, 128]\nclasses = 10\nlanes = 128\nrows = 2048\ngroup = 8\nmemory = "spram"\n',
    'base = "icebreaker"\nname = "mine"\nclock_mhz = 12.5\nweight_bits = 12\noperand_bits = 18\nbaud = 115200\n',
)
_STUDIES = (
    'rule = "ff"\npreset = "tiny"\ndataset = "mnist-small"\nepochs = 2\n'
    "[grid]\nseed = [0, 1, 2]\nweight_bits = [8, 12]\n",
    'rule = "pff"\nparameters = { steps = 4 }\n[grid]\nhidden = [[6, 5], [4]]\nparameters.rate = [0.1, 0.2]\n',
    'epochs = 3\njitter = 1\n[grid]\nseed = [0, 1]\n[[study]]\nepochs = 5\n[[study]]\nname = "b"\nseed = 7\n'
    "[study.grid]\njitter = [2, 4]\nread_noise = [0.0, 0.1]\n",
)
_PRESET_KEYS = ("base", "name", "colour", *CONFIG_KEYS)
_STUDY_KEYS = (
    "grid",
    "study",
    "name",
    "rule",
    "preset",
    "seed",
    "images",
    "parameters",
    "parameters.rate",
    "grid.seed",
)


def preset_target() -> Target:
    """The reader of presets of one's own."""

    def parse(path: Path) -> None:
        config = load_preset(str(path))
        if len(config.digest) != 16 or config.lanes % config.group:
            raise Violation("it is no configuration")

    return _target("presets", 12, _PRESETS, _PRESET_KEYS, parse, ConfigError)


def study_target() -> Target:
    """The reader of study files, up to the points of the grid."""

    def parse(path: Path) -> None:
        if not read_study(path):
            raise Violation("a study without a run")

    keys = (*_STUDY_KEYS, *OPTION_KEYS, *CONFIG_KEYS)
    return _target("studies", 8, _STUDIES, keys, parse, StudyError)


def _target(
    name: str,
    share: int,
    seeds: tuple[str, ...],
    keys: tuple[str, ...],
    parse: Callable[[Path], None],
    refusal: type[Exception],
) -> Target:
    def mutate(rng: random.Random, data: bytes) -> bytes:
        return mutate_lines(rng, data.decode(errors="replace"), keys)

    def read(data: bytes, folder: Path) -> None:
        path = folder / "input.toml"
        path.write_bytes(data)
        before = snapshot(folder)
        try:
            parse(path)
        finally:
            if snapshot(folder) != before:
                raise Violation("a file has changed")

    return Target(name, share, tuple(seed.encode() for seed in seeds), mutate, read, (refusal,))
