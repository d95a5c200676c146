"""What a team is told, when, and that a notice changes nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing

import pytest

from harness.flows.decisions.decide import DecisionRequest, pin, reject, rollback
from harness.flows.decisions.promote import promote
from harness.flows.evaluation.session import evaluate
from harness.flows.notify import webhook
from harness.flows.notify.notify import tell
from harness.render.notices import EXAMPLES, TEST
from tests.cli.conftest import Type, project, typed
from tests.fakes.project import TinyProject
from tests.fakes.reviews import Weeks
from tests.fakes.webhook import SECRET, Receiver
from tests.workspace.project.test_git_tree import git

__all__ = ["project", "typed"]
VARIABLE = "TEAM_WEBHOOK"
ON = f'[tool.harness.notify]\nwebhook = "{VARIABLE}"\n'
LINES = "[tool.harness.monitor.openers]\nedit_rate = { acceptable = 0.20, retrain = 0.25 }\n"
BY = DecisionRequest("Ana", "zorvwhy")
WHO = ("--by", "Ana", "--why", "zorvwhy")


@pytest.fixture
def receiver(project: TinyProject, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A project that tells its team, and does not wait between attempts."""
    with Receiver() as made:
        monkeypatch.setenv(VARIABLE, made.address)
        monkeypatch.setattr(webhook, "PAUSE", 0.0)
        project.settings(ON + LINES)
        yield made


def texts(receiver: Receiver) -> list[str]:
    return [body["text"] for body in receiver.bodies]


@pytest.mark.slow
def test_decisions_are_told_without_their_reasons(project: TinyProject, receiver: Receiver) -> None:
    reject(project.project, "bad", BY)
    promote(project.project, "same", task=None, by="Ana", why="zorvwhy", override=True)
    rollback(project.project, None, BY)
    pin(project.project, "good", BY)  # changes nothing in production, so nobody is told
    assert texts(receiver) == [
        "reject: bad is rejected for openers\nby: Ana",
        "promote: same is promoted for openers\nby: Ana\n"
        "override: against the verdict, or without one",
        "rollback: good is back in production for openers\nby: Ana",
    ]


@pytest.mark.slow
def test_a_dry_run_of_a_decision_tells_nobody(project: TinyProject, receiver: Receiver) -> None:
    reject(project.project, "bad", DecisionRequest("Ana", "zorvwhy", dry_run=True))
    assert receiver.bodies == []


@pytest.mark.slow
def test_a_verdict_is_told_once(project: TinyProject, receiver: Receiver) -> None:
    for _ in range(2):
        evaluate("bad", project=project.folder)
    (told,) = texts(receiver)
    assert told.startswith("verdict reject: bad for openers\nbenchmark: openers, 8 cases\n")
    assert "against: good" in told


@pytest.mark.slow
def test_a_comparison_with_a_named_adapter_is_no_news(
    project: TinyProject, receiver: Receiver
) -> None:
    evaluate("bad", project=project.folder, against="same")
    assert receiver.bodies == []


@pytest.mark.slow
def test_an_alarm_is_told_in_figures(project: TinyProject, receiver: Receiver, typed: Type) -> None:
    with closing(project.store()) as store:
        Weeks().add(60, edited=45).keep(store)
    assert typed("monitor", "--no-inputs").code == 1
    assert texts(receiver) == [
        "retrain: good no longer serves openers as it did\n"
        "edit rate: 75.0 % of 60, the line is at 25.0 %"
    ]
    with closing(project.store()) as store:
        assert store.reviews.last_seq() == 60  # nothing else changed


@pytest.mark.slow
@pytest.mark.parametrize("status", [404, 503])
def test_a_failed_notice_changes_no_exit_code_and_shows_no_address(
    project: TinyProject,
    receiver: Receiver,
    typed: Type,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    receiver.answers = [status] * 9
    done = typed("reject", "bad", *WHO, "--json")
    assert done.code == 0 and done.json["kind"] == "reject"
    assert f"was not sent: the receiver says {status}" in caplog.text
    assert SECRET not in caplog.text + done.out + done.err


@pytest.mark.slow
def test_where_the_variable_is_not_set_the_decision_stands(
    project: TinyProject, receiver: Receiver, typed: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    assert typed("reject", "bad", *WHO).code == 0
    assert receiver.bodies == []


@pytest.mark.slow
def test_only_what_is_asked_for_is_told(project: TinyProject, receiver: Receiver) -> None:
    project.settings(ON + 'on = ["retrain"]\n')
    reject(project.project, "bad", BY)
    assert receiver.bodies == []


@pytest.mark.slow
def test_without_the_section_nothing_is_ever_told(project: TinyProject, receiver: Receiver) -> None:
    project.settings("")
    assert tell(project.project, EXAMPLES.values()) == []
    assert receiver.bodies == []


@pytest.mark.long
def test_under_a_base_ref_nothing_is_told(project: TinyProject, receiver: Receiver) -> None:
    git(project.folder.parent, "init", "-q", str(project.folder))
    git(project.folder, "add", "-A")
    git(project.folder, "commit", "-qm", "base")
    evaluate("bad", project=project.folder, base_ref="HEAD")
    assert receiver.bodies == []
    evaluate("bad", project=project.folder)
    assert len(receiver.bodies) == 1


@pytest.mark.long
def test_a_receiver_that_fails_is_not_waited_for_twice(
    project: TinyProject, receiver: Receiver
) -> None:
    receiver.answers = [404] * 9
    assert len(tell(project.project, EXAMPLES.values())) == 1
    assert len(receiver.bodies) == 1


@pytest.mark.slow
def test_a_name_that_is_masked_here_is_masked_there(
    project: TinyProject, receiver: Receiver
) -> None:
    project.settings(ON + '[tool.harness.privacy]\nredact = ["email"]\n')
    reject(project.project, "bad", DecisionRequest('ana@acme.com "the <!channel> zorv"', "why"))
    (told,) = texts(receiver)
    assert told == "reject: bad is rejected for openers\nby: [email] [text left out]"


# --- the command ------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_test_notice_arrives(receiver: Receiver, typed: Type) -> None:
    done = typed("notify")
    assert done.code == 0
    assert texts(receiver) == [f"{TEST.head}\nproject: the address works"]
    assert SECRET not in done.out


@pytest.mark.slow
def test_a_dry_run_shows_every_kind_and_sends_nothing(
    receiver: Receiver, typed: Type, project: TinyProject
) -> None:
    shown = typed("notify", "--dry-run")
    assert shown.code == 0 and f"${VARIABLE} is set; form slack" in shown.out
    found = typed("notify", "--dry-run", "--json").json
    assert (found["sent"], found["set"], found["webhook"]) == (False, True, VARIABLE)
    assert [one["kind"] for one in found["notices"]] == found["on"]
    assert receiver.bodies == []
    assert SECRET not in shown.out + json.dumps(found)


def test_nothing_is_configured(project: TinyProject, typed: Type) -> None:
    project.settings("")
    assert "nothing is ever told" in typed("notify", "--dry-run").out
    done = typed("notify")
    assert done.code == 4 and "names no webhook, add `webhook = " in done.line


@pytest.mark.slow
def test_the_variable_is_not_set(
    receiver: Receiver, typed: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    assert "not set, so nothing would be sent" in typed("notify", "--dry-run").out
    done = typed("notify")
    assert done.code == 4 and f"${VARIABLE} is not set" in done.line


@pytest.mark.slow
def test_a_test_notice_that_does_not_arrive_ends_with_11(receiver: Receiver, typed: Type) -> None:
    receiver.answers = [404]
    done = typed("notify")
    assert done.code == 11 and "the receiver says 404" in done.line
    assert SECRET not in done.line
