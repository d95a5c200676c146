"""The shipped adapter_v2 exported and judged: a faithful merge promotes, doubled alpha does not."""

from __future__ import annotations

import json
import shutil

import pytest

from .conftest import Shell

pytestmark = [pytest.mark.real, pytest.mark.long]


def judged(project: Shell, name: str, out: str) -> tuple[int, dict[str, object]]:
    asked = ("--benchmark", "outreach", "--as", out, "--json")
    done = project("harness.cli", "evaluate", name, *asked)
    return done.returncode, json.loads(done.stdout)


def test_a_merge_of_adapter_v2_promotes(fresh: Shell) -> None:
    done = fresh("harness.cli", "export", "adapter_v2", "--to", "merged", "out", "--json")
    assert done.returncode == 0, done.stderr
    code, verdict = judged(fresh, "adapter_v2", "out")
    assert (code, verdict["outcome"], verdict["promoted"]) == (0, "promote", "adapter_v2")
    assert len([note for note in verdict["notes"] if note.startswith("export: ")]) == 1


def test_a_merge_with_doubled_alpha_is_rejected_and_named(fresh: Shell) -> None:
    doubled = fresh.folder / "adapters" / "doubled"
    shutil.copytree(fresh.folder / "adapters" / "adapter_v2", doubled)
    config = json.loads((doubled / "adapter_config.json").read_text())
    config["lora_alpha"] *= 2
    (doubled / "adapter_config.json").write_text(json.dumps(config))
    done = fresh("harness.cli", "export", "doubled", "--to", "merged", "out", "--json")
    assert done.returncode == 0, done.stderr
    code, verdict = judged(fresh, "adapter_v2", "out")
    assert (code, verdict["outcome"]) == (1, "reject")
    assert any("2.00 times its strength" in str(note) for note in verdict["notes"])
