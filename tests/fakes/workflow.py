"""Run the shell steps of a GitHub workflow, or a GitLab job, as their runners would.

found = GitHubJob(workflow, checkout, folder, {"github.event.pull_request.base.sha": "..."}).run()
found["judge"].code          # steps that were skipped are not there

Steps of other people's actions (checkout, caches, artifacts) are passed over.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

import yaml

EXPRESSION = re.compile(r"\$\{\{\s*([^}]*?)\s*\}\}")
_CLAUSE = re.compile(r"([\w.-]+) (==|!=) '([^']*)'")


@dataclass(frozen=True)
class Ended:
    """How a step ended."""

    code: int
    out: str
    err: str
    seconds: float


def run_shell(
    script: str, checkout: Path, environment: Mapping[str, str], timeout: float = 600
) -> Ended:
    """Run a script with the options of a runner's bash."""
    started = time.monotonic()
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=checkout,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    return Ended(done.returncode, done.stdout, done.stderr, time.monotonic() - started)


def outputs_of(text: str) -> dict[str, str]:
    """Return the outputs in a step's file, as GitHub reads them."""
    lines = iter(text.splitlines())
    found = {}
    for line in lines:
        name, _, end = line.partition("<<")
        found[name] = "\n".join(takewhile(lambda one, end=end: one != end, lines))
    return found


def job_environment(folder: Path, bin_folder: Path) -> dict[str, str]:
    """Return what a job has of this machine: its programs, and a home of its own."""
    return {
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "HOME": str(folder),
        "LORA_HARNESS_CACHE": str(folder / "cache"),
        "HF_HUB_OFFLINE": "1",
    }


@dataclass
class GitHubJob:
    """The only job of a workflow, on a checkout."""

    workflow: Path
    checkout: Path
    folder: Path
    """Where the job keeps its own files, outside of the checkout."""
    values: dict[str, str] = field(default_factory=dict)
    """What expressions stand for; what is not named is empty."""
    environment: dict[str, str] = field(default_factory=dict)
    bin_folder: Path = Path(sys.executable).parent

    def run(self) -> dict[str, Ended]:
        """Run every step whose condition holds; after a failure only those that ask for that."""
        (job,) = yaml.safe_load(self.workflow.read_text(encoding="utf-8"))["jobs"].values()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.values |= {"runner.temp": str(self.folder), "runner.os": "Linux"}
        where = self.checkout / job["defaults"]["run"]["working-directory"]
        found: dict[str, Ended] = {}
        failed = False
        for number, step in enumerate(job["steps"]):
            asked = str(step.get("if", ""))
            if "run" not in step or not self._holds(asked):
                continue
            if failed and "cancelled()" not in asked:
                continue
            ended = found[step["name"]] = self._step(number, step, where)
            failed = failed or ended.code != 0
        return found

    def _step(self, number: int, step: dict[str, Any], where: Path) -> Ended:
        assert not EXPRESSION.search(step["run"]), "an expression in a script can become code"
        output = self.folder / f"output-{number}"
        env = {key: self._filled(str(value)) for key, value in step.get("env", {}).items()}
        ours = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "GITHUB_PATH": str(self.folder / "path"),
            "GITHUB_WORKSPACE": str(self.checkout),
        }
        machine = job_environment(self.folder, self.bin_folder)
        ended = run_shell(step["run"], where, machine | ours | self.environment | env)
        for name, value in outputs_of(output.read_text() if output.exists() else "").items():
            self.values[f"steps.{step.get('id')}.outputs.{name}"] = value
        return ended

    def _filled(self, text: str) -> str:
        return EXPRESSION.sub(lambda found: self.values.get(found[1], ""), text)

    def _holds(self, condition: str) -> bool:
        """Return whether an `if` holds; only what our workflows say is understood."""
        wrapped = EXPRESSION.fullmatch(condition)
        for clause in (wrapped[1] if wrapped else condition).split(" && "):
            compared = _CLAUSE.fullmatch(clause)
            if compared:
                equal = self.values.get(compared[1], "") == compared[3]
                if equal is not (compared[2] == "=="):
                    return False
            else:
                assert clause in ("", "!cancelled()"), clause
        return True


@dataclass
class GitLabJob:
    """The job of a part of `.gitlab-ci.yml`, on a checkout."""

    part: Path
    checkout: Path
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    bin_folder: Path = Path(sys.executable).parent

    def run(self) -> Ended:
        """Run what stands before the script and the script, in one shell as GitLab does."""
        (job,) = yaml.safe_load(self.part.read_text(encoding="utf-8")).values()
        self.folder.mkdir(parents=True, exist_ok=True)
        machine = job_environment(self.folder, self.bin_folder)
        ours = {"CI_PROJECT_DIR": str(self.checkout)}
        said = {
            name: value.replace("$CI_PROJECT_DIR", str(self.checkout))
            for name, value in job["variables"].items()
        }
        lines = [*job["before_script"], *job["script"]]
        return run_shell("\n".join(lines), self.checkout, machine | ours | said | self.environment)
