"""What a person types as a reference is one place, or one line that says how to type it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import RequestError
from harness.workspace.adapters.reference import (
    HubReference,
    ModelReference,
    RunReference,
    parse_reference,
)
from tests.fakes.refusals import refused

HERE = Path("/")


@pytest.mark.parametrize(
    ("text", "meant", "resolved"),
    [
        ("hf:acme/openers", ("acme/openers", "main", "", False), "hf:acme/openers@c"),
        ("hf://acme/openers/", ("acme/openers", "main", "", False), "hf:acme/openers@c"),
        ("hf:acme/openers@v1.2", ("acme/openers", "v1.2", "", True), "hf:acme/openers@c"),
        ("hf:a/b@main/checkpoint-100", ("a/b", "main", "checkpoint-100", True),
         "hf:a/b@c/checkpoint-100"),
        ("hf:a/b/deep/er", ("a/b", "main", "deep/er", False), "hf:a/b@c/deep/er"),
        ("hf:a/b@refs/pr/3/sub", ("a/b", "refs/pr/3", "sub", True), "hf:a/b@c/sub"),
        ("hf:a/b@feature%2Fx", ("a/b", "feature/x", "", True), "hf:a/b@c"),
    ],
)  # fmt: skip
def test_a_place_on_a_hub(text: str, meant: tuple[str, str, str, bool], resolved: str) -> None:
    found = parse_reference(text, HERE)
    assert found == HubReference(*meant)
    assert isinstance(found, HubReference) and found.at("c") == resolved


def test_a_branch_with_a_slash_is_typed_as_it_is_shown() -> None:
    found = parse_reference("hf:a/b@feature%2Fx/sub", HERE)
    assert isinstance(found, HubReference)
    assert parse_reference(found.at(found.revision), HERE) == found


@pytest.mark.parametrize(
    ("text", "meant", "resolved"),
    [
        ("models:/openers/3", ("openers", "3", None, ""), "models:/openers/3"),
        ("models:/openers/latest", ("openers", "latest", None, ""), "models:/openers/7"),
        ("models:/openers@live", ("openers", None, "live", ""), "models:/openers/7"),
        ("models:/our model@live/peft", ("our model", None, "live", "peft"),
         "models:/our model/7/peft"),
        ("models:/openers/3/peft/x", ("openers", "3", None, "peft/x"), "models:/openers/3/peft/x"),
    ],
)  # fmt: skip
def test_a_version_in_a_registry(
    text: str, meant: tuple[str, str | None, str | None, str], resolved: str
) -> None:
    found = parse_reference(text, HERE)
    assert found == ModelReference(*meant)
    assert isinstance(found, ModelReference)
    assert found.at("3" if found.version == "3" else "7") == resolved


def test_a_logged_model_has_no_versions() -> None:
    name = "m-0123456789abcdef0123456789abcdef"
    found = parse_reference(f"models:/{name}/peft", HERE)
    assert found == ModelReference(name, None, None, "peft")
    assert found.at(None) == f"models:/{name}/peft"


def test_a_run_and_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_reference("runs:/abc123/out/adapter", HERE) == RunReference(
        "abc123", "out/adapter"
    )
    (tmp_path / "run-1" / "adapter").mkdir(parents=True)
    place = tmp_path / "run-1" / "adapter"
    assert parse_reference("run-1/adapter", tmp_path) == place
    assert parse_reference(str(place), HERE) == place
    monkeypatch.setenv("HOME", str(tmp_path))
    assert parse_reference("~/run-1/adapter", HERE) == place


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "is no reference to an adapter, one is hf:org/repo@revision"),
        (" ", "is no reference"),
        ("x" * 600, "is no reference"),
        ("hf:a/b\n", "is no reference"),
        ("hf:", "one is hf:org/repo@revision"),
        ("hf:gpt2", "one is hf:org/repo@revision"),
        ("hf:../../etc", "one is hf:org/repo@revision"),
        ("hf:a/b@", "one is hf:org/repo@revision"),
        ("hf:a/b@..%2F..", "is no revision"),
        ("hf:a/b@-x", "is no revision"),
        ("hf:a/b@main/../..", "is no name of a folder below it"),
        ("hf:a/b@main/x//y", "is no name of a folder below it"),
        ("hf:a/b/x%2Fy", "is no name of a folder below it"),
        ("models:/openers", "one is models:/NAME/VERSION or models:/NAME@ALIAS"),
        ("models:/", "one is models:/NAME/VERSION"),
        ("models:/it's/3", "one is models:/NAME/VERSION"),
        ("models:/openers@", "one is models:/NAME/VERSION"),
        ("models:/openers/Production", "'Production' is no version; a number, `latest` or"),
        ("models:/openers/3/../x", "is no name of a folder below it"),
        ("runs:/", "names no run"),
        ("runs:/abc/../../x", "is no name of a folder below it"),
        ("https://user:pw@huggingface.co/a/b?token=s", "^https://huggingface.co/a/b: is no refer"),
        ("s3://bucket/adapter", "is no reference to an adapter"),
        ("acme/openers", "no such folder; on a Hub it is hf:acme/openers"),
        ("./nowhere", "no such folder$"),
        ("x\0y", "is no reference"),
        ("~nobody-of-that-name/x", "(no such folder|is no path)"),
    ],
)
def test_what_is_no_reference_is_one_line(text: str, line: str, tmp_path: Path) -> None:
    with refused(line, RequestError):
        parse_reference(text, tmp_path)


def test_an_archive_is_to_be_unpacked(tmp_path: Path) -> None:
    (tmp_path / "adapter.zip").write_bytes(b"PK")
    with refused("is a file, the adapter's folder is needed; unpack an archive"):
        parse_reference("adapter.zip", tmp_path)
