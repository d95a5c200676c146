"""`lora-harness fetch`: an adapter by reference, in words and as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import harness
from tests.cli.conftest import Type
from tests.fakes.adapters import TinyAdapter
from tests.fakes.hub_server import HubServer
from tests.fakes.project import TinyProject

ROOT = Path(harness.__file__).parents[1]
REPO = "acme/openers"


@pytest.fixture
def adapter(project: TinyProject, tmp_path: Path) -> TinyAdapter:
    return TinyAdapter(tmp_path / "elsewhere", "v1", project.base).write()


def test_a_folder_in_words(typed: Type, adapter: TinyAdapter) -> None:
    found = typed("fetch", "v9", str(adapter.folder))
    assert (found.code, found.err) == (0, "")
    assert found.out.splitlines() == [
        f"v9: fetched from {adapter.folder}",
        f"digest {adapter.files().digest[:12]}, adapter_config.json, adapter_model.safetensors,"
        " training.json",
        "next  lora-harness doctor v9",
    ]
    again = typed("fetch", "v9", str(adapter.folder))
    assert again.code == 0
    assert again.out.startswith(f"v9: lies there already with these bytes, from {adapter.folder}\n")


def test_a_path_counts_from_the_working_directory(
    typed: Type, adapter: TinyAdapter, monkeypatch: pytest.MonkeyPatch, project: TinyProject
) -> None:
    monkeypatch.chdir(project.folder / "adapters")
    assert typed("fetch", "v9", "../../elsewhere/v1").code == 0


def test_the_same_as_json(typed: Type, adapter: TinyAdapter, project: TinyProject) -> None:
    found = typed("fetch", "v9", str(adapter.folder), "--json")
    assert found.code == 0
    said = found.json
    assert (said["adapter"], said["changed"], said["notes"]) == ("v9", True, [])
    assert said["digest"] == adapter.files().digest
    assert said["folder"] == str(project.folder / "adapters/v9")
    assert said["files"] == ["adapter_config.json", "adapter_model.safetensors", "training.json"]
    recorded = json.loads((project.folder / "adapters/v9/origin.json").read_text())
    assert said["origin"] == {key: recorded[key] for key in said["origin"]}


def test_errors_are_one_line_with_their_code(typed: Type, project: TinyProject) -> None:
    found = typed("fetch", "v9", "nowhere")
    assert (found.code, found.line) == (4, "lora-harness: nowhere: no such folder")
    assert typed("fetch", "v9", "nowhere", "--json").json == {"error": "nowhere: no such folder"}
    (project.folder / "empty").mkdir()
    assert "nothing lies there" in typed("fetch", "v9", "empty").line


def test_help_has_an_example(typed: Type) -> None:
    said = typed("fetch", "--help").out
    assert "Example: lora-harness fetch openers_v5 hf:acme/openers-lora@main" in said
    assert "models:/NAME/VERSION" in said and "HF_TOKEN" in said


def test_a_status_line_says_where_the_promoted_bytes_came_from(
    typed: Type, project: TinyProject, adapter: TinyAdapter
) -> None:
    assert typed("status", "--json").json["tasks"][0]["origin"] is None
    typed("fetch", "v9", str(adapter.folder))
    why = ("--by", "Ana", "--why", "it is good", "--override", "--engine", "transformers")
    assert typed("promote", "v9", *why).code == 0
    assert typed("status", "--json").json["tasks"][0]["origin"] == str(adapter.folder)
    assert f"v9 came from {adapter.folder}, fetched 20" in typed("status").out


@pytest.mark.long
def test_a_process_with_the_hub_s_own_variables(
    project: TinyProject, adapter: TinyAdapter, tmp_path: Path
) -> None:
    """The token goes to the Hub alone; the second process needs no network."""

    def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        where = {
            "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        return subprocess.run(
            [sys.executable, "-m", "harness.cli", "fetch", *words],
            cwd=project.folder, env=kept | where | more, capture_output=True, text=True, timeout=60,
        )  # fmt: skip

    with HubServer() as hub:
        commit = hub.publish(REPO, adapter.folder)
        hub.repos[REPO].token = "hf_secret"
        refused = run("v9", f"hf:{REPO}")
        assert refused.returncode == 4 and "set HF_TOKEN" in refused.stderr
        done = run("v9", f"hf:{REPO}", "-vv", HF_TOKEN="hf_secret")
        assert done.returncode == 0, done.stderr
        assert f"v9: fetched from hf:{REPO}@{commit}" in done.stdout
        said = refused.stdout + refused.stderr + done.stdout + done.stderr
        written = [file.read_bytes() for file in project.folder.rglob("*") if file.is_file()]
        assert "hf_secret" not in said and b"hf_secret" not in b"".join(written)
        assert hub.asked[-1].headers["authorization"] == "Bearer hf_secret"
    offline = run("v8", f"hf:{REPO}", HF_HUB_OFFLINE="1")
    assert offline.returncode == 0, offline.stderr
    assert offline.stderr == ""
    unplugged = run("v7", f"hf:{REPO}@{commit}")
    assert unplugged.returncode == 0, unplugged.stderr
    for name in ("v7", "v8", "v9"):
        made = TinyAdapter(project.folder / "adapters", name, project.base)
        assert made.files().digest == adapter.files().digest
