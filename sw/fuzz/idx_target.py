"""IDX files, plain and gzipped: headers that claim anything, and archives that unpack to anything."""

from __future__ import annotations

import gzip
import random
import struct
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from onward.sw.data.errors import DatasetError
from onward.sw.data.idx import decode_idx, encode_idx, read_idx

from .mutations import mutate_bytes
from .target import Target, Violation, snapshot

__all__ = ["gzip_target", "idx_target"]

_BOMB_MEGABYTES = 100
_LENGTHS = (0, 0, 1, 2, 3, 28, 255, 256, 65535, 65536, 1 << 20, (1 << 31) - 1, 1 << 31, (1 << 32) - 1)


def idx_target() -> Target:
    """The reader of IDX files that are not compressed."""
    return Target("idx", 400, _plain(), _mutate_plain, _parse_plain, (DatasetError,))


def gzip_target() -> Target:
    """The reader of gzipped IDX files, from the file on."""
    seeds = tuple(gzip.compress(raw, 6, mtime=0) for raw in _plain())
    return Target("idx-gzip", 70, seeds, _mutate_gzip, _parse_file, (DatasetError,))


def _plain() -> tuple[bytes, ...]:
    shapes: tuple[tuple[int, ...], ...] = ((5,), (3, 4, 4), (0,), (2, 0, 3), (2,) * 6, (1,) * 64)
    return tuple(encode_idx((np.arange(np.prod(shape)) % 251).astype(np.uint8).reshape(shape)) for shape in shapes)


def _mutate_plain(rng: random.Random, data: bytes) -> bytes:
    kind = rng.random()
    if kind < 0.5:
        return mutate_bytes(rng, data)
    # A header of the right form; often with a zero, so that the length is right whatever the others claim.
    count = rng.choice((1, 2, 3, 3, 4, 8, 64, 65, 255))
    lengths = [rng.choice(_LENGTHS) for _ in range(count)]
    if kind < 0.8:
        lengths[rng.randrange(count)] = 0
    return struct.pack(f">BBBB{count}I", 0, 0, 8, count, *lengths) + rng.randbytes(rng.choice((0, 0, 1, 6, 65)))


def _mutate_gzip(rng: random.Random, data: bytes) -> bytes:
    kind = rng.random()
    if kind < 0.0002:
        return _bomb()
    if kind < 0.5:
        return mutate_bytes(rng, data)
    raw = _mutate_plain(rng, gzip.decompress(data))
    made = gzip.compress(raw, 1, mtime=0)
    if kind < 0.6:
        # More members, garbage or nothing behind the archive.
        made += rng.choice((made, b"\0" * 9, rng.randbytes(9), made[:9]))
    return mutate_bytes(rng, made) if kind < 0.7 else made


@cache
def _bomb() -> bytes:
    """A whole archive of a few hundred KB that unpacks to an IDX file of some hundred MB."""
    size = _BOMB_MEGABYTES << 20
    header = struct.pack(">BBBBI", 0, 0, 8, 1, size)
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    megabyte = bytes(1 << 20)
    parts = [packer.compress(header), *(packer.compress(megabyte) for _ in range(_BOMB_MEGABYTES)), packer.flush()]
    return b"".join(parts)


def _parse_plain(data: bytes, folder: Path) -> None:
    _check(decode_idx(data, "memory"), lambda: data)


def _parse_file(data: bytes, folder: Path) -> None:
    path = folder / "images.gz"
    path.write_bytes(data)
    before = snapshot(folder)
    try:
        _check(read_idx(path), lambda: gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data)
    finally:
        if snapshot(folder) != before:
            raise Violation("a file has changed")


def _check(array: np.ndarray, raw: Callable[[], bytes]) -> None:
    if encode_idx(array) != raw():
        raise Violation("the array is not what the file holds")
