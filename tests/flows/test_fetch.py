"""An adapter fetched by reference is judged as a copy made by hand; promoted bytes stay."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from harness.errors import AdapterRefused, HarnessError, RequestError, WorldFailed
from harness.flows.decisions.attest import attest
from harness.flows.decisions.promote import standings
from harness.flows.decisions.publish import card
from harness.flows.evaluation.doctor import _origin
from harness.flows.fetch import Fetched, fetch
from harness.records import Decision
from harness.workspace.adapters.files import adapter_names, read_adapter
from harness.workspace.adapters.keys import make_keys
from harness.workspace.adapters.origin import ORIGIN, read_origin
from harness.workspace.adapters.signing import mismatches, sign
from tests.fakes.adapters import TinyAdapter
from tests.fakes.hub_server import HubServer, use_hub
from tests.fakes.project import TASK, TinyProject
from tests.fakes.refusals import refused
from tests.flows.judged import NAME, judged

REPO = "acme/openers"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    with HubServer() as server:
        use_hub(monkeypatch, server.url, tmp_path / "hub")
        yield server


@pytest.fixture
def other(tmp_path: Path, project: TinyProject) -> TinyAdapter:
    """An adapter of other bytes, in another place."""
    return TinyAdapter(tmp_path / "elsewhere", "other", project.base, seed=7).write()


def fetched(project: TinyProject, name: str, what: TinyAdapter | str, **how: bool) -> Fetched:
    reference = what if isinstance(what, str) else str(what.folder)
    return fetch(project.project, name, reference, **how)


def digest(project: TinyProject, name: str) -> str:
    return read_adapter(project.folder / "adapters", name).digest


def decided(project: TinyProject, kind: str, name: str) -> None:
    made = Decision(
        kind, TASK, name, digest(project, name), "Ana", "why", "2026-01-01T00:00:00Z"  # type: ignore[arg-type]
    )  # fmt: skip
    with closing(project.store()) as store:
        store.decisions.add(made)


# --- where it lies --------------------------------------------------------------------------


@pytest.mark.long
def test_the_same_bytes_from_everywhere_are_the_same_adapter(
    project: TinyProject, other: TinyAdapter, hub: HubServer
) -> None:
    commit = hub.publish(REPO, other.folder)
    for name, reference in (
        ("a", str(other.folder)),
        ("b", f"hf:{REPO}"),
        ("acme/c", f"hf:{REPO}"),
    ):
        found = fetched(project, name, reference)
        assert found.changed and found.folder == project.folder / "adapters" / name
        assert found.digest == digest(project, name) == other.files().digest
    assert adapter_names(project.folder / "adapters") == ["a", "acme/c", "b", "v1"]
    origin = read_origin(project.folder / "adapters/b")
    assert origin is not None
    assert (origin.ref, origin.revision) == (f"hf:{REPO}", commit)
    assert origin.resolved == f"hf:{REPO}@{commit}"
    assert origin.digest == other.files().digest
    assert not (project.folder / "adapters/.fetching").exists()


def test_what_is_there_already_is_left_as_it_is(project: TinyProject, other: TinyAdapter) -> None:
    first = fetched(project, "a", other)
    before = {file: file.stat().st_mtime_ns for file in first.folder.iterdir()}
    again = fetched(project, "a", other)
    assert not again.changed and again.origin == first.origin
    assert {file: file.stat().st_mtime_ns for file in first.folder.iterdir()} == before
    by_hand = fetched(project, "v1", str(project.folder / "adapters/v1"))
    assert not by_hand.changed and by_hand.origin is None


def test_other_bytes_are_replaced_only_where_asked(
    project: TinyProject, other: TinyAdapter
) -> None:
    before = digest(project, "v1")
    with refused("v1: lies there already with other bytes .*, or --replace$", AdapterRefused):
        fetched(project, "v1", other)
    assert digest(project, "v1") == before
    assert fetched(project, "v1", other, replace=True).changed
    assert digest(project, "v1") == other.files().digest


def test_nothing_that_is_no_adapter_goes(project: TinyProject, other: TinyAdapter) -> None:
    adapters = project.folder / "adapters"
    project.write("adapters/datasets/more.jsonl", "{}\n")
    project.adapter("acme/v1").write()
    project.adapter("nested").write()
    shutil.copytree(adapters / "nested", adapters / "nested/checkpoint-1")
    project.write("adapters/file", "x")
    (adapters / "empty").mkdir()
    before = sorted(adapters.rglob("*"))
    for name, line in (
        ("datasets", "holds no adapter but other files"), ("acme", "holds no adapter but"),
        ("nested", "is an adapter too and would go with it"), ("v1/below", "v1 is an adapter itse"),
        ("file", "is a file"), ("base", "is a reserved name"), ("../x", "is not an adapter name"),
        (".fetching", "is not an adapter name"),
    ):  # fmt: skip
        with refused(line):
            fetched(project, name, other, replace=True)
    assert sorted(adapters.rglob("*")) == before
    assert fetched(project, "empty", other).changed


def test_a_name_that_is_a_link_out_is_refused(
    project: TinyProject, other: TinyAdapter, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (project.folder / "adapters/linked").symlink_to(tmp_path / "outside")
    with refused("is a link that leads out", AdapterRefused):
        fetched(project, "linked", other, replace=True)
    assert not list((tmp_path / "outside").iterdir())


def test_a_disk_that_fails_leaves_what_was_there(
    project: TinyProject, other: TinyAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digest(project, "v1")
    rename = Path.rename

    def full(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", full)
    with refused("cannot take its place there .*No space left", WorldFailed, 11):
        fetched(project, "v1", other, replace=True)
    assert digest(project, "v1") == before
    assert not (project.folder / "adapters/.fetching").exists()


# --- what is promoted -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["promote", "rollback", "pin"])
def test_bytes_that_a_decision_rests_on_are_never_replaced(
    project: TinyProject, other: TinyAdapter, kind: str
) -> None:
    decided(project, kind, "v1")
    before = digest(project, "v1")
    word = "pinned" if kind == "pin" else "promoted"
    with refused(f"v1: is {word} for openers with other bytes", AdapterRefused):
        fetched(project, "v1", other, replace=True)
    assert digest(project, "v1") == before


def test_bytes_that_were_in_production_are_there_for_a_rollback(
    project: TinyProject, other: TinyAdapter
) -> None:
    project.adapter("v0", seed=3).write()
    for name in ("v0", "v1", "v0"):  # the first promoted is the pinned as well
        decided(project, "promote", name)
    with refused("v1: its bytes were in production for openers, a rollback needs them"):
        fetched(project, "v1", other, replace=True)


def test_promoted_bytes_that_were_lost_or_changed_can_be_fetched_again(
    project: TinyProject, other: TinyAdapter, tmp_path: Path
) -> None:
    kept = shutil.copytree(project.folder / "adapters/v1", tmp_path / "kept")
    decided(project, "promote", "v1")
    promoted = digest(project, "v1")
    shutil.rmtree(project.folder / "adapters/v1")
    with refused("v1: is promoted for openers with other bytes", AdapterRefused):
        fetched(project, "v1", other)  # a lost folder is no free name
    fetched(project, "v1", str(kept))
    assert digest(project, "v1") == promoted
    project.adapter("v1", seed=9).write()
    fetched(project, "v1", str(kept), replace=True)
    assert digest(project, "v1") == promoted


# --- where it is said -----------------------------------------------------------------------


def test_doctor_says_where_it_came_from(project: TinyProject, other: TinyAdapter) -> None:
    found = fetched(project, "a", other)

    def said() -> list[str]:
        checks = _origin(read_adapter(project.folder / "adapters", "a"))
        assert all(check.ok and check.name == "origin" for check in checks)
        return [check.message for check in checks]

    assert said()[0].startswith(f"{other.folder}, fetched 20")
    (found.folder / "adapter_config.json").write_text("{}")
    assert said()[0].endswith("; its bytes were changed since")
    (found.folder / ORIGIN).write_text("{")
    assert said()[0].startswith("not known: ")
    (found.folder / ORIGIN).unlink()
    assert said() == []


@pytest.mark.long
def test_status_the_card_and_the_statement_say_so(tmp_path: Path, hub: HubServer) -> None:
    made = judged(tmp_path / "project")
    commit = hub.publish(REPO, made.adapter.folder)
    place = f"hf:{REPO}@{commit}"
    plain = attest(made.project, made.store, made.identity)
    assert "fetched_from" not in plain["predicate"]
    shutil.rmtree(made.adapter.folder)
    fetch(made.project, NAME, f"hf:{REPO}")
    stated = attest(made.project, made.store, made.identity)
    assert stated["predicate"].pop("fetched_from") == place
    assert stated == plain
    written = ModelCard(card(made.project, NAME, made.verdict).read_text(encoding="utf-8"))
    assert written.data["fetched_from"] == place
    digest_ = made.adapter.files().digest
    made.store.decisions.add(
        Decision("promote", TASK, NAME, digest_, "Ana", "why", "2026-01-01T00:00:00Z")
    )
    (held,) = standings(made.project, made.store)
    assert held.origin is not None and held.origin.resolved == place
    made.store.close()


@pytest.mark.long
def test_a_path_of_this_machine_is_in_no_card_and_no_statement(tmp_path: Path) -> None:
    made = judged(tmp_path / "project")
    shutil.copytree(made.adapter.folder, tmp_path / "kept")
    shutil.rmtree(made.adapter.folder)
    fetch(made.project, NAME, str(tmp_path / "kept"))
    assert "fetched_from" not in attest(made.project, made.store, made.identity)["predicate"]
    assert str(tmp_path) not in card(made.project, NAME, made.verdict).read_text(encoding="utf-8")
    made.store.close()


@pytest.mark.medium
def test_a_signature_holds_where_the_adapter_arrives(
    project: TinyProject, other: TinyAdapter, tmp_path: Path
) -> None:
    make_keys(tmp_path / "team.pem", tmp_path / "team.pub")
    sign(other.files(), tmp_path / "team.pem")
    found = fetched(project, "other", other)
    assert (found.folder / ORIGIN).exists()
    assert mismatches(found.folder, tmp_path / "team.pub", "other") == []


# --- refused --------------------------------------------------------------------------------


@pytest.mark.medium
def test_what_is_refused_leaves_nothing(
    project: TinyProject, other: TinyAdapter, hub: HubServer
) -> None:
    before = sorted((project.folder / "adapters").rglob("*"))
    other.config["peft_type"] = "LOHA"
    hub.publish(REPO, other.write().folder)
    for reference in (f"hf:{REPO}", str(other.folder), "hf:acme/none", "nowhere", "models:/x/1"):
        with pytest.raises(HarnessError):
            fetched(project, "a", reference)
    assert sorted((project.folder / "adapters").rglob("*")) == before


def test_without_an_mlflow_it_says_where_to_name_one(
    project: TinyProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with refused("no MLflow is named: `tracking_uri` under .*, or --mlflow URI", RequestError):
        fetched(project, "a", "models:/openers/1")
