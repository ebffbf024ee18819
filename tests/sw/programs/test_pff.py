"""Programs of every size, and those that are refused."""

from dataclasses import replace

import pytest

from onward.hw.spec.config import ConfigError
from onward.hw.spec.presets import PRESETS
from onward.sw.programs.pff import build_pff, build_pff_inference
from onward.sw.programs.pff_parameters import PFFParameters
from tests.sw.programs.pff_bench import LIVELY, RAGGED

DEEP = replace(RAGGED, hidden=(7, 6, 5))


def test_refused() -> None:
    small = replace(RAGGED, hidden=(8, 8))
    cases = [
        (replace(RAGGED, hidden=(8,)), LIVELY, "ragged: the pff rule needs at least two hidden layers, not 1"),
        (RAGGED, replace(LIVELY, noise=0.1), "noise needs layers of whole words of 4 lanes, not 10 units"),
        (RAGGED, replace(LIVELY, generator_noise=0.1), "noise needs layers of whole words of 4 lanes, not 10 units"),
        (replace(DEEP, hidden=(4,) * 5, vectors=200), LIVELY, "no scalar register left for '.*': all 32 are taken"),
        (RAGGED, replace(LIVELY, label_scale=2.5), "label_scale must be at most 2 with operands of 16 bits, not 2.5"),
        (replace(small, results=4), LIVELY, "ragged: codes must be at most its 4 result words, not "),
        (replace(small, inputs=4), LIVELY, "ragged: codes must be at most its 4 inputs, not "),
        (replace(small, rows=99), LIVELY, "the weights need at least .* rows"),
        (replace(small, vectors=16), LIVELY, "the program needs more than the core's 16 vector words"),
        (replace(small, elements=16), LIVELY, "the program needs more than the core's 16 elements"),
        (replace(small, program=100), LIVELY, "the program has .* instructions, the program memory holds 100"),
    ]
    for config, parameters, message in cases:
        with pytest.raises(ConfigError, match=message):
            build_pff(config, parameters)
    with pytest.raises(ConfigError, match="ragged: the pff rule needs at least two hidden layers, not 1"):
        build_pff_inference(replace(RAGGED, hidden=(8,)), LIVELY)


@pytest.mark.parametrize("lanes", [1, 3, 4, 16])
@pytest.mark.parametrize("hidden", [(1, 1), (6, 5), (9, 2, 7)])
@pytest.mark.parametrize("loss", ["symba", "threshold"])
def test_any_sizes(lanes: int, hidden: tuple[int, ...], loss: str) -> None:
    config = replace(RAGGED, lanes=lanes, hidden=hidden, group=1, rows=2000, vectors=250)
    parameters = replace(PFFParameters(codes=5), loss=loss)
    training, inference = build_pff(config, parameters), build_pff_inference(config, parameters)
    assert training.map.matrices == inference.map.matrices


def test_presets_fit() -> None:
    """Both circuits fit one preset, the representation circuit alone another."""
    rows = {}
    for name, generator in (("ulx3s-85f", "start"), ("tiny", "off")):
        parameters = PFFParameters(generator=generator)
        rows[name] = build_pff(PRESETS[name], parameters).map.used
        assert build_pff_inference(PRESETS[name], parameters).map.used == rows[name]
    assert rows == {"ulx3s-85f": 2047, "tiny": 96}
