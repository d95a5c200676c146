"""Where a project names keys, only decisions that their owners signed count, in every command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import harness
from harness.errors import LedgerChanged, RequestError, SettingsError
from harness.flows.decisions.decide import decided, reject
from harness.flows.decisions.promote import promote, standings
from harness.flows.decisions.promoted_file import promoted
from harness.flows.decisions.sign_ledger import sign_ledger
from harness.flows.decisions.verify import verify
from harness.flows.history import export_history, import_history
from harness.flows.project import Project
from harness.flows.store import open_store
from harness.store import Store
from harness.workspace.adapters.keys import make_keys
from tests.fakes.refusals import refused
from tests.fakes.served import SETTINGS, ServedProject

KEYS = '[tool.harness.promotion]\nkeys = ["lead.pub"]\n'


def ask_for_signatures(project: ServedProject) -> Path:
    """Make a key pair, name the public key in the settings, and return the private one."""
    private = project.folder / "lead.pem"
    make_keys(private, project.folder / "lead.pub", for_decisions=True)
    project.write("pyproject.toml", SETTINGS.replace('"recorded"', '"transformers"') + KEYS)
    return private


@pytest.fixture
def project(tmp_path: Path) -> ServedProject:
    """`v1` may be promoted."""
    made = ServedProject(tmp_path / "project")
    made.judge("v1")
    return made


def failed(project: ServedProject) -> list[str]:
    return [f"{one.name}: {one.message}" for one in verify(project.project) if not one.ok]


@pytest.mark.medium
def test_a_signed_promotion_counts_everywhere(project: ServedProject) -> None:
    key = ask_for_signatures(project)
    made = project.put("v1", key=key)
    assert made.signature is not None
    assert failed(project) == []
    assert promoted("openers", project.folder).name == "v1"
    with project.opened() as store:
        assert store.decisions.all() == [made]


@pytest.mark.medium
def test_without_a_key_nothing_is_recorded(project: ServedProject) -> None:
    ask_for_signatures(project)
    with refused("the promote of v1 is not signed: name the private key", RequestError):
        project.put("v1")
    with project.opened() as store:
        assert store.decisions.unchecked() == []


@pytest.mark.medium
def test_with_a_foreign_key_nothing_is_recorded(project: ServedProject, tmp_path: Path) -> None:
    ask_for_signatures(project)
    make_keys(tmp_path / "foreign.pem", tmp_path / "foreign.pub", for_decisions=True)
    with refused("the promote of v1 is signed with a key that is none", RequestError):
        project.put("v1", key=tmp_path / "foreign.pem")


@pytest.mark.medium
def test_a_dry_run_needs_no_key(project: ServedProject) -> None:
    ask_for_signatures(project)
    assert project.put("v1", dry_run=True).adapter == "v1"


EVERY: dict[str, Callable[[Project], object]] = {
    "status": lambda p: standings(p, open_store(p)),
    "log": lambda p: decided(p, open_store(p)),
    "gate": lambda p: harness.evaluate("v1", project=p.settings.root),
    "promote": lambda p: promote(p, "v1", task=None, by="Bo", why="x"),
    "path": lambda p: promoted("openers", p.settings.root),
}


@pytest.mark.medium
@pytest.mark.parametrize("command", EVERY.values(), ids=EVERY)
def test_a_ledger_with_an_unsigned_decision_is_refused(
    project: ServedProject, command: Callable[[Project], object]
) -> None:
    project.put("v1")
    ask_for_signatures(project)
    with pytest.raises(LedgerChanged, match=r"is not signed") as caught:
        command(project.project)
    assert caught.value.exit_code == 11
    assert failed(project) == ["signatures: decision 1 (promote v1 by Ana) is not signed"]


@pytest.mark.slow
def test_an_older_ledger_is_signed_once_and_then_counts(project: ServedProject) -> None:
    project.put("v1")
    key = ask_for_signatures(project)
    assert [one.seq for one in sign_ledger(project.project, key)] == [1]
    assert sign_ledger(project.project, key) == []
    assert failed(project) == []
    assert promoted("openers", project.folder).name == "v1"


@pytest.mark.slow
def test_a_broken_chain_is_not_signed(project: ServedProject) -> None:
    project.put("v1")
    key = ask_for_signatures(project)
    project.by_hand("UPDATE decisions SET why = 'other'")
    with refused("the ledger was changed by hand", LedgerChanged, 11):
        sign_ledger(project.project, key)


@pytest.mark.slow
def test_path_refuses_a_signed_decision_that_puts_nothing_into_production(
    project: ServedProject,
) -> None:
    key = ask_for_signatures(project)
    project.put("v1", key=key)
    project.judge("v2", "bad")
    made = reject(project.project, "v2", project.ask(key=key))
    file = project.folder / "adapters/promoted.json"
    table = json.loads(file.read_text())
    for name in ("adapter", "digest", "kind", "signature"):
        table["tasks"]["openers"][name] = getattr(made, name)
    table["tasks"]["openers"]["decision"] = made.hash
    file.write_text(json.dumps(table))
    with refused("is a reject, which puts nothing into production", LedgerChanged, 11):
        promoted("openers", project.folder)


@pytest.mark.long
def test_a_signature_travels_with_the_history(project: ServedProject, tmp_path: Path) -> None:
    key = ask_for_signatures(project)
    made = project.put("v1", key=key)
    with project.opened() as store:
        lines = "".join(f"{line}\n" for line in export_history(store, texts=False))
    (tmp_path / "h.jsonl").write_text(lines)
    new = Store("sqlite:///new.db", tmp_path)
    import_history(new, tmp_path / "h.jsonl")
    assert new.decisions.all() == [made]
    new.close()


@pytest.mark.slow
@pytest.mark.parametrize("keys", ["[]", '"lead.pub"', "[1]", '[""]'])
def test_settings_that_name_no_key_are_refused(project: ServedProject, keys: str) -> None:
    project.settings(f"[tool.harness.promotion]\nkeys = {keys}\n")
    with pytest.raises(SettingsError, match="`keys`"):
        assert project.project.settings


@pytest.mark.long
def test_a_key_that_is_missing_is_named(project: ServedProject) -> None:
    project.settings('[tool.harness.promotion]\nkeys = ["gone.pub"]\n')
    with pytest.raises(RequestError, match=r"gone\.pub"):
        open_store(project.project)
