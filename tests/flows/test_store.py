"""What a project leads to: benchmarks by name, engines by word, adapters by their bytes."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from harness.errors import AdapterRefused, BenchmarkError, DataError, HarnessError, SettingsError
from harness.flows.evaluation.backends import (
    LocalBackend,
    RayBackend,
    RecordedBackend,
    open_backend,
)
from harness.flows.evaluation.doctor import doctor
from harness.flows.project import Project
from tests.fakes.project import BENCHMARK, CASES, TinyProject
from tests.fakes.refusals import refused


def test_guards_come_last(project: TinyProject) -> None:
    project.benchmark("subjects", BENCHMARK.replace("openers", "subjects"), CASES)
    assert list(project.project.benchmarks) == ["openers", "subjects", "manners"]


def test_a_project_without_benchmarks_says_what_one_is(project: TinyProject) -> None:
    for file in (project.folder / "benchmarks").rglob("*.toml"):
        file.unlink()
    with pytest.raises(BenchmarkError, match=r"<name>/benchmark\.toml beside cases\.jsonl"):
        _ = project.project.benchmarks


def test_the_only_task_need_not_be_named(project: TinyProject) -> None:
    assert project.project.task_benchmark(None).name == "openers"
    project.benchmark("subjects", BENCHMARK.replace("openers", "subjects"), CASES)
    with pytest.raises(BenchmarkError, match=r"several benchmarks fit.*openers, subjects"):
        project.project.task_benchmark(None)
    assert project.project.task_benchmark("subjects").name == "subjects"


def test_outside_of_a_project_the_next_step_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\[tool\.harness\]"):
        Project.here(tmp_path)


def test_engines_are_chosen_by_word(project: TinyProject, tmp_path: Path) -> None:
    opened = project.project
    assert isinstance(open_backend(opened, None, lambda: tmp_path), RecordedBackend)
    assert isinstance(open_backend(opened, "recorded:elsewhere", lambda: tmp_path), RecordedBackend)
    assert isinstance(open_backend(opened, "transformers", lambda: tmp_path), LocalBackend)
    for wrong in ("vllm", "transformers:x", "Recorded"):
        with pytest.raises(SettingsError, match="known are transformers, recorded"):
            open_backend(opened, wrong, lambda: tmp_path)


def test_recorded_outputs_are_addressed_by_their_bytes(project: TinyProject) -> None:
    backend = RecordedBackend(project.project, project.folder / "recorded")
    project.record("v1", quality="good")
    first = backend.adapter("v1").digest
    project.record("v1", quality="good")
    assert backend.adapter("v1").digest == first
    project.record("v1", quality="same")
    assert backend.adapter("v1").digest != first


def test_recorded_outputs_that_lead_elsewhere_are_refused(
    project: TinyProject, tmp_path: Path
) -> None:
    backend = RecordedBackend(project.project, project.folder / "recorded")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "openers.jsonl").write_text("{}")
    (project.folder / "recorded" / "linked").symlink_to(outside)
    (project.folder / "recorded" / "file").mkdir()
    (project.folder / "recorded" / "file" / "x.jsonl").symlink_to(outside / "openers.jsonl")
    for name in ("linked", "file"):
        with pytest.raises(DataError, match="leads out of"):
            backend.adapter(name)
    with pytest.raises(DataError, match="is not an adapter name"):
        backend.adapter("../outside")


def test_what_is_loaded_is_a_private_copy(project: TinyProject, tmp_path: Path) -> None:
    backend = LocalBackend(project.project, tmp_path / "copies")
    side = backend.adapter("v1")
    mounted = backend.mount(side)
    assert mounted.folder is not None
    copy = (mounted.folder / "adapter_model.safetensors").read_bytes()
    project.adapter("v1", seed=7).write()
    assert backend.mount(side).folder == mounted.folder
    assert (mounted.folder / "adapter_model.safetensors").read_bytes() == copy


def test_files_that_change_between_check_and_load_are_refused(
    project: TinyProject, tmp_path: Path
) -> None:
    backend = LocalBackend(project.project, tmp_path / "copies")
    side = backend.adapter("v1")
    project.adapter("v1", seed=7).write()
    with pytest.raises(AdapterRefused, match="changed while they were read"):
        backend.mount(side)


# --- the doctor, as far as files go -------------------------------------------------------------


def test_the_base_needs_no_doctor(project: TinyProject) -> None:
    assert [check.ok for check in doctor(project.project, "base")] == [True]


def test_the_doctor_stops_at_the_first_thing_that_is_wrong(project: TinyProject) -> None:
    adapter = project.adapter("sick")
    adapter.config["r"] = 3
    adapter.write()
    checks = doctor(project.project, "sick")
    assert [check.name for check in checks if not check.ok] == ["keys"]
    assert "rank" in next(check.message for check in checks if check.name == "keys")
    assert "applied" not in [check.name for check in checks]


@pytest.mark.parametrize("name", ["nosuch", "../v1", ""])
def test_a_name_that_is_no_adapter_raises(project: TinyProject, name: str) -> None:
    with pytest.raises(HarnessError) as caught:
        doctor(project.project, name)
    assert caught.value.exit_code == 4


def test_ray_is_a_word_without_an_address(project: TinyProject, tmp_path: Path) -> None:
    with closing(open_backend(project.project, "ray", lambda: tmp_path)) as backend:
        assert isinstance(backend, RayBackend)
    with refused("ray:2: no such engine", SettingsError):
        open_backend(project.project, "ray:2", lambda: tmp_path)


def test_copies_lie_where_all_machines_see_them_and_go_at_the_end(
    project: TinyProject, tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    project.adapter("v1").write()
    project.settings(f'[tool.harness.ray]\nshared = "{shared}"\n')
    with closing(open_backend(project.project, "ray", lambda: tmp_path)) as backend:
        folder = backend.mount(backend.adapter("v1")).folder
        assert folder is not None and folder.parent.parent == shared
        assert folder.parent.stat().st_mode & 0o077 == 0
    assert list(shared.iterdir()) == []


def test_a_shared_folder_that_is_none_is_named(project: TinyProject, tmp_path: Path) -> None:
    project.settings('[tool.harness.ray]\nshared = "/nosuch/folder"\n')
    with refused("/nosuch/folder: no folder can be made there", SettingsError):
        open_backend(project.project, "ray", lambda: tmp_path)
