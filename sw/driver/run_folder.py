"""The folder of a run: what is to be done, and how far it has come, so that a killed training can go on."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.hw.spec.wording import one_line

from .checkpoint import Checkpoint, CheckpointError
from .files import write_file
from .plan import Plan

__all__ = ["RunFolder", "RunFolderError"]

_PLAN, _LATEST, _PREVIOUS = "training.json", "checkpoint.safetensors", "checkpoint-previous.safetensors"
_METRICS = "metrics.json"
"""Written last: a run that has it is finished."""


class RunFolderError(ValueError):
    """A run folder cannot be used; the message is one line: which folder, and what is wrong."""


class RunFolder:
    """A run on disk, held by one process; :meth:`create` one or :meth:`open` one.

    Attributes
    ----------
    path : the folder.
    plan : what is to be done.
    resumed : how often the training has been taken up again.
    """

    def __init__(self, path: Path, plan: Plan, resumed: int = 0) -> None:
        self.path = path
        self.plan = plan
        self.resumed = resumed
        self._newest = path / _LATEST

    @classmethod
    @contextmanager
    def create(cls, path: Path, plan: Plan) -> Iterator[RunFolder]:
        """Make the folder; it appears with the plan in it. It vanishes if the block fails before a checkpoint is saved.

        Raises
        ------
        RunFolderError
            If it exists.
        """
        missing = [each for each in path.absolute().parents if not each.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        folder = cls(scratch, plan)
        try:
            scratch.chmod(0o755)
            with _lock(scratch):
                folder._write_plan()
                if path.exists():
                    raise RunFolderError(f"{path}: exists already, and is not overwritten")
                os.rename(scratch, path)
                folder.path = path
                yield folder
        except BaseException:
            if not folder._has_checkpoint():
                shutil.rmtree(folder.path, ignore_errors=True)
                with suppress(OSError):
                    for each in missing:
                        each.rmdir()
            raise

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[RunFolder]:
        """The folder of a training that was killed.

        Raises
        ------
        RunFolderError
            If there is none, its plan cannot be read, it is finished, or another process is at work in it.
        """
        if not (path / _PLAN).exists():
            raise RunFolderError(f"{path}: is no run that can be resumed, it has no {_PLAN}")
        with _lock(path):
            if (path / _METRICS).exists():
                raise RunFolderError(f"{path}: is finished, there is nothing to resume")
            try:
                values = json.loads((path / _PLAN).read_text())
                resumed = values.pop("resumed")
                if type(resumed) is not int or resumed < 0:
                    raise ConfigError(f"resumed must be a number of times, not {resumed!r}")
                plan = Plan.from_values(values)
            except (ConfigError, KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
                raise RunFolderError(one_line(f"{path / _PLAN}: cannot be read as a plan: {error}")) from None
            yield cls(path, plan, resumed)

    def take_up(self) -> None:
        """Note that the training goes on from :meth:`latest`, and remove what a killed process left half written."""
        if self._newest.name == _PREVIOUS:
            # The next one to be saved must not push out the only whole one.
            os.replace(self._newest, self.path / _LATEST)
        for name in (_PLAN, _LATEST, _PREVIOUS, _METRICS, "learning-curve.png"):
            for scratch in self.path.glob(f".{name}-*"):
                scratch.unlink()
        self.resumed += 1
        self._write_plan()

    def save(self, checkpoint: Checkpoint) -> None:
        """Make this the latest checkpoint and keep the one before."""
        if (self.path / _LATEST).exists():
            os.replace(self.path / _LATEST, self.path / _PREVIOUS)
        checkpoint.save(self.path / _LATEST)

    def latest(self, warn: Callable[[str], None]) -> Checkpoint | None:
        """The newest checkpoint that is whole; None if none was ever made.

        Raises
        ------
        CheckpointError
            If those that there are are damaged, or belong to another training.
        """
        if not self._has_checkpoint():
            return None
        checkpoint, source = _newest(self.path, warn)
        if (
            checkpoint.config.digest != self.plan.config.digest
            or checkpoint.recipe != self.plan.recipe
            or checkpoint.dataset != self.plan.dataset
            or checkpoint.state is None
        ):
            raise CheckpointError(f"{source}: is not of the training in {_PLAN}")
        self._newest = source
        return checkpoint

    def finish(self, checkpoint: Checkpoint, metrics: bytes) -> None:
        """Leave the metrics, and the checkpoint without what only a training that goes on needs."""
        write_file(self.path / _METRICS, metrics)
        checkpoint.save(self.path / _LATEST)
        (self.path / _PREVIOUS).unlink(missing_ok=True)

    @staticmethod
    def find_checkpoint(path: Path, warn: Callable[[str], None], config: CoreConfig | None = None) -> Checkpoint:
        """The newest checkpoint that is whole, in any run; ``warn`` hears of a damaged one.

        Raises
        ------
        CheckpointError
            If there is none, or it is for another core than ``config``.
        """
        return _newest(path, warn, config)[0]

    def _has_checkpoint(self) -> bool:
        return any((self.path / name).exists() for name in (_LATEST, _PREVIOUS))

    def _write_plan(self) -> None:
        values = self.plan.to_values() | {"resumed": self.resumed}
        write_file(self.path / _PLAN, (json.dumps(values, indent=2) + "\n").encode())


def _newest(path: Path, warn: Callable[[str], None], config: CoreConfig | None = None) -> tuple[Checkpoint, Path]:
    """The newest whole checkpoint in a folder, and which file it is."""
    latest, previous = path / _LATEST, path / _PREVIOUS
    if (path / _PLAN).exists() and not any(each.exists() for each in (latest, previous, path / _METRICS)):
        raise CheckpointError(f"{path}: its training was stopped before the first checkpoint")
    try:
        return Checkpoint.load(latest, config), latest
    except CheckpointError as error:
        if not previous.exists():
            raise
        checkpoint = Checkpoint.load(previous, config)
        # It is missing if the process was killed between the two steps of saving.
        if latest.exists():
            warn(f"{error}; using {previous.name}")
        return checkpoint, previous


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold a folder for this process; the system lets go of it however the process ends."""
    handle = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunFolderError(f"{path}: another process is training in it") from None
        yield
    finally:
        os.close(handle)
