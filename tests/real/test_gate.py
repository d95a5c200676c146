"""The main job on the real base: generate, score, compare, answer, remember."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys

import pytest

from .conftest import Shell

pytestmark = pytest.mark.real

SECOND_RUN = """
import sys, pytest
code = pytest.main(["--model", "adapter_v3", "-q"])
print("loaded:", [name for name in ("torch", "transformers", "alembic") if name in sys.modules])
sys.exit(code)
"""


@pytest.fixture(scope="module")
def first(project: Shell) -> subprocess.CompletedProcess[str]:
    """adapter_v3 against the promoted adapter_v2, everything generated."""
    return project("pytest", "--model", "adapter_v3")


@pytest.fixture(scope="module")
def verdict(project: Shell, first: subprocess.CompletedProcess[str]) -> dict[str, object]:
    """Its verdict on the task, as JSON, from the store."""
    again = project("harness.cli", "evaluate", "adapter_v3", "--benchmark", "outreach", "--json")
    found = json.loads(again.stdout)
    assert isinstance(found, dict)
    return found


def test_a_gate_ends_in_a_verdict_block_and_its_exit_code(first, verdict):
    codes = {"promote": 0, "reject": 1, "inconclusive": 10}
    assert "adapter gate" in first.stdout
    assert first.returncode == codes[verdict["outcome"]]
    assert verdict["promoted"] == "adapter_v2"
    assert verdict["n"] == 30


def test_the_second_time_no_model_library_is_loaded(project, first):
    done = subprocess.run(
        [sys.executable, "-c", SECOND_RUN],
        cwd=project.folder,
        capture_output=True,
        text=True,
        env=project.environment,
        timeout=120,
    )
    assert "loaded: []" in done.stdout
    assert done.returncode == first.returncode


def test_one_case_alone_gets_the_text_of_the_full_run_and_never_promotes(project, first, fresh):
    alone = fresh("pytest", "--model", "adapter_v3", "--harness-against", "adapter_v2",
                  "-k", "opener-retail-01")  # fmt: skip
    assert alone.returncode == 10
    assert "INCONCLUSIVE" in alone.stdout
    (text,) = texts(fresh, "adapter_v3")
    assert text in texts(project, "adapter_v3")
    assert set(text) == {"opener-retail-01"} or text[0] == "opener-retail-01"


def test_the_dirty_adapter_is_rejected_and_the_block_names_what_got_worse(project, first):
    done = project("pytest", "--model", "adapter_v4")
    assert done.returncode == 1
    assert "REJECT  adapter_v4" in done.stdout
    assert "worse" in done.stdout


def test_the_promoted_adapter_against_itself_is_identical(project, first):
    done = project("harness.cli", "evaluate", "adapter_v2", "--benchmark", "outreach", "--json")
    assert json.loads(done.stdout)["identical"] is True


def test_a_stored_verdict_is_recomputed_to_the_last_bit(project, verdict):
    run = verdict["runs"]["candidate"]
    done = project("harness.cli", "history", "recompute", run, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["same"] is True


def texts(shell: Shell, adapter: str) -> set[tuple[str, str]]:
    """Case and text of every output that an adapter's runs on the task hold."""
    with sqlite3.connect(shell.store) as store:
        rows = store.execute(
            "SELECT run_cases.body FROM run_cases JOIN runs ON runs.seq = run_cases.run"
            " WHERE runs.adapter = ? AND runs.benchmark = 'outreach'",
            (adapter,),
        ).fetchall()
    bodies = [json.loads(body) for (body,) in rows]
    return {(body["case"]["id"], body["outputs"][0]["text"]) for body in bodies}
