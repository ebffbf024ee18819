"""Files that are complete or absent."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["write_file"]


def write_file(path: Path, content: bytes) -> None:
    """Write ``content`` beside ``path``, then rename it: whoever sees ``path`` sees all of it.

    Raises
    ------
    OSError
        If it cannot be written; then ``path`` is as it was.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            # Otherwise a power cut may leave the name, and nothing in it.
            os.fsync(file.fileno())
        # mkstemp makes files that nobody else may read.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
