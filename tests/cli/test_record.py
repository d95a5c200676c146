"""`lora-harness record`: the answers of a model in files, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.conftest import Type
from tests.fakes.openai_server import OpenAIServer, Reply
from tests.fakes.project import CASES, GUARD_CASES, SETTINGS, TinyProject
from tests.leaks.planted import SHUT

MODEL = "llama3.2:1b"


@pytest.fixture
def server(project: TinyProject) -> Iterator[OpenAIServer]:
    with OpenAIServer() as made:
        made.modules[MODEL] = ""
        text = f'url = "{made.url}"\nmodel = "{MODEL}"\nnote = "on the shelf"\nretries = 0\n'
        project.write("adapters/ft/served.toml", text)
        yield made


@pytest.mark.long
def test_in_words(typed: Type, server: OpenAIServer, project: TinyProject) -> None:
    found = typed("record", "ft")
    assert (found.code, found.err) == (0, "")
    lines = found.out.splitlines()
    assert lines[0] == f"ft is a name, not bytes: {MODEL} at {server.url}"
    assert lines[1].startswith(f"openers: {len(CASES)} answers of 20")
    assert lines[1].endswith("recorded/ft/openers.jsonl")
    assert lines[2].startswith(f"manners: {len(GUARD_CASES)} answers of 20")
    assert lines[-1] == "next  commit recorded/ft, then: pytest --model ft"
    assert "as they lay there" in typed("record", "ft").out


@pytest.mark.long
def test_as_json(typed: Type, server: OpenAIServer) -> None:
    said = typed("record", "ft", "--benchmark", "openers", "--json").json
    assert (said["adapter"], said["model"]) == ("ft", f"{MODEL} at {server.url}")
    (one,) = said["files"]
    assert (one["benchmark"], one["answers"], one["likelihoods"]) == ("openers", len(CASES), 0)
    assert one["changed"] and one["first"] <= one["last"]


@pytest.mark.long
def test_a_failing_server_is_named_in_one_line(typed: Type, server: OpenAIServer) -> None:
    server.next("POST", "/chat/completions", *[Reply(500)] * 40)
    found = typed("record", "ft", "--json")
    assert found.code == 11
    assert "run the same command again" in found.json["error"]


def test_files_are_no_engine_to_record_from(typed: Type, project: TinyProject) -> None:
    found = typed("record", "good")
    assert found.code == 4
    assert "name the engine that does, such as --engine transformers" in found.line


@pytest.mark.long
def test_without_texts_the_command_shows_none_and_the_file_has_them(
    typed: Type, server: OpenAIServer, project: TinyProject
) -> None:
    project.write("pyproject.toml", SETTINGS + SHUT)
    found = typed("record", "ft")
    assert found.code == 0 and "Freight" not in found.out
    assert "thgierF" in (project.folder / "recorded/ft/openers.jsonl").read_text()


@pytest.mark.long
def test_status_and_doctor_say_that_it_is_a_name(
    typed: Type, server: OpenAIServer, project: TinyProject
) -> None:
    by = ("--by", "Ana", "--why", "to begin with")
    assert typed("promote", "ft", "--override", *by).code == 0
    assert f"ft is a name, not bytes: {MODEL} at {server.url} (on the shelf)" in typed("status").out
    (row,) = typed("status", "--json").json["tasks"]
    assert row["served"] == {"url": server.url, "model": MODEL, "note": "on the shelf"}
    assert "ft is a name, not bytes" in typed("doctor", "ft").out
    assert "is a name, not bytes" in typed("path").line
    assert f"a name, not bytes: {MODEL}" in typed("verify").out


@pytest.mark.long
def test_a_verdict_says_it_on_the_terminal_and_on_the_page(
    typed: Type, server: OpenAIServer, project: TinyProject
) -> None:
    found = typed("evaluate", "ft", "--benchmark", "openers")
    assert f"ft is a name, not bytes: {MODEL}" in " ".join(found.out.split())
    pages = [file.read_text() for file in project.folder.glob("reports/*/report.html")]
    assert pages and all("a name, not bytes" in page for page in pages)
