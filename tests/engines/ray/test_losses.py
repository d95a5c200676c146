"""A lost worker is said when it happens, once; a lost node by its name, each once."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from harness.engines.ray.losses import Losses

THEN = "1 of 2 workers goes on"


@pytest.fixture
def port() -> Iterator[int]:
    """Listen as the raylet of a node does."""
    with socket.create_server(("127.0.0.1", 0)) as up:
        yield up.getsockname()[1]


@pytest.fixture
def closed() -> int:
    """Return a port at which nothing listens any more."""
    with socket.create_server(("127.0.0.1", 0)) as up:
        return int(up.getsockname()[1])


def node(name: str, port: int, alive: bool = True) -> dict[str, Any]:
    where = {"NodeManagerAddress": "127.0.0.1", "NodeManagerPort": port}
    return {"NodeID": name, "Alive": alive, "NodeManagerHostname": name, **where}


def test_the_first_lost_worker_is_a_line_with_cause_and_what_goes_on(
    port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    losses = Losses()
    for _ in range(2):
        losses.worker(" on east", "the process died", THEN, [node("east", port)])
    line = f"lora-harness: ray: a worker on east is lost (the process died); {THEN}\n"
    assert capsys.readouterr() == ("", line)


def test_a_node_that_ray_lists_as_dead_is_named_in_place_of_its_workers(
    port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    losses = Losses()
    for _ in range(2):
        losses.worker("", "it died", THEN, [node("east", port), node("west", port, alive=False)])
    line = f"lora-harness: ray: the node west (127.0.0.1) is lost with its workers; {THEN}\n"
    assert capsys.readouterr() == ("", line)


def test_a_node_that_accepts_no_connection_is_lost_before_ray_has_noticed(
    closed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    Losses().worker("", "socket closed", THEN, [node("west", closed)])
    assert "the node west (127.0.0.1) is lost" in capsys.readouterr().err


def test_a_second_lost_node_is_another_line(
    port: int, closed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    losses = Losses()
    losses.worker("", "it died", THEN, [node("east", port), node("west", closed)])
    losses.worker("", "it died", THEN, [node("east", closed), node("west", closed)])
    said = capsys.readouterr().err.splitlines()
    assert ["west" in line for line in said] == [True, False]
    assert ["east" in line for line in said] == [False, True]


def test_a_node_that_was_lost_before_the_workers_started_is_no_news(
    port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    losses = Losses()
    nodes = [node("east", port), node("west", port, alive=False)]
    losses.begin(nodes)
    losses.worker(" on east", "it died", THEN, nodes)
    assert "a worker on east is lost" in capsys.readouterr().err
