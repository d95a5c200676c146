"""Walk a stranger's way from the wheel to a judged pull request, and say what each step takes.

    python perf/walk.py [--out FOLDER] [--wheel FILE] [--steps 150]

The environment is new, but for the heavy libraries: a `.pth` file leads to those that run this, so
that torch is not downloaded again. The base is a tiny one, which was taught another voice; base
and adapters are made by transformers and PEFT alone. Nothing else is a stand-in but GitHub: its
steps are run by bash, its comments are kept. Pictures of comment, report and pages go to FOLDER.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.dashboard.screenshots import Visit, browser, chromium, served
from tests.fakes.comments import CommentServer
from tests.fakes.workflow import GitHubJob
from tests.installing.five_minutes import Shell
from tests.installing.own_model import (
    school,
    write_adapter,
    write_base,
    write_csv,
)
from tests.installing.try_wheel import environment

WORKFLOW = ".github/workflows/adapter-gate.yml"
PAGES = ("now", "cases", "ledger")
COMMENT = """\
<!doctype html><meta charset="utf-8"><title>comment</title><style>
body {{ font: 14px/1.5 system-ui, sans-serif; max-width: 780px; margin: 2em auto; color: #1f2328 }}
table {{ border-collapse: collapse; margin: 1em 0 }}
td, th {{ border: 1px solid #d1d9e0; padding: 6px 13px }}
code {{ background: #818b981f; padding: .2em .4em; border-radius: 6px }}
</style>{body}
"""


class Walk:
    """The steps, in order, with their seconds."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.taken: list[tuple[str, str, float]] = []

    @contextmanager
    def step(self, name: str, who: str = "person") -> Iterator[None]:
        """Time a step of a `person`, of `ci`, or what this script prepares (`made`)."""
        started = time.monotonic()
        yield
        seconds = time.monotonic() - started
        self.taken.append((who, name, seconds))
        print(f"{len(self.taken):3}  {who:6} {seconds:7.1f} s  {name}", flush=True)

    def seconds(self, who: str) -> float:
        """Add up the steps of one kind."""
        return sum(seconds for kind, _, seconds in self.taken if kind == who)


# --- what a stranger has ------------------------------------------------------------------------


def built(folder: Path) -> Path:
    """Build the wheel, as an index would have it."""
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def brought(folder: Path, steps: int) -> Path:
    """Make a base, a table of 25 rows, and two adapters: one that learnt, one that hardly did."""
    folder.mkdir()
    write_base(folder / "base")
    school(folder / "base")
    write_adapter(folder / "base", folder / "trained", steps)
    write_adapter(folder / "base", folder / "hardly", steps // 25)
    write_csv(folder / "cases.csv")
    rows = list(csv.reader((folder / "cases.csv").open(encoding="utf-8")))
    rows[0][:2] = ["input", "ideal"]
    with (folder / "cases.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return folder


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


# --- the way ------------------------------------------------------------------------------------


def first_five_minutes(walk: Walk, things: Path, project: Path, bin_folder: Path) -> None:
    """Go from nothing to a promoted adapter, as the README says."""
    outside, inside = Shell(project.parent, bin_folder), Shell(project, bin_folder)
    with walk.step("lora-harness init openers --task openers --base base --embedder none"):
        outside("lora-harness", "init", project.name, "--task", "openers", "--base", "base",
                "--embedder", "none")  # fmt: skip
        shutil.copytree(things / "base", project / "base")
    # --yes is the answer to the question about the starter's sample prompt, which still stands.
    with walk.step("lora-harness benchmark import ../brought/cases.csv --name openers --yes"):
        table = str(things / "cases.csv")
        told = inside("lora-harness", "benchmark", "import", table, "--name", "openers",
                      "--slice", "trade", "--replace", "--yes")  # fmt: skip
        assert "25" in told, told
    with walk.step("lora-harness benchmark check"):
        inside("lora-harness", "benchmark", "check")
    with walk.step("cp -r ../brought/trained adapters/mine_v1; lora-harness doctor mine_v1"):
        shutil.copytree(things / "trained", project / "adapters/mine_v1")
        inside("lora-harness", "doctor", "mine_v1")
    with walk.step("pytest --model mine_v1"):
        told = inside("pytest", "--model", "mine_v1")
        assert "PROMOTE  mine_v1 · task openers · 25 cases" in told, told
    with walk.step('lora-harness promote mine_v1 --by Ana --why "better than the base"'):
        inside("lora-harness", "promote", "mine_v1", "--by", "Ana", "--why", "better than the base")
        assert (project / "reports/history.jsonl").stat().st_size > 0


def commit_ci(walk: Walk, project: Path, bin_folder: Path, wheel: Path) -> None:
    """Say how CI installs the package, write the workflow, and commit all of it."""
    with walk.step("[tool.harness.ci] install; lora-harness ci init github --force"):
        settings = project / "pyproject.toml"
        line = f"[tool.harness.ci]\ninstall = \"pip install --no-deps '{wheel}'\"\n\n"
        text = settings.read_text(encoding="utf-8")
        settings.write_text(text.replace("[tool.pytest", line + "[tool.pytest"), encoding="utf-8")
        Shell(project, bin_folder)("lora-harness", "ci", "init", "github", "--force")
    with walk.step("git init; git add; git commit"):
        git(project, "init", "-q", "-b", "main")
        git(project, "add", "-A")
        git(project, "commit", "-qm", "mine_v1 is in production")


def pull_request(
    walk: Walk, things: Path, project: Path, bin_folder: Path, server: CommentServer
) -> Path:
    """Propose another adapter, and let the workflow's own steps judge it in a fresh clone."""
    with walk.step("git checkout -b mine_v2; cp -r …; git commit"):
        git(project, "checkout", "-qb", "mine_v2")
        shutil.copytree(things / "hardly", project / "adapters/mine_v2")
        git(project, "add", "-A")
        git(project, "commit", "-qm", "mine_v2")
    clone = project.parent / "clone"
    git(project.parent, "clone", "-q", str(project), str(clone))
    values = {
        "github.event.pull_request.base.sha": git(project, "rev-parse", "main"),
        "github.event_name": "pull_request",
        "github.token": "T0K3N",
    }
    job = {"GITHUB_REPOSITORY": "acme/openers", "GITHUB_REF": "refs/pull/1/merge"}
    environ = job | {"GITHUB_API_URL": server.address}
    runner = GitHubJob(clone / WORKFLOW, clone, project.parent / "job", values, environ, bin_folder)
    for name, ended in runner.run().items():
        walk.taken.append(("ci", name, ended.seconds))
        said = (ended.out.strip() or ended.err.strip()).splitlines()
        last = said[-1][:60] if said else ""
        print(f"{len(walk.taken):3}  ci     {ended.seconds:7.1f} s  {name}: {ended.code} {last}")
        assert ended.code == (1 if name == "judge" else 0), ended.out + ended.err
    return clone


# --- what people look at ------------------------------------------------------------------------


def rendered(text: str) -> str:
    """Return a comment as a page, as GitHub would show it."""
    from markdown_it import MarkdownIt

    body = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    return COMMENT.format(body=body)


def pictures(walk: Walk, project: Path, clone: Path, comment: str, python: Path) -> None:
    """Open the comment, the report and the pages in a browser, and keep a picture of each."""
    page = walk.out / "comment.html"
    page.write_text(rendered(comment), encoding="utf-8")
    report = max(clone.glob("reports/*_openers_*/report.html"), key=lambda one: one.stat().st_mtime)
    if chromium() is None:
        print("     no chromium here: comment, report and pages are not opened")
        return
    with browser() as opened:
        for name, file in (("comment", page), ("report", report)):
            with walk.step(f"open the {name}"):
                window = opened.new_context(viewport={"width": 1280, "height": 900}).new_page()
                window.goto(file.as_uri())
                window.screenshot(path=walk.out / f"{name}.png", full_page=True)
                assert "Reject" in window.inner_text("body")
        with walk.step("lora-harness dashboard"), served(project, python) as url:
            visit = Visit.to(url, opened)
            for name in PAGES:
                visit.go(name)
                visit.look(1280, "light", walk.out / f"{name}.png")
            assert visit.elsewhere == []


def main() -> None:
    """Walk it all, and add up what a person's steps took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="for the pictures; else a temporary folder")
    parser.add_argument("--wheel", type=Path, help="a wheel to try; else this checkout's is built")
    parser.add_argument("--steps", type=int, default=150, help="of training of the good adapter")
    asked = parser.parse_args()
    for name in ("PYTHONPATH", "PYTHONHOME", "GITHUB_ACTIONS"):
        os.environ.pop(name, None)
    with (
        tempfile.TemporaryDirectory(prefix="lora-harness-walk-") as made,
        CommentServer() as server,
    ):
        place = Path(made).resolve()
        os.environ["LORA_HARNESS_CACHE"] = str(place / "cache")
        out = (asked.out or place / "pictures").resolve()
        out.mkdir(parents=True, exist_ok=True)
        walk = Walk(out)
        with walk.step("the wheel", "made"):
            wheel = asked.wheel.resolve() if asked.wheel else built(place)
        with walk.step("a base, a table, two adapters by transformers and PEFT", "made"):
            things = brought(place / "brought", asked.steps)
        with walk.step(f"pip install --no-deps {wheel.name}, into a new environment"):
            bin_folder = environment(place / "environment", wheel, whole=False)
        project = place / "openers"
        first_five_minutes(walk, things, project, bin_folder)
        commit_ci(walk, project, bin_folder, wheel)
        clone = pull_request(walk, things, project, bin_folder, server)
        (comment,) = server.comments
        pictures(walk, project, clone, comment["body"], bin_folder / "python")
        print(f"     person {walk.seconds('person'):7.1f} s, ci {walk.seconds('ci'):.1f} s")
        if asked.out:
            print(f"     pictures in {asked.out}")


if __name__ == "__main__":
    main()
