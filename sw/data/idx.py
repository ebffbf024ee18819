"""Read and write IDX files, the format MNIST and Fashion-MNIST are published in.

An IDX file is big-endian: two zero bytes, one byte for the element type, one byte for the number
of dimensions, a 32-bit length for each dimension, then the elements in row-major order::

    00 00 08 03 | 00 00 ea 60 | 00 00 00 1c | 00 00 00 1c | pixels ...
          |  |    60,000        28            28
          |  three dimensions
          unsigned bytes

Only unsigned bytes are supported: both data sets use nothing else. Files are read strictly, since
a header that disagrees with the length is how a broken download shows itself.
"""

__all__ = ["decode_idx", "encode_idx", "read_idx", "read_raw", "write_idx"]

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import DatasetError

_UNSIGNED_BYTE = 0x08
_GZIP_MAGIC = b"\x1f\x8b"
_SHOWN = 4
"""Dimensions that a message names."""


def decode_idx(raw: bytes, where: str, dimensions: int | None = None) -> NDArray[np.uint8]:
    """Decode the content of an uncompressed IDX file.

    Parameters
    ----------
    raw
        The whole file.
    where
        File name for error messages.
    dimensions
        Number of dimensions the array must have; ``None`` takes any.

    Returns
    -------
    A read-only uint8 array in the shape the header gives.

    Raises
    ------
    DatasetError
        The magic number, the number of dimensions or the length is wrong, or no array can have that shape.
    """
    if len(raw) < 4:
        raise DatasetError(f"{where}: {len(raw)} bytes long, an IDX header needs at least 4")
    if raw[:3] != bytes((0, 0, _UNSIGNED_BYTE)):
        raise DatasetError(f"{where}: starts with {raw[:3].hex(' ')}, an IDX file of unsigned bytes with 00 00 08")
    count = raw[3]
    if count == 0 or (dimensions is not None and count != dimensions):
        wanted = "at least 1" if dimensions is None else str(dimensions)
        raise DatasetError(f"{where}: has {count} dimensions, expected {wanted}")
    start = 4 + 4 * count
    if len(raw) < start:
        raise DatasetError(f"{where}: {len(raw)} bytes long, a header of {count} dimensions needs {start}")
    shape = struct.unpack(f">{count}I", raw[4:start])
    wanted_length = start + math.prod(shape)
    if len(raw) != wanted_length:
        text = "x".join(map(str, shape[:_SHOWN])) + (f"x... ({count} dimensions)" if count > _SHOWN else "")
        makes = str(wanted_length) if wanted_length < 1 << 64 else "2^64 or more"
        raise DatasetError(f"{where}: {len(raw)} bytes long, its header says {text} which makes {makes}")
    try:
        return np.frombuffer(raw, dtype=np.uint8, offset=start).reshape(shape)
    except ValueError as error:
        # A length of 0 makes the product right, whatever the others claim.
        raise DatasetError(f"{where}: its header says {count} dimensions that no array can have ({error})") from None


def encode_idx(array: NDArray[np.uint8]) -> bytes:
    """The uncompressed IDX file of a uint8 array with 1 to 255 dimensions.

    Raises
    ------
    DatasetError
        The array is not uint8 or has no dimension.
    """
    if array.dtype != np.uint8:
        raise DatasetError(f"array to write is {array.dtype}, an IDX file here holds uint8")
    if array.ndim == 0:
        raise DatasetError("array to write has 0 dimensions, an IDX file needs at least 1")
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, _UNSIGNED_BYTE, array.ndim, *array.shape)
    return header + array.tobytes()


def read_raw(path: Path) -> bytes:
    """The uncompressed content of ``path``; gzip is recognised by content, not by name.

    Raises
    ------
    DatasetError
        The file cannot be read, or is a damaged gzip file.
    """
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content.startswith(_GZIP_MAGIC) else content
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DatasetError(f"{path}: damaged gzip file ({error}), expected a complete one") from None
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from None


def read_idx(path: Path, dimensions: int | None = None) -> NDArray[np.uint8]:
    """Read an IDX file, plain or gzipped. Parameters and errors as :func:`decode_idx`."""
    return decode_idx(read_raw(path), str(path), dimensions)


def write_idx(path: Path, array: NDArray[np.uint8]) -> None:
    """Write a uint8 array as an IDX file, gzipped if the name ends in ``.gz``.

    The gzip header carries no time and no name, so equal arrays make equal files.

    Raises
    ------
    DatasetError
        As :func:`encode_idx`.
    """
    raw = encode_idx(array)
    path.write_bytes(gzip.compress(raw, 9, mtime=0) if path.suffix == ".gz" else raw)
