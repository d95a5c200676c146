"""`lora-harness export`, and `evaluate --as`, as somebody types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Type
from tests.fakes.deployed import DeployedProject

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def there(
    deployed: DeployedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> DeployedProject:
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(deployed.folder)
    return deployed


@pytest.mark.long
def test_what_is_exported_is_judged_by_the_command_that_is_named_next(
    there: DeployedProject, typed: Type, tmp_path: Path
) -> None:
    out = str(tmp_path / "out")
    made = typed("export", "v1", "--to", "merged", out)
    assert made.code == 0
    assert "as bfloat16, with the template of the base" in made.out
    assert f"next  lora-harness evaluate v1 --as {out}" in made.out
    found = typed("evaluate", "v1", "--as", out)
    assert found.code == 0
    assert "v1+out" in found.out and "export: v1+out is v1 (" in " ".join(found.out.split())
    assert "lora-harness promote" not in found.out


@pytest.mark.long
def test_the_same_as_json(there: DeployedProject, typed: Type, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    made = typed("export", "double", out, "--to", "merged", "--dtype", "float16", "--json").json
    assert made["form"] == "float16" and made["folder"] == out and made["adapter"] == "double"
    found = typed("evaluate", "v1", "--as", out, "--json")
    assert found.code == 1
    answer = json.loads(found.out)
    assert answer["candidate"] == "v1+out"
    assert answer["export"]["of"] == "v1" and answer["export"]["digest"] == made["digest"]
    assert any("2.00 times its strength" in note for note in answer["notes"])


@pytest.mark.medium
def test_wrong_requests_are_one_line(there: DeployedProject, typed: Type, tmp_path: Path) -> None:
    assert typed("export", "v1", str(tmp_path / "out")).code == 4
    assert "merged" in typed("export", "v1", "out", "--to", "onnx").line
    missing = typed("evaluate", "v1", "--as", str(tmp_path / "none"))
    assert missing.code == 4 and "no such folder" in missing.line


def test_help_has_an_example(typed: Type) -> None:
    assert (
        "Example: lora-harness export adapter_v2 --to merged exports/v2"
        in typed("export", "--help").out
    )
