"""Presets by name and from TOML files."""

from pathlib import Path

import pytest

from onward.hw.spec.config import ConfigError
from onward.hw.spec.presets import PRESETS, load_preset


def write(folder: Path, text: str) -> str:
    path = folder / "my.toml"
    path.write_text(text)
    return str(path)


def test_names() -> None:
    for name in ("ulx3s-85f", "icebreaker", "tiny", "icebreaker-compact"):
        assert load_preset(name) is PRESETS[name]
    big = PRESETS["ulx3s-85f"]
    assert (big.inputs, big.hidden, big.classes, big.lanes) == (784, (128, 128), 10, 128)
    assert (PRESETS["icebreaker"].hidden, PRESETS["icebreaker"].lanes) == ((64, 64), 8)


def test_file(tmp_path: Path) -> None:
    text = "inputs = 10\nhidden = [7]\nclasses = 3\nlanes = 10\nrows = 60\nvectors = 12\n"
    config = load_preset(write(tmp_path, text))
    assert (config.name, config.hidden, config.group, config.weight_bits) == ("my", (7,), 5, 14)


def test_file_on_a_base(tmp_path: Path) -> None:
    config = load_preset(write(tmp_path, 'base = "tiny"\nlanes = 3\nhidden = [5, 4, 3]\n'))
    assert (config.inputs, config.lanes, config.group, config.hidden) == (20, 3, 3, (5, 4, 3))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lanes = ", "is not valid TOML"),
        ("lane = 3", "unknown key 'lane'; known are name, inputs"),
        ('base = "huge"', f"base must be one of {', '.join(PRESETS)}, not 'huge'"),
        ("inputs = 3\nhidden = [2]\nclasses = 2", "missing lanes, rows"),
        ("inputs = 3\nhidden = [2]\nclasses = 2\nrows = 9\nlanes = 0", "lanes must be 1 to 1024, not 0"),
        ('base = "tiny"\nlanes = 0', "lanes must be 1 to 1024, not 0"),
        ('base = "tiny"\nhidden = 5', "hidden"),
        ('base = "tiny"\nlanes = "8"', "lanes has a value of the wrong type"),
    ],
)
def test_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        load_preset(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_unknown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"unknown preset 'none': use one of {', '.join(PRESETS)}, or the path"):
        load_preset("none")
    with pytest.raises(ConfigError, match="No such file"):
        load_preset(str(tmp_path / "missing.toml"))
