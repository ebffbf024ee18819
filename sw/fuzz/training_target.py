"""Checkpoints, and folders of trainings that were killed."""

from __future__ import annotations

import random
import struct
import warnings
from pathlib import Path

from onward.sw.driver.checkpoint import Checkpoint, CheckpointError
from onward.sw.driver.run_folder import RunFolder, RunFolderError

from .mutations import mutate_bytes
from .target import Target, Violation, snapshot
from .training_files import checkpoint_bytes, mutate_checkpoint, mutate_plan, plan_bytes

__all__ = ["checkpoint_target", "run_folder_target"]

_FILES = ("training.json", "checkpoint.safetensors", "checkpoint-previous.safetensors", "metrics.json")
_ABSENT = 0xFFFFFFFF


def checkpoint_target() -> Target:
    """The reader of checkpoints."""
    seeds = (checkpoint_bytes(0), checkpoint_bytes(20))
    return Target("checkpoints", 5, seeds, mutate_checkpoint, _parse_checkpoint, (CheckpointError,))


def run_folder_target() -> Target:
    """The reader of run folders: of a training that is to go on, and of one that is used as it is.

    An input is all files of a folder, one after the other, each behind its length.
    """
    plan, one, two = plan_bytes(), checkpoint_bytes(20), checkpoint_bytes(30)
    seeds = (
        _pack([plan, two, one, None]),
        _pack([plan, one, None, None]),
        _pack([plan, None, one, None]),
        _pack([plan, None, None, None]),
        _pack([plan, checkpoint_bytes(0), None, b"{}"]),
    )
    return Target("run-folders", 5, seeds, _mutate, _parse_folder, (CheckpointError, RunFolderError))


def _mutate(rng: random.Random, data: bytes) -> bytes:
    files = _unpack(data)
    at = rng.choice((0, 0, 1, 1, 1, 2, 3))
    content = files[at]
    if rng.random() < 0.1:
        files[at] = rng.choice((None, b"", b"{}", b"[]", content))
    elif content is not None:
        files[at] = {0: mutate_plan, 1: mutate_checkpoint, 2: mutate_checkpoint}.get(at, mutate_bytes)(rng, content)
    return _pack(files) if rng.random() < 0.9 else _pack([each and mutate_bytes(rng, each) for each in files])


def _parse_checkpoint(data: bytes, folder: Path) -> None:
    path = folder / "checkpoint.safetensors"
    path.write_bytes(data)
    before = snapshot(folder)
    try:
        _use(Checkpoint.load(path))
    finally:
        if snapshot(folder) != before:
            raise Violation("a file has changed")


def _parse_folder(data: bytes, folder: Path) -> None:
    for name, content in zip(_FILES, _unpack(data), strict=True):
        if content is None:
            (folder / name).unlink(missing_ok=True)
        else:
            (folder / name).write_bytes(content)
    before = snapshot(folder)
    try:
        _read_folder(folder)
    finally:
        if snapshot(folder) != before:
            raise Violation("a file has changed")


def _read_folder(folder: Path) -> None:
    said: list[str] = []
    refused: Exception | None = None
    try:
        _use(RunFolder.find_checkpoint(folder, said.append))
    except CheckpointError as error:
        refused = error
    with RunFolder.open(folder) as run:
        # What the command does next with it.
        if not run.resumed + 1 or (run.plan.folder and not Path(run.plan.folder).name):
            raise Violation("the plan is none")
        checkpoint = run.latest(said.append)
    if any("\n" in line for line in said):
        raise Violation("a warning of several lines")
    if checkpoint is not None:
        _use(checkpoint)
    elif refused is None:
        raise Violation("a checkpoint that only one of two readers finds")


def _use(checkpoint: Checkpoint) -> None:
    """What programs do with a checkpoint that they were given."""
    form = checkpoint.config.weight
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = checkpoint.rows()
    if rows.size and not form.min <= rows.min() <= rows.max() <= form.max:
        raise Violation("weights that the core cannot hold")
    if not 0 <= checkpoint.trained_samples <= checkpoint.recipe.samples:
        raise Violation("it has learnt from more samples than there were to be")


def _pack(files: list[bytes | None]) -> bytes:
    lengths = [_ABSENT if each is None else len(each) for each in files]
    return struct.pack(f"<{len(_FILES)}I", *lengths) + b"".join(each or b"" for each in files)


def _unpack(data: bytes) -> list[bytes | None]:
    head = struct.Struct(f"<{len(_FILES)}I")
    lengths, at = head.unpack(data[: head.size].ljust(head.size, b"\xff")), head.size
    files: list[bytes | None] = []
    for length in lengths:
        files.append(None if length == _ABSENT else data[at : at + length])
        at += 0 if length == _ABSENT else length
    return files
