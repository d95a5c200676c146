"""The composite action's own shell steps, run as a runner would run them; only GitHub is a fake."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.workspace.adapters.files import JUDGED, TOKENIZER
from tests.fakes.project import BENCHMARK, TinyProject

ROOT = Path(__file__).parents[2]
ACTION = ROOT / ".github/actions/gate"
EXPRESSION = re.compile(r"\$\{\{\s*([^}]*?)\s*\}\}")
GH = """\
#!/usr/bin/env bash
printf '%s\\n' "$*" >> "$CALLS"
[ "${GH_FAILS:-}" = 1 ] && exit 1
case "$*" in *--jq*) echo "${KNOWN:-}";; esac
"""


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
        (self.folder / "bin").mkdir(parents=True)
        (self.folder / "bin/gh").write_text(GH)
        (self.folder / "bin/gh").chmod(0o755)

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
        path = f"{self.folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
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
            "CALLS": str(self.folder / "calls"),
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


def handed_on(runner: Runner) -> list[str]:
    lines = runner.text("output").splitlines()
    assert (lines[0], lines[-1]) == ("adapters<<END-OF-ADAPTERS", "END-OF-ADAPTERS")
    return lines[1:-1]


# --- who is judged ----------------------------------------------------------------------------


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


def test_every_judged_file_is_looked_for() -> None:
    (step,) = [one for one in action()["runs"]["steps"] if one.get("name") == "find the adapters"]
    listed = re.search(r"judged=\((.*?)\)", step["run"], re.DOTALL)
    assert listed
    assert set(listed[1].split()) == {*JUDGED, *TOKENIZER}


@pytest.mark.parametrize(
    "file", ["pyproject.toml", "benchmarks/openers/benchmark.toml", "reports/history.jsonl"]
)
def test_where_the_bar_changes_the_promoted_adapters_are_judged(runner: Runner, file: str) -> None:
    pointing(runner, "v1")
    proposed(runner, file)
    assert runner.run("find the adapters").returncode == 0
    assert handed_on(runner) == ["v1"]


def test_what_only_the_pointer_promotes_is_judged(runner: Runner) -> None:
    pointing(runner, "v1")
    proposed(runner)
    pointing(runner, "acme/v2")
    git(runner.checkout, "commit", "-qam", "promoted by hand")
    assert runner.run("find the adapters").returncode == 0
    assert handed_on(runner) == ["acme/v2", "v1"]


@pytest.mark.parametrize("name", ["../x", "$(touch pwned)", "a\nb=c", "::error::x"])
def test_a_pointer_that_names_no_adapter_ends_it(runner: Runner, name: str) -> None:
    proposed(runner)
    pointing(runner, name)
    git(runner.checkout, "add", "-A")
    git(runner.checkout, "commit", "-qm", "forged")
    found = runner.run("find the adapters")
    assert found.returncode == 4
    assert found.stderr.startswith("not the name of an adapter: ")
    assert runner.text("output") == ""
    assert not (runner.checkout / "pwned").exists()


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


def test_nobody_where_no_adapter_changed(runner: Runner) -> None:
    proposed(runner, "README.md")
    assert runner.run("find the adapters").returncode == 0
    assert handed_on(runner) == []


def test_those_that_are_named(runner: Runner) -> None:
    runner.values["inputs.adapter"] = "one  acme/two\nthree base"
    assert runner.run("find the adapters").returncode == 0
    assert handed_on(runner) == ["acme/two", "base", "one", "three"]


@pytest.mark.parametrize(
    "name", ["a;touch pwned", "$(touch pwned)", "A", "::error::x", "a b", "-x", "a\nb=c", "x/y/z"]
)
def test_a_name_that_is_none_ends_it_and_runs_nothing(runner: Runner, name: str) -> None:
    proposed(runner, f"adapters/{name}/adapter_model.safetensors")
    found = runner.run("find the adapters")
    assert found.returncode == 4
    assert found.stderr.startswith("not the name of an adapter: ")
    assert "\n::" not in found.stdout + found.stderr
    assert runner.text("output") == ""
    assert not (runner.checkout / "pwned").exists()


def test_without_a_pull_request_or_its_base_it_says_what_to_do(runner: Runner) -> None:
    found = runner.run("find the adapters")
    assert (found.returncode, found.stdout) == (4, "no pull request to look at: name the adapter\n")
    proposed(runner, "README.md")
    runner.values["github.event.pull_request.base.sha"] = "1" * 40
    found = runner.run("find the adapters")
    assert found.returncode == 4
    assert "fetch-depth: 0" in found.stdout


# --- judging ----------------------------------------------------------------------------------


@pytest.fixture
def project(runner: Runner) -> TinyProject:
    """`good` is promoted; `same` and `bad` wait for their trial."""
    made = TinyProject(runner.checkout)
    for name, quality in (("good", "good"), ("same", "same"), ("bad", "bad")):
        made.record(name, quality=quality)  # type: ignore[arg-type]
    made.promote("good")
    return made


@pytest.mark.slow
@pytest.mark.parametrize(("names", "code"), [("same", "0"), ("bad\nsame", "1")])
def test_the_verdicts_code_is_handed_on_and_the_summary_kept(
    runner: Runner, project: TinyProject, names: str, code: str
) -> None:
    runner.values["steps.find.outputs.adapters"] = names
    runner.values["inputs.arguments"] = "--harness-no-baselines -q"
    found = runner.run("judge")
    assert found.returncode == 0, found.stdout + found.stderr
    assert runner.text("output") == f"code={code}\n"
    said = runner.text("adapter-gate.md")
    assert said == runner.text("summary.md")
    assert said.count("## ") == 1 + names.count("\n")
    assert found.stdout.count("\n::error file=benchmarks/openers/cases.jsonl") == 8 * (
        "bad" in names
    )
    patterns = action()["runs"]["steps"][4]["with"]["path"].splitlines()
    for pattern in (EXPRESSION.sub(lambda m: runner.value(m[1]), one) for one in patterns):
        assert len(list(project.folder.glob(pattern.removeprefix("./")))) >= 2, pattern


@pytest.mark.slow
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
    assert runner.text("output") == "code=1\n", found.stdout + found.stderr
    said = html.unescape(runner.text("adapter-gate.md"))
    assert "gate at a margin of 0.99 here" in said
    assert "conftest.py differs" in said


def test_nobody_to_judge_is_fine(runner: Runner) -> None:
    assert runner.run("judge").returncode == 0
    assert runner.text("output") == ""


@pytest.mark.parametrize("code", ["1", "4", "10", "11"])
def test_the_job_ends_with_the_code_of_the_gate(runner: Runner, code: str) -> None:
    runner.values["steps.gate.outputs.code"] = code
    assert runner.run("say so").returncode == int(code)


def test_what_installs_it_is_a_line_of_the_workflow(runner: Runner) -> None:
    runner.values["inputs.install"] = "touch one && touch two"
    assert runner.run("install").returncode == 0
    assert (runner.checkout / "two").exists()
    runner.values["inputs.install"] = "false | true"
    assert runner.run("install").returncode != 0


# --- the comment ------------------------------------------------------------------------------


@pytest.fixture
def commenting(runner: Runner) -> Runner:
    runner.values |= {"github.repository": "a/b", "github.event.pull_request.number": "7"}
    (runner.folder / "adapter-gate.md").write_text("## ❌ Reject: x\n\nwhy\n", encoding="utf-8")
    return runner


def test_the_first_comment_is_new_and_the_next_writes_it_over(commenting: Runner) -> None:
    assert commenting.run("comment").returncode == 0
    assert "--method POST repos/a/b/issues/7/comments" in commenting.text("calls")
    assert commenting.text("comment.md").startswith("<!-- lora-harness gate -->\n## ❌ Reject")
    commenting.more["KNOWN"] = "42"
    assert commenting.run("comment").returncode == 0
    assert "--method PATCH repos/a/b/issues/comments/42" in commenting.text("calls")


def test_a_token_that_may_not_write_is_no_failure(commenting: Runner) -> None:
    commenting.more["GH_FAILS"] = "1"
    found = commenting.run("comment")
    assert found.returncode == 0
    assert "no comment: the token may not write one" in found.stdout


def test_several_long_reports_become_their_headlines(commenting: Runner) -> None:
    long = "".join(f"## ❌ Reject: {name}\n{'x' * 40_000}\n" for name in "abc")
    (commenting.folder / "adapter-gate.md").write_text(long, encoding="utf-8")
    assert commenting.run("comment").returncode == 0
    said = commenting.text("comment.md")
    assert said.count("## ❌ Reject") == 3
    assert len(said) < 1_000


# --- what a stranger reads --------------------------------------------------------------------


def test_every_input_is_explained_in_the_readme_with_its_default() -> None:
    readme = (ACTION / "README.md").read_text(encoding="utf-8")
    for name, told in action()["inputs"].items():
        assert f"`{name}`" in readme, name
        if told["default"]:
            assert f"`{told['default']}`" in readme, name


def test_the_workflow_asks_for_what_the_action_has_and_may_only_read() -> None:
    file = ROOT / ".github/workflows/gate.yml"
    workflow = yaml.safe_load(file.read_text(encoding="utf-8"))
    job = workflow["jobs"]["gate"]
    assert workflow["permissions"] == {}
    assert job["permissions"] == {"contents": "read"}
    (used,) = [step for step in job["steps"] if step.get("uses", "").startswith("./")]
    assert (ROOT / used["uses"] / "action.yml").is_file()
    assert set(used["with"]) <= set(action()["inputs"])
