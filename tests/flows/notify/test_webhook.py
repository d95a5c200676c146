"""A notice arrives, or a line says why not; the address is never part of that line."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import pytest

from harness.flows.notify import webhook
from harness.flows.notify.webhook import ATTEMPTS, address_problem, post
from harness.records import NoticeSent
from tests.fakes.webhook import SECRET, Receiver

VARIABLE = "TEAM_WEBHOOK"
BODY = {"text": "hello"}


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with Receiver() as made:
        monkeypatch.setenv(VARIABLE, made.address)
        yield made


def no_pause(seconds: float) -> None:
    """Wait not at all."""


@pytest.mark.medium
def test_it_arrives_once(receiver: Receiver) -> None:
    assert post(VARIABLE, BODY, no_pause) == NoticeSent(True, 1)
    assert receiver.bodies == [BODY]


@pytest.mark.medium
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 408])
def test_a_receiver_that_is_busy_is_asked_again(receiver: Receiver, status: int) -> None:
    receiver.answers = [status, status]
    assert post(VARIABLE, BODY, no_pause) == NoticeSent(True, 3)


@pytest.mark.medium
def test_it_gives_up_after_a_few_times(receiver: Receiver) -> None:
    receiver.answers = [503] * 9
    done = post(VARIABLE, BODY, no_pause)
    assert done == NoticeSent(False, ATTEMPTS, "the receiver says 503")
    assert len(receiver.bodies) == ATTEMPTS


@pytest.mark.slow
@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 301, 307, 308])
def test_a_refusal_or_another_place_is_not_asked_again(receiver: Receiver, status: int) -> None:
    receiver.answers = [status]
    receiver.headers = {"Location": receiver.address}
    done = post(VARIABLE, BODY, no_pause)
    assert done == NoticeSent(False, 1, f"the receiver says {status}")
    assert len(receiver.bodies) == 1


@pytest.mark.slow
def test_the_pauses_grow_and_the_receivers_own_goes_first(receiver: Receiver) -> None:
    waited: list[float] = []
    receiver.answers = [503, 503]
    post(VARIABLE, BODY, waited.append)
    assert waited == [0.5, 1.0]
    receiver.answers, receiver.headers = [429], {"Retry-After": "2"}
    post(VARIABLE, BODY, waited.append)
    assert waited[2:] == [2.0]


@pytest.mark.slow
def test_nobody_waits_an_hour_because_a_receiver_asks_for_it(receiver: Receiver) -> None:
    receiver.answers, receiver.headers = [429], {"Retry-After": "3600"}
    assert post(VARIABLE, BODY, time.sleep).attempts == 1


@pytest.mark.medium
def test_a_silent_receiver_costs_no_more_than_the_deadline(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "DEADLINE", 0.3)
    receiver.hold = 60.0
    done = post(VARIABLE, BODY, time.sleep)
    assert done == NoticeSent(False, 1, "no answer within 0.3 s")


@pytest.mark.parametrize(
    "address",
    [
        "", "  ", f"ftp://host/{SECRET}", f"https:///{SECRET}", f"https://h:99999/{SECRET}",
        f"https://h/a {SECRET}", f"https://h/\u00e9{SECRET}", f"https://h/\x01{SECRET}",
        f"https://[::1/{SECRET}", SECRET, f"https://h:0/{SECRET}",
    ],
)  # fmt: skip
def test_what_is_no_address_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv(VARIABLE, address)
    done = post(VARIABLE, BODY, no_pause)
    assert (done.sent, done.attempts) == (False, 0)
    assert f"${VARIABLE}" in done.problem and SECRET not in done.problem
    monkeypatch.delenv(VARIABLE)
    assert address_problem(VARIABLE) == f"${VARIABLE} is not set"


@pytest.mark.parametrize("host", ["127.0.0.1:9", "no-such-host.invalid"])
def test_no_error_and_no_log_line_shows_the_address(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, host: str
) -> None:
    monkeypatch.setenv(VARIABLE, f"http://{host}/{SECRET}")
    with caplog.at_level(logging.DEBUG):
        done = post(VARIABLE, BODY, no_pause)
    assert not done.sent and done.problem.startswith("no answer (")
    assert SECRET not in done.problem + caplog.text
    assert host not in done.problem + caplog.text
