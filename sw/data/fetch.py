"""Fetch a data set into the cache."""

__all__ = ["fetch"]

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from .catalogue import Files, cache_folder, describe
from .errors import DatasetError
from .sources import SOURCES, Source, SourceError


def fetch(name: str, progress: Callable[[str], None] | None = None) -> Path:
    """Bring data set ``name`` into the cache, from the first source that has it unharmed.

    Files are complete and checked before they appear in the cache, each by a rename; what
    fails leaves no file behind.

    Parameters
    ----------
    name
        ``mnist`` or ``fashion-mnist``; a shipped set needs no fetching and is left alone.
    progress
        Called with one line before each source is tried and one when it has failed.

    Returns
    -------
    The folder that holds the four files, uncompressed if they were fetched now.

    Raises
    ------
    DatasetError
        The name is unknown, every source has failed (the message says why, source by source), or
        the cache cannot be written.
    """
    say = progress or (lambda line: None)
    files = describe(name)
    if files.shipped is not None:
        say(f"{name}: shipped with the package in {files.shipped}")
        return files.shipped
    target = cache_folder(name)
    if _complete(files, target):
        say(f"{name}: already in {target}")
        return target
    failures = []
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for source in SOURCES[name]:
            say(f"{name}: trying {source}")
            # Beside the target, so that the renames stay on one file system.
            with tempfile.TemporaryDirectory(prefix=".fetch-", dir=target.parent) as scratch:
                try:
                    _adopt(source, files, Path(scratch), target)
                except (SourceError, DatasetError) as error:
                    failures.append(f"{source}: {error}")
                    say(f"{name}: failed, {error}")
                    continue
            say(f"{name}: complete in {target}")
            return target
    except OSError as error:
        raise DatasetError(f"{target}: cannot be written ({error.strerror})") from None
    raise DatasetError(f"{name}: no source has it ({'; '.join(failures)})")


def _complete(files: Files, folder: Path) -> bool:
    """Whether ``folder`` has all files, with the right hashes."""
    try:
        for file in files.all():
            path = file.find(folder)
            if path is None:
                return False
            file.read(path)
    except DatasetError:
        return False
    return True


def _adopt(source: Source, files: Files, scratch: Path, target: Path) -> None:
    """Get all files from ``source``, check them, then rename them into ``target``."""
    arrived, checked = scratch / "arrived", scratch / "checked"
    arrived.mkdir()
    checked.mkdir()
    source.get([file.name for file in files.all()], arrived)
    for file in files.all():
        path = file.find(arrived)
        if path is None:
            raise SourceError(f"{file.name} did not arrive")
        (checked / file.name).write_bytes(file.read(path))
    target.mkdir(exist_ok=True)
    for file in files.all():
        os.replace(checked / file.name, target / file.name)
