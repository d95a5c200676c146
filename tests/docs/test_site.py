"""`make docs` builds the site without a warning, from documents that are there anyway."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

import pytest

import harness
from tests.docs.markdown import ROOT, documents

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("material") is None, reason="mkdocs-material is not installed, `make setup` does"
    ),
]
SOURCES = ("mkdocs.yml", "docs", "harness", "adapters", "reports", "dashboard", "examples")
NOT_ON_THE_SITE = ("tests/", "adapters/adapter_")


def built(root: Path, to: Path) -> subprocess.CompletedProcess[str]:
    """The site of a tree."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(to)],
        cwd=root,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of this tree."""
    to = tmp_path_factory.mktemp("site")
    done = built(ROOT, to)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return to


class Addresses(HTMLParser):
    """What a page makes a browser fetch."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        asked = names.get("href") if tag == "link" else names.get("src")
        if asked and names.get("rel") != "canonical":
            self.found.append(asked)


@pytest.mark.long
def test_every_document_for_users_has_its_page(site: Path) -> None:
    missing = []
    for file in documents():
        place = file.relative_to(ROOT).as_posix().removeprefix("docs/")
        place = place.replace(".github/actions/gate", "gate")
        if place.startswith(NOT_ON_THE_SITE):
            continue
        page = re.sub(r"(README)?\.md$", "", place)
        if not (site / page / "index.html").is_file():
            missing.append(place)
    assert missing == []


def test_a_page_fetches_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        elsewhere = [a for a in Addresses(page).found if re.match(r"(https?:)?//", a)]
        assert elsewhere == [], page


@pytest.mark.long
def test_the_reference_has_every_command_and_every_public_name(site: Path) -> None:
    commands = (site / "commands" / "index.html").read_text(encoding="utf-8")
    for name in ("evaluate", "reviews import", "data check", "ci init"):
        assert f"lora-harness {name}" in commands
    assert "-h, --help" in commands
    python = (site / "python" / "index.html").read_text(encoding="utf-8")
    for name in harness.__all__:
        assert re.search(rf'id="harness[\w.]*\.{name}"', python), name


def test_words_for_the_tests_are_not_shown(site: Path) -> None:
    explain = {site / name / "index.html" for name in ("CONTRIBUTING", "DECISIONS")}
    for page in set(site.rglob("index.html")) - explain:
        text = page.read_text(encoding="utf-8")
        assert "not-run:" not in text and "as-shipped" not in text, page


@pytest.mark.long
def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    root.mkdir()
    for file in [*ROOT.glob("*.md"), *(ROOT / name for name in SOURCES)]:
        copy = shutil.copytree if file.is_dir() else shutil.copy
        copy(file, root / file.name)
    shutil.copytree(ROOT / ".github", root / ".github")
    with (root / "harness/judge/README.md").open("a", encoding="utf-8") as document:
        document.write("\n[gone](gone.md) and [no such part](../cli/README.md#no-such-part)\n")
    done = built(root, tmp_path / "site")
    assert done.returncode != 0
    assert "gone.md" in done.stderr and "no-such-part" in done.stderr
