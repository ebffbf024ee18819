"""IDX files: what is written is read, and whatever is not exactly right is refused."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from onward.sw.data.errors import DatasetError
from onward.sw.data.idx import decode_idx, encode_idx, read_idx, write_idx

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


@given(arrays(np.uint8, array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=6)))
def test_round_trip_of_any_array(array: NDArray[np.uint8]) -> None:
    back = decode_idx(encode_idx(array), "memory", array.ndim)
    assert back.dtype == np.uint8
    assert back.shape == array.shape
    assert np.array_equal(back, array)


@given(st.binary(max_size=40))
def test_any_bytes_are_decoded_or_refused(raw: bytes) -> None:
    try:
        array = decode_idx(raw, "memory")
    except DatasetError as error:
        assert str(error).startswith("memory: ")
        assert "\n" not in str(error)
    else:
        assert encode_idx(array) == raw


def test_header_is_the_published_one() -> None:
    assert encode_idx(IMAGES)[:16] == struct.pack(">IIII", 0x00000803, 2, 3, 4)
    assert encode_idx(IMAGES[0, 0])[:8] == struct.pack(">II", 0x00000801, 4)


@pytest.mark.parametrize("name", ["images", "images.gz"])
def test_file_round_trip(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_idx(path, IMAGES)
    assert np.array_equal(read_idx(path, 3), IMAGES)
    assert path.read_bytes().startswith(b"\x1f\x8b") == name.endswith(".gz")


def test_gzip_is_recognised_by_content(tmp_path: Path) -> None:
    path = tmp_path / "images"
    path.write_bytes(gzip.compress(encode_idx(IMAGES)))
    assert np.array_equal(read_idx(path), IMAGES)


def test_gzip_carries_no_time(tmp_path: Path) -> None:
    write_idx(tmp_path / "images.gz", IMAGES)
    assert (tmp_path / "images.gz").read_bytes()[4:8] == bytes(4)


def test_array_is_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        decode_idx(encode_idx(IMAGES), "memory")[0, 0, 0] = 1


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"\x00\x00", "2 bytes long, an IDX header needs at least 4"),
        (b"\x00\x00\x0d\x01\x00\x00\x00\x00", "starts with 00 00 0d"),
        (b"\x01\x00\x08\x01\x00\x00\x00\x00", "starts with 01 00 08"),
        (b"\x00\x00\x08\x00", "has 0 dimensions, expected at least 1"),
        (b"\x00\x00\x08\x03\x00\x00", "6 bytes long, a header of 3 dimensions needs 16"),
        (encode_idx(IMAGES)[:-1], "39 bytes long, its header says 2x3x4 which makes 40"),
        (encode_idx(IMAGES) + b"\x00", "41 bytes long, its header says 2x3x4 which makes 40"),
        (
            b"\x00\x00\x08\xff" + b"\xff" * 1020,
            r"1024 bytes long, its header says 4294967295x4294967295x4294967295x4294967295x\.\.\. \(255 dimensions\)"
            r" which makes 2\^64 or more$",
        ),
    ],
)
def test_damage_is_named(raw: bytes, message: str) -> None:
    with pytest.raises(DatasetError, match=f"^memory: {message}"):
        decode_idx(raw, "memory")


def test_wrong_number_of_dimensions() -> None:
    with pytest.raises(DatasetError, match="has 3 dimensions, expected 1"):
        decode_idx(encode_idx(IMAGES), "memory", 1)


@pytest.mark.parametrize("keep", [5, 20, -4])
def test_truncated_gzip(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(encode_idx(IMAGES))[:keep])
    with pytest.raises(DatasetError, match=r"images\.gz: damaged gzip file"):
        read_idx(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nowhere: cannot be read"):
        read_idx(tmp_path / "nowhere")


@pytest.mark.parametrize("array", [np.zeros(3, np.int16), np.zeros((), np.uint8)])
def test_array_that_cannot_be_written(array: NDArray[np.uint8]) -> None:
    with pytest.raises(DatasetError, match="array to write"):
        encode_idx(array)
