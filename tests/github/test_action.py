"""The composite action's own shell steps, run as a runner would run them; only GitHub is a fake."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.workspace.project.ci_files import ci_files
from harness.workspace.project.settings import read_settings
from tests.fakes.comments import CommentServer
from tests.fakes.project import BENCHMARK, SETTINGS, TinyProject

ROOT = Path(__file__).parents[2]
ACTION = ROOT / ".github/actions/gate"
EXPRESSION = re.compile(r"\$\{\{\s*([^}]*?)\s*\}\}")


def action() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))
    return loaded


@dataclass
class Runner:
    """A job of its own: a checkout, and the files that steps hand values on in."""

    folder: Path
    checkout: Path
    values: dict[str, str] = field(default_factory=dict)
    """What expressions stand for; the defaults of inputs otherwise."""
    more: dict[str, str] = field(default_factory=dict)
    """Further environment."""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.values["runner.temp"] = str(self.folder)

    def value(self, expression: str) -> str:
        inputs = {f"inputs.{k}": str(v["default"]) for k, v in action()["inputs"].items()}
        return (inputs | self.values).get(expression, "")

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        """One step by its name, with bash's options of a runner."""
        (step,) = [step for step in action()["runs"]["steps"] if step.get("name") == name]
        script = self.folder / "step.sh"
        assert not EXPRESSION.search(step["run"]), "an expression in a script can become code"
        script.write_text(step["run"], encoding="utf-8")
        env = {
            key: EXPRESSION.sub(lambda found: self.value(found[1]), str(value))
            for key, value in step.get("env", {}).items()
        }
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", script],
            cwd=self.checkout,
            env=self._environment() | env | self.more,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def run_command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of the project, as its people type it."""
        return subprocess.run(
            [sys.executable, "-m", "harness.cli", *words], cwd=self.checkout, check=False,
            env=self._environment(), capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    def _environment(self) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return {
            "PATH": path,
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "LORA_HARNESS_CACHE": str(self.folder / "cache"),
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "GITHUB_WORKSPACE": str(self.checkout),
            "RUNNER_TEMP": str(self.folder),
        }

    def text(self, name: str) -> str:
        file = self.folder / name
        return file.read_text(encoding="utf-8") if file.exists() else ""


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A pull request that may change anything below `adapters`."""
    checkout = tmp_path / "checkout"
    for name in ("adapters/old", "adapters/gone"):
        (checkout / name).mkdir(parents=True)
        (checkout / name / "adapter_model.safetensors").write_text("old")
    (checkout / "pyproject.toml").write_text(SETTINGS)
    git(checkout.parent, "init", "-q", str(checkout))
    return Runner(tmp_path / "runner", checkout)


def proposed(runner: Runner, *files: str) -> None:
    """Commit these on top of a base."""
    git(runner.checkout, "add", "-A")
    git(runner.checkout, "commit", "-qm", "base")
    runner.values["github.event.pull_request.base.sha"] = git(runner.checkout, "rev-parse", "HEAD")
    for name in files:
        file = runner.checkout / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("new")
    (runner.checkout / "adapters/gone/adapter_model.safetensors").unlink()
    git(runner.checkout, "add", "-A")
    git(runner.checkout, "commit", "-qm", "change")


def handed_on(runner: Runner, name: str = "adapters") -> list[str]:
    """The lines of an output, as GitHub reads them from the file; the last of that name counts."""
    lines = iter(runner.text("output").splitlines())
    found: list[str] = []
    for line in lines:
        key, _, end = line.partition("<<")
        value = list(takewhile(lambda one, end=end: one != end, lines))
        if key == name:
            found = value
    return found


# --- who is judged ----------------------------------------------------------------------------


@pytest.mark.long
def test_adapters_that_the_pull_request_adds_or_changes_are_judged(runner: Runner) -> None:
    proposed(
        runner,
        "adapters/new/adapter_model.safetensors",
        "adapters/new/adapter_config.json",
        "adapters/acme/v1/adapter_config.json",
        "adapters/datasets/more.jsonl",
        "adapters/README.md",
        "README.md",
    )
    assert runner.run("find the adapters").returncode == 0
    assert handed_on(runner) == ["acme/v1", "new"]


@pytest.mark.long
def test_weights_or_a_folder_that_become_a_link_are_judged(runner: Runner) -> None:
    for name in ("kept", "moved"):
        for file in ("adapter_model.safetensors", "adapter_config.json"):
            place = runner.checkout / "adapters" / name / file
            place.parent.mkdir(exist_ok=True)
            place.write_text("old")
    proposed(runner)
    weights = runner.checkout / "adapters/old/adapter_model.safetensors"
    weights.unlink()
    weights.symlink_to("../kept/adapter_model.safetensors")
    shutil.rmtree(runner.checkout / "adapters/moved")
    (runner.checkout / "adapters/moved").symlink_to("kept")
    git(runner.checkout, "add", "-A")
    git(runner.checkout, "commit", "-qm", "links")
    assert runner.run("find the adapters").returncode == 0
    assert handed_on(runner) == ["moved", "old"]


@pytest.mark.long
def test_a_tokenizer_that_comes_or_goes_is_a_change_of_its_adapter(runner: Runner) -> None:
    for name in ("with", "without"):
        folder = runner.checkout / "adapters" / name
        folder.mkdir()
        (folder / "adapter_config.json").write_text("{}")
    (runner.checkout / "adapters/with/tokenizer.json").write_text("{}")
    proposed(runner, "adapters/without/chat_template.jinja", "adapters/without/README.md")
    (runner.checkout / "adapters/with/tokenizer.json").unlink()
    git(runner.checkout, "commit", "-qam", "removed")
    assert runner.run("find the adapters").returncode == 0
    assert handed_on(runner) == ["with", "without"]


@pytest.mark.long
@pytest.mark.parametrize(
    "file", ["pyproject.toml", "benchmarks/openers/benchmark.toml", "reports/history.jsonl"]
)
def test_where_the_bar_changes_the_promoted_adapters_are_judged(runner: Runner, file: str) -> None:
    pointing(runner, "v1")
    proposed(runner, file)
    assert runner.run("find the adapters").returncode == 0
    assert handed_on(runner) == ["v1"]


@pytest.mark.long
def test_what_only_the_pointer_promotes_is_judged(runner: Runner) -> None:
    pointing(runner, "v1")
    proposed(runner)
    pointing(runner, "acme/v2")
    git(runner.checkout, "commit", "-qam", "promoted by hand")
    assert runner.run("find the adapters").returncode == 0
    assert handed_on(runner) == ["acme/v2", "v1"]


@pytest.mark.long
@pytest.mark.parametrize("name", ["../x", "$(touch pwned)", "a\nb=c", "::error::x"])
def test_a_pointer_that_names_no_adapter_ends_it(runner: Runner, name: str) -> None:
    proposed(runner)
    pointing(runner, name)
    git(runner.checkout, "add", "-A")
    git(runner.checkout, "commit", "-qm", "forged")
    found = runner.run("find the adapters")
    assert found.returncode == 4
    assert "is not an adapter name: a name is a-z" in found.stderr
    assert runner.text("output") == ""
    assert not (runner.checkout / "pwned").exists()


@pytest.mark.long
def test_code_of_the_pull_request_is_not_imported(runner: Runner) -> None:
    pointing(runner, "v1")
    proposed(runner, "pyproject.toml", "json.py", "adapters/json.py")
    (runner.checkout / "json.py").write_text("open('pwned', 'w')")
    assert runner.run("find the adapters").returncode == 0
    assert handed_on(runner) == ["v1"]
    assert not (runner.checkout / "pwned").exists()


def pointing(runner: Runner, name: str) -> None:
    tasks = {"openers": {"adapter": name}}
    (runner.checkout / "adapters/promoted.json").write_text(json.dumps({"tasks": tasks}))


@pytest.mark.long
def test_nobody_where_no_adapter_changed(runner: Runner) -> None:
    proposed(runner, "README.md")
    assert runner.run("find the adapters").returncode == 0
    assert handed_on(runner) == []


@pytest.mark.long
def test_those_that_are_named(runner: Runner) -> None:
    runner.values["inputs.adapter"] = "one  acme/two\nthree base"
    assert runner.run("find the adapters").returncode == 0
    assert handed_on(runner) == ["acme/two", "base", "one", "three"]


@pytest.mark.long
@pytest.mark.parametrize(
    "name", ["a;touch pwned", "$(touch pwned)", "A", "::error::x", "a b", "-x", "a\nb=c", "x/y/z"]
)
def test_a_name_that_is_none_ends_it_and_runs_nothing(runner: Runner, name: str) -> None:
    proposed(runner, f"adapters/{name}/adapter_model.safetensors")
    found = runner.run("find the adapters")
    assert found.returncode == 4
    assert "is not an adapter name: a name is a-z" in found.stderr
    assert "\n::" not in found.stdout + found.stderr
    assert runner.text("output") == ""
    assert not (runner.checkout / "pwned").exists()


@pytest.mark.long
def test_without_a_pull_request_or_its_base_it_says_what_to_do(runner: Runner) -> None:
    found = runner.run("find the adapters")
    assert (found.returncode, found.stdout) == (4, "")
    assert "there is no base commit to compare with: name the adapter" in found.stderr
    proposed(runner, "README.md")
    runner.values["github.event.pull_request.base.sha"] = "1" * 40
    found = runner.run("find the adapters")
    assert found.returncode == 4
    assert "fetch-depth: 0" in found.stderr


# --- judging ----------------------------------------------------------------------------------


@pytest.fixture
def project(runner: Runner) -> TinyProject:
    """`good` is promoted; `same` and `bad` wait for their trial."""
    made = TinyProject(runner.checkout)
    for name, quality in (("good", "good"), ("same", "same"), ("bad", "bad")):
        made.record(name, quality=quality)  # type: ignore[arg-type]
    made.promote("good")
    return made


@pytest.mark.long
@pytest.mark.parametrize(("names", "code"), [("same", "0"), ("bad\nsame", "1")])
def test_the_verdicts_code_is_handed_on_and_the_summary_kept(
    runner: Runner, project: TinyProject, names: str, code: str
) -> None:
    runner.values["steps.find.outputs.adapters"] = names
    runner.values["inputs.arguments"] = "--harness-no-baselines -q"
    found = runner.run("judge")
    assert found.returncode == int(code), found.stdout + found.stderr
    assert handed_on(runner, "code") == [code]
    said = runner.text("adapter-gate.md")
    assert said == runner.text("summary.md")
    assert said.count("## ") == 1 + names.count("\n")
    assert found.stdout.count("\n::error file=benchmarks/openers/cases.jsonl") == 8 * (
        "bad" in names
    )
    patterns = action()["runs"]["steps"][4]["with"]["path"].splitlines()
    for pattern in (EXPRESSION.sub(lambda m: runner.value(m[1]), one) for one in patterns):
        assert len(list(project.folder.glob(pattern.removeprefix("./")))) >= 2, pattern


@pytest.mark.long
def test_the_base_sets_the_bar_and_no_code_of_the_pull_request_runs(
    runner: Runner, project: TinyProject
) -> None:
    assert runner.run_command("status").returncode == 0
    assert runner.run_command("history", "export", "reports/history.jsonl").returncode == 0
    (project.folder / ".gitignore").write_text("reports/*\n!reports/history.jsonl\n")
    proposed(runner)
    lax = BENCHMARK.replace("margin = 0.08", "margin = 0.99")
    project.write("benchmarks/openers/benchmark.toml", lax)
    project.write("conftest.py", "import os\nos._exit(0)\n")
    project.settings('[tool.pytest.ini_options]\naddopts = "--harness-against=bad"\n')
    git(runner.checkout, "add", "-A")
    git(runner.checkout, "commit", "-qm", "a lower bar")
    (project.folder / "reports/harness.db").unlink()
    runner.values["steps.find.outputs.adapters"] = "bad"
    runner.values["inputs.arguments"] = "--harness-no-baselines"
    found = runner.run("judge")
    assert found.returncode == 1, found.stdout + found.stderr
    assert handed_on(runner, "code") == ["1"]
    said = html.unescape(runner.text("adapter-gate.md"))
    assert "gate at a margin of 0.99 here" in said
    assert "conftest.py differs" in said


def test_where_no_adapter_was_found_none_of_the_later_steps_runs() -> None:
    steps = {step.get("name"): step for step in action()["runs"]["steps"]}
    assert steps["judge"]["if"] == "steps.find.outputs.adapters != ''"
    for name in ("reports", "comment"):
        assert "steps.gate.outputs.code != ''" in steps[name]["if"]
        assert "!cancelled()" in steps[name]["if"], "a rejection has a report as well"


@pytest.mark.slow
def test_a_gate_that_cannot_judge_hands_its_code_on_too(
    runner: Runner, project: TinyProject
) -> None:
    runner.values["steps.find.outputs.adapters"] = "unknown"
    assert runner.run("judge").returncode == 4
    assert handed_on(runner, "code") == ["4"]


def test_what_installs_it_is_a_line_of_the_workflow(runner: Runner) -> None:
    runner.values["inputs.install"] = "touch one && touch two"
    assert runner.run("install").returncode == 0
    assert (runner.checkout / "two").exists()
    runner.values["inputs.install"] = "false | true"
    assert runner.run("install").returncode != 0


# --- the comment ------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[CommentServer]:
    with CommentServer() as made:
        yield made


@pytest.fixture
def commenting(runner: Runner, server: CommentServer) -> Runner:
    runner.values["github.token"] = "T0K3N"
    runner.more |= {"GITHUB_REPOSITORY": "a/b", "GITHUB_REF": "refs/pull/7/merge"}
    runner.more["GITHUB_API_URL"] = server.address
    (runner.folder / "adapter-gate.md").write_text("## ❌ Reject: x\n\nwhy\n", encoding="utf-8")
    return runner


@pytest.mark.long
def test_the_first_comment_is_new_and_the_next_writes_it_over(
    commenting: Runner, server: CommentServer
) -> None:
    # A person may write what looks like the own comment, on the first of several pages.
    forged = "<!-- lora-harness gate -->\n## Promote"
    server.comments = [{"id": n, "user": {"type": "User"}, "body": forged} for n in range(3)]
    assert commenting.run("comment").returncode == 0
    assert server.asked[-1] == "POST /repos/a/b/issues/7/comments"
    assert server.comments[-1]["body"].startswith("<!-- lora-harness gate -->\n## ❌ Reject")
    assert server.tokens == {"Bearer T0K3N"}
    (commenting.folder / "adapter-gate.md").write_text("## Promote\n", encoding="utf-8")
    assert commenting.run("comment").returncode == 0
    assert server.asked[-1] == "PATCH /repos/a/b/issues/comments/103"
    assert [one["body"] for one in server.comments[:3]] == [forged] * 3
    assert "## Promote" in server.comments[3]["body"]


@pytest.mark.long
@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_token_that_may_not_write_is_no_failure(
    commenting: Runner, server: CommentServer, status: int
) -> None:
    server.refuses = status
    found = commenting.run("comment")
    assert found.returncode == 0
    assert "no comment: the token may not write one" in found.stdout
    assert "T0K3N" not in found.stdout + found.stderr


@pytest.mark.long
def test_several_long_reports_become_their_headlines(
    commenting: Runner, server: CommentServer
) -> None:
    long = "".join(f"## ❌ Reject: {name}\n{'x' * 40_000}\n" for name in "abc")
    (commenting.folder / "adapter-gate.md").write_text(long, encoding="utf-8")
    assert commenting.run("comment").returncode == 0
    (said,) = [one["body"] for one in server.comments]
    assert said.count("## ❌ Reject") == 3
    assert len(said) < 1_000


# --- what a stranger reads --------------------------------------------------------------------


def test_every_input_is_explained_in_the_readme_with_its_default() -> None:
    readme = (ACTION / "README.md").read_text(encoding="utf-8")
    for name, told in action()["inputs"].items():
        assert f"`{name}`" in readme, name
        if told["default"]:
            assert f"`{told['default']}`" in readme, name


def test_our_own_workflow_is_the_one_that_the_command_writes_and_may_only_read() -> None:
    settings = read_settings(ROOT)
    ((place, text),) = ci_files("github", settings, ROOT).items()
    assert (ROOT / place).read_text(encoding="utf-8") == text
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    assert workflow["jobs"]["gate"]["permissions"] == {"contents": "read"}
    assert settings.ci.install in text


def test_the_workflow_and_the_action_run_the_same_commands(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.harness]\nbase = 'acme/base'\n")
    ((_, text),) = ci_files("github", read_settings(tmp_path), tmp_path).items()
    workflow = yaml.safe_load(text)
    ours = {one["name"]: one for one in action()["runs"]["steps"] if "name" in one}
    theirs = {one["name"]: one for one in workflow["jobs"]["gate"]["steps"] if "name" in one}
    for name in ("find the adapters", "judge", "comment"):
        assert ours[name]["run"] == theirs[name]["run"]
        asked = {key for key in ours[name]["env"] if key != "LORA_HARNESS_ARGUMENTS"}
        assert asked == set(theirs[name]["env"]) - {"HF_TOKEN"}
