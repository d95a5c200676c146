import json
import struct

import numpy as np
import pytest
from safetensors.numpy import save_file

from harness.errors import AdapterRefused
from harness.workspace.formats.safetensors_header import read_header, read_values
from tests.fakes.refusals import refused


def raw_file(folder, header, body=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    file = folder / "w.safetensors"
    file.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + body)
    return file


def read(file):
    return read_header(file, AdapterRefused, 10**9)


def entry(begin, end, shape=(2,), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


def test_names_shapes_and_places_are_read(tmp_path):
    file = tmp_path / "w.safetensors"
    save_file({"a": np.zeros((2, 3), np.float32), "b": np.ones(4, np.float16)}, file, {"k": "v"})
    found = read(file)
    assert {name: (t.dtype, t.shape) for name, t in found.items()} == {
        "a": ("F32", (2, 3)),
        "b": ("F16", (4,)),
    }


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_values_come_back_as_they_were_saved(tmp_path, dtype):
    file = tmp_path / "w.safetensors"
    values = np.linspace(-2, 2, 8).astype(dtype).reshape(2, 4)
    save_file({"a": values}, file)
    ((name, found),) = read_values(file, read(file))
    assert name == "a" and found.dtype == np.float32
    assert np.array_equal(found, values.astype(np.float32))


def test_bfloat16_is_widened_exactly(tmp_path):
    values = np.array([1.0, -2.5, 0.0, 3.0e38], np.float32)
    half = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    file = raw_file(tmp_path, {"a": entry(0, 8, (4,), "BF16")}, half)
    ((_, found),) = read_values(file, read(file))
    wide = (np.frombuffer(half, "<u2").astype(np.uint32) << 16).view(np.float32)
    assert np.array_equal(found, wide)


def test_what_float32_cannot_hold_is_infinite(tmp_path):
    file = tmp_path / "w.safetensors"
    save_file({"a": np.array([1e300])}, file)
    ((_, found),) = read_values(file, read(file))
    assert np.isinf(found).all()


FILES = {
    "empty": (b"", "is no safetensors file or is cut off"),
    "five bytes": (b"\x01\0\0\0\0", "is no safetensors file or is cut off"),
    "a Git LFS pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n",
        "is a Git LFS pointer, run `git lfs pull` for the weights",
    ),
    "a zip, as torch.save writes it": (b"PK\x03\x04" + b"\0" * 200, "is no safetensors file"),
    "a bare pickle": (b"\x80\x04\x95" + b"\0" * 200, "is no safetensors file"),
    "a header longer than the file": (struct.pack("<Q", 10**6) + b"{}", "its header does not fit"),
    "a header of exabytes": (b"\xff" * 8 + b"{}", "its header does not fit"),
    "a header that is no UTF-8": (struct.pack("<Q", 2) + b"\xff\xfe", "its header is not UTF-8"),
}


@pytest.mark.parametrize(("raw", "line"), FILES.values(), ids=FILES)
def test_what_is_no_safetensors_file_is_refused(tmp_path, raw, line):
    file = tmp_path / "w.safetensors"
    file.write_bytes(raw)
    with refused(r"w\.safetensors: .*" + line, AdapterRefused):
        read(file)


HEADERS = {
    "a list": ([], 0, "its header is not an object"),
    "no JSON": (b"{a}", 0, "header: is not JSON"),
    "a tensor twice": (b'{"a": 1, "a": 1}', 0, "key 'a' stands twice"),
    "an entry that is a text": ({"a": "x"}, 0, "the header's entry for 'a' contradicts itself"),
    "no shape": ({"a": {"dtype": "F32", "data_offsets": [0, 8]}}, 8, "contradicts itself"),
    "an unknown dtype": ({"a": entry(0, 8, dtype="F31")}, 8, "contradicts itself"),
    "a list as dtype": ({"a": entry(0, 8, dtype=[])}, 8, "contradicts itself"),
    "a negative size": ({"a": entry(0, 8, (-2,))}, 8, "contradicts itself"),
    "a fraction": ({"a": entry(0, 8.0)}, 8, "contradicts itself"),
    "true as size": ({"a": entry(0, 4, (True,))}, 4, "contradicts itself"),
    "sizes beyond all memory": ({"a": entry(0, 8, (10**18, 10**18))}, 8, "contradicts itself"),
    "a thousand dimensions": ({"a": entry(0, 8, [10**39] * 1000)}, 8, "contradicts itself"),
    "an end before the start": ({"a": entry(8, 0)}, 8, "contradicts itself"),
    "three offsets": ({"a": entry(0, 8) | {"data_offsets": [0, 4, 8]}}, 8, "contradicts itself"),
    "an overlap": ({"a": entry(0, 8), "b": entry(4, 12)}, 12, "overlap or leave a gap at 'b'"),
    "the same bytes": ({"a": entry(0, 8), "b": entry(0, 8)}, 8, "overlap or leave a gap at"),
    "a gap": ({"a": entry(0, 8), "b": entry(12, 20)}, 20, "overlap or leave a gap at 'b'"),
    "a gap at the start": ({"a": entry(4, 12)}, 12, "overlap or leave a gap at 'a'"),
    "cut off": ({"a": entry(0, 8)}, 7, r"is cut off or has extra bytes \(7 of 8 bytes"),
    "extra bytes": ({"a": entry(0, 8)}, 9, r"is cut off or has extra bytes \(9 of 8"),
}


@pytest.mark.parametrize(("header", "size", "line"), HEADERS.values(), ids=HEADERS)
def test_a_header_that_lies_is_refused_before_anything_is_allocated(tmp_path, header, size, line):
    with refused(line, AdapterRefused):
        read(raw_file(tmp_path, header, b"\0" * size))


def test_a_header_of_more_than_8_megabytes_is_refused(tmp_path):
    with refused("its header does not fit", AdapterRefused):
        read(raw_file(tmp_path, b"{" + b" " * 9_000_000 + b"}"))


def test_a_file_above_the_limit_is_refused_unread(tmp_path):
    file = raw_file(tmp_path, {"a": entry(0, 8)}, b"\0" * 8)
    with refused("bytes, at most 10 are read", AdapterRefused):
        read_header(file, AdapterRefused, 10)
