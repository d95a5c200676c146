"""A release is one version everywhere, and only one job may publish it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
VERSION = PROJECT["version"]
STEM = f"lora_harness-{VERSION}"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files that `.ci/release` reads, and a `dist` as `make wheel` leaves it."""
    (tmp_path / ".ci").mkdir()
    for name in (".ci/release", "pyproject.toml", "CITATION.cff", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "dist").mkdir()
    wheel(tmp_path, VERSION)
    (tmp_path / "dist" / f"{STEM}.tar.gz").write_bytes(b"")
    return tmp_path


def wheel(checkout: Path, stated: str) -> None:
    """Write a wheel of today's name whose METADATA states a version."""
    with zipfile.ZipFile(checkout / "dist" / f"{STEM}-py3-none-any.whl", "w") as opened:
        said = f"Metadata-Version: 2.4\nName: lora-harness\nVersion: {stated}\n"
        opened.writestr(f"{STEM}.dist-info/METADATA", said)


def checked(checkout: Path, tag: str = f"v{VERSION}") -> subprocess.CompletedProcess[str]:
    words = [sys.executable, checkout / ".ci" / "release", tag, "dist"]
    return subprocess.run(words, cwd=checkout, capture_output=True, text=True, timeout=60)


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_a_tag_whose_documents_and_packages_agree_is_a_release(checkout: Path) -> None:
    done = checked(checkout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert VERSION in done.stdout


@pytest.mark.parametrize("tag", [VERSION, f"v{VERSION}.1", f"v{VERSION}rc1", "main"])
def test_a_tag_of_another_version_is_refused(checkout: Path, tag: str) -> None:
    done = checked(checkout, tag)
    assert done.returncode == 1
    assert f"the tag is {tag}, pyproject.toml says {VERSION}" in done.stdout


def test_documents_of_another_version_are_refused(checkout: Path) -> None:
    replace(checkout / "CITATION.cff", f"version: {VERSION}", "version: 0.9")
    replace(checkout / "CHANGELOG.md", f"## {VERSION} (", "## 0.9 (")
    done = checked(checkout)
    assert done.returncode == 1
    assert f"CITATION.cff says 0.9, not {VERSION}" in done.stdout
    assert "CHANGELOG.md has no section" in done.stdout


def test_a_package_that_is_missing_superfluous_or_another_one_is_refused(checkout: Path) -> None:
    (checkout / "dist" / f"{STEM}.tar.gz").rename(checkout / "dist" / "lora_harness-0.9.tar.gz")
    wheel(checkout, "0.9")
    done = checked(checkout)
    assert done.returncode == 1
    assert f"dist/{STEM}.tar.gz is missing" in done.stdout
    assert "dist/lora_harness-0.9.tar.gz is not a part of this release" in done.stdout
    assert "says inside that it is lora-harness 0.9" in done.stdout


def test_nothing_built_is_no_release(checkout: Path) -> None:
    shutil.rmtree(checkout / "dist")
    assert checked(checkout).returncode == 1


# --- the workflow -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def workflow() -> dict[Any, Any]:
    text = (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")
    read: dict[Any, Any] = yaml.safe_load(text)
    return read


def test_only_a_tag_of_a_version_starts_it(workflow: dict[Any, Any]) -> None:
    assert workflow[True] == {"push": {"tags": ["v*"]}}  # YAML 1.1 reads `on` as true


def test_the_job_that_may_publish_runs_no_code_of_the_project(workflow: dict[Any, Any]) -> None:
    jobs = workflow["jobs"]
    [name] = [name for name, job in jobs.items() if "id-token" in job["permissions"]]
    assert jobs[name]["environment"] == "release"
    assert jobs[name]["needs"] == "build"
    assert all("run" not in step for step in jobs[name]["steps"])
    assert not any("checkout" in step["uses"] for step in jobs[name]["steps"])
    assert jobs["build"]["permissions"] == {"contents": "read"}


def test_what_was_tried_is_what_is_attested_and_published(workflow: dict[Any, Any]) -> None:
    built = [step.get("run", "") for step in workflow["jobs"]["build"]["steps"]]
    order = [next(n for n, run in enumerate(built) if what in run) for what in
             ("make wheel-test", "twine\" check", ".ci/release")]  # fmt: skip
    assert order == sorted(order)
    published = [step["uses"].split("@")[0] for step in workflow["jobs"]["publish"]["steps"]]
    assert published == [
        "actions/download-artifact",
        "actions/attest-build-provenance",
        "pypa/gh-action-pypi-publish",
    ]


def test_no_place_to_publish_to_and_no_secret_is_written_down() -> None:
    text = (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")
    assert "://" not in text
    assert "secrets." not in text


# --- what a package says of the project ---------------------------------------------------------


def test_the_project_names_one_home_in_every_file() -> None:
    home = PROJECT["urls"]["Homepage"]
    assert all(url.startswith(home) for url in PROJECT["urls"].values())
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["repository-code"] == cited["url"] == home
    assert str(cited["version"]) == VERSION
    assert [author["name"] for author in cited["authors"]] == [
        a["name"] for a in PROJECT["authors"]
    ]
    config = yaml.safe_load((ROOT / ".github/ISSUE_TEMPLATE/config.yml").read_text("utf-8"))
    assert all(link["url"].startswith(f"{home}/") for link in config["contact_links"])


@pytest.mark.medium
def test_the_page_of_an_index_has_links_and_pictures_that_lead_to_files_of_the_tag() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "metadata", "readme"],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    home = PROJECT["urls"]["Homepage"]
    raw = home.replace("https://github.com", "https://raw.githubusercontent.com")
    links = re.findall(r"(!?)\[[^\]]*\]\(([^)]+)\)", done.stdout)
    assert len(links) > 15
    for picture, link in links:
        start = f"{raw}/v{VERSION}/" if picture else f"{home}/blob/v{VERSION}/"
        assert link.startswith(start), link
        assert (ROOT / link.removeprefix(start)).is_file(), link
    assert "<!--" not in done.stdout


@pytest.mark.parametrize("name", ["bug", "feature"])
def test_an_issue_form_asks_each_question_once(name: str) -> None:
    form = yaml.safe_load((ROOT / f".github/ISSUE_TEMPLATE/{name}.yml").read_text("utf-8"))
    assert {"name", "description", "body"} <= form.keys()
    asked = [part for part in form["body"] if part["type"] != "markdown"]
    assert asked and len({part["id"] for part in asked}) == len(asked)
    assert all(part["attributes"]["label"] for part in asked)
