"""`lora-harness monitor` as it is typed: exit codes, one line where it is wrong, JSON."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing

import pytest

from tests.cli.conftest import Type
from tests.fakes.project import SETTINGS, TinyProject
from tests.fakes.reviews import Weeks

LINES = """
[tool.harness.monitor.openers]
edit_rate = { acceptable = 0.20, retrain = 0.25 }
rejection_rate = { acceptable = 0.05, retrain = 0.10 }
"""
WHO = ("--by", "Ana", "--why", "the price list changed")


@pytest.fixture(autouse=True)
def _lines(project: TinyProject) -> None:
    project.write("pyproject.toml", SETTINGS + LINES)


def reviewed(project: TinyProject, weeks: Weeks) -> None:
    with closing(project.store()) as store:
        weeks.keep(store)


def test_an_untouched_project_is_watched_and_says_why(project: TinyProject, typed: Type) -> None:
    done = typed("monitor")
    assert done.code == 0
    assert done.out.startswith("WATCH  openers   good")
    assert "no review of the promoted adapter yet" in done.out


@pytest.mark.long
def test_steady_weeks_leave_with_0_and_an_alarm_with_1(project: TinyProject, typed: Type) -> None:
    reviewed(project, Weeks().add(40, edited=8).add(40, edited=8))
    assert typed("monitor").code == 0
    reviewed(project, Weeks().add(40, edited=8).add(40, edited=8).add(60, edited=45))
    done = typed("monitor", "--json")
    assert done.code == 1
    (task,) = done.json["tasks"]
    assert task["state"] == "retrain"
    assert task["reasons"]
    assert 0 < task["edit_rate"] < 1
    assert task["rejection_rate"] == 0


@pytest.mark.long
def test_an_alarm_is_acknowledged_once_and_stands_in_the_log(
    project: TinyProject, typed: Type
) -> None:
    reviewed(project, Weeks().add(60, edited=45))
    assert typed("monitor", "--acknowledge", *WHO, "--dry-run").out.startswith("would record: ")
    done = typed("monitor", "--acknowledge", *WHO)
    assert done.out == (
        "acknowledge good for openers, by Ana: the price list changed (edit rate)\n"
    )
    assert typed("monitor").code == 0
    again = typed("monitor", "--acknowledge", *WHO)
    assert (again.code, "no alarm stands" in again.line) == (4, True)
    assert typed("log").out.splitlines()[-1].split()[2:4] == ["acknowledge", "good"]
    assert "ledger" in typed("verify").out
    assert typed("status", "--json").json["tasks"][0]["promoted"] == "good"


@pytest.mark.slow
def test_acknowledging_as_json_gives_the_decision(project: TinyProject, typed: Type) -> None:
    reviewed(project, Weeks().add(60, edited=45))
    (made,) = typed("monitor", "--acknowledge", *WHO, "--json").json["decisions"]
    assert (made["kind"], made["verdict"]) == ("acknowledge", "edit_rate@60")


@pytest.mark.long
def test_the_plan_is_written_where_it_was_asked_for(project: TinyProject, typed: Type) -> None:
    reviewed(project, Weeks().add(60, edited=45))
    done = typed("monitor", "--plan", "mine", "--json")
    assert (done.code, done.json["folder"]) == (0, "mine")
    assert (project.folder / "mine" / "plan.md").is_file()
    assert "next  lora-harness train good_2" in typed("monitor", "--plan").out
    assert (project.folder / "reports" / "plan-openers" / "examples.jsonl").is_file()


@pytest.mark.long
def test_a_run_again_is_weighed(project: TinyProject, typed: Type) -> None:
    typed("monitor", "--run")
    done = typed("monitor", "--run")
    assert done.code == 0
    assert "0 of 8 cases are below their own first score" in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--task", "poems"), "no benchmark is for this task"),
        (("--since", "yesterday"), "is no day"),
        (("--by", "Ana"), "belong to --acknowledge"),
        (("--acknowledge",), "--by must say something"),
        (("--acknowledge", "--run", *WHO), "stands alone"),
        (("--plan", "--run"), "stands alone"),
        (("--acknowledge", *WHO), "no alarm stands"),
        (("--plan",), "no edited output"),
        (("--run", "--engine", "steam"), "no such engine"),
    ],
)
def test_a_wrong_request_is_one_line(
    project: TinyProject, typed: Type, words: tuple[str, ...], said: str
) -> None:
    done = typed("monitor", *words)
    assert done.code == 4
    assert said in done.line


@pytest.mark.slow
def test_a_plan_that_cannot_be_written_is_one_line(project: TinyProject, typed: Type) -> None:
    reviewed(project, Weeks().add(60, edited=45))
    project.write("taken", "a file where a folder is wanted")
    done = typed("monitor", "--plan", "taken")
    assert done.code == 11
    assert "cannot be written" in done.line


@pytest.mark.long
def test_a_look_loads_no_model_library(project: TinyProject) -> None:
    reviewed(project, Weeks().add(60, edited=45))
    code = (
        "import sys\nfrom harness.flows.monitoring.monitor import MonitorRequest, monitor\n"
        "from harness.flows.project import Project\n"
        "monitor(Project.here(), MonitorRequest())\n"
        "print([n for n in ('torch', 'transformers', 'pandas', 'scipy.stats') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
