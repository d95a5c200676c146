"""Requests of other sites: refused by the guard, and by the server that stands behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from http.client import HTTPConnection
from importlib.util import find_spec
from typing import Any

import pytest

from dashboard.own_host import GUARDS, OwnHostOnly
from harness.cli.dashboard import LOOPBACK
from tests.dashboard.screenshots import served
from tests.fakes.served import ServedProject

HERE = "127.0.0.1:8501"
FOREIGN = (
    "http://evil.example",
    "http://evil.example:8501",
    "http://localhost:3000",  # another server on this machine is another site
    "http://127.0.0.1",
    "http://127.0.0.1:8501.evil.example",
    "null",  # a sandboxed frame, a file
    "",
)
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer everything."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a page"})


def scope(host: str = HERE, *origins: str, kind: str = "http") -> dict[str, Any]:
    headers = [(b"host", host.encode()), *((b"origin", one.encode()) for one in origins)]
    return {"type": kind, "headers": headers}


def answers(guard: OwnHostOnly, asked: dict[str, Any]) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        said.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    asyncio.run(guard(asked, receive, send))
    return said


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_page_of_another_site_is_refused_on_every_way_in(origin: str) -> None:
    guard = OwnHostOnly(app, LOOPBACK)
    start, _ = answers(guard, scope(HERE, origin))
    assert start["status"] == 403
    (closed,) = answers(guard, scope(HERE, origin, kind="websocket"))
    assert (closed["type"], closed["code"]) == ("websocket.close", 1008)


def test_of_two_origins_the_foreign_one_counts() -> None:
    assert OwnHostOnly(app, LOOPBACK).refusal(scope(HERE, f"http://{HERE}", FOREIGN[0]))


@pytest.mark.parametrize("host", [HERE, "localhost:8501", "[::1]:8501", "LOCALHOST:8501"])
def test_its_own_pages_are_answered_under_every_name_of_this_machine(host: str) -> None:
    guard = OwnHostOnly(app, LOOPBACK)
    start, body = answers(guard, scope(host, f"http://{host}"))
    assert (start["status"], body["body"]) == (200, b"a page")
    assert guard.refusal(scope(host)) == "", "a link from elsewhere may lead here"


def test_no_other_site_may_frame_or_read_any_answer() -> None:
    guard = OwnHostOnly(app, LOOPBACK)
    for asked in (scope(), scope("evil.example")):
        headers = answers(guard, asked)[0]["headers"]
        assert set(GUARDS) <= {(bytes(name), bytes(value)) for name, value in headers}
    assert (b"content-security-policy", b"frame-ancestors 'none'") in GUARDS


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8501", "127.0.0.1.evil.example", "", "[", "a@127.0.0.1@"]
)
def test_a_foreign_name_that_leads_here_is_not_answered(host: str) -> None:
    assert "--behind NAME" in OwnHostOnly(app, LOOPBACK).refusal(scope(host))
    assert "--behind NAME" in OwnHostOnly(app).refusal(scope(host)), "nor open to the network"


def test_behind_a_proxy_its_pages_are_its_own_whether_or_not_it_keeps_the_host() -> None:
    guard = OwnHostOnly(app, (*LOOPBACK, "review.example.com"), "review.example.com")
    for host in ("review.example.com", HERE):
        assert guard.refusal(scope(host, "https://review.example.com")) == ""
    assert guard.refusal(scope("review.example.com", "https://evil.example"))


def test_open_to_the_network_addresses_in_figures_and_the_proxys_name_are_answered() -> None:
    guard = OwnHostOnly(app, (), "review.example.com")
    for host in ("10.0.0.7:8501", "[fe80::1]:8501", "review.example.com"):
        assert guard.refusal(scope(host, f"http://{host}")) == ""
        assert guard.refusal(scope(host, "http://evil.example"))


# --- the real server ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the dashboard of an empty project, as a user would."""
    project = ServedProject(tmp_path_factory.mktemp("served") / "project")
    with served(project.folder) as url:
        yield url.removeprefix("http://")


def status(server: str, path: str, **headers: str) -> tuple[int, dict[str, str]]:
    connection = HTTPConnection(server, timeout=60)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}
    connection.close()
    return found


@pytest.mark.slow
@pytest.mark.skipif(find_spec("streamlit") is None, reason="streamlit: make setup has it")
@pytest.mark.parametrize("path", ["/", "/review", "/_stcore/health", "/_stcore/host-config"])
def test_the_server_answers_its_own_pages_and_says_that_none_may_frame_it(
    server: str, path: str
) -> None:
    code, headers = status(server, path, Origin=f"http://{server}")
    assert code == 200
    assert headers["content-security-policy"] == "frame-ancestors 'none'"
    assert "access-control-allow-origin" not in headers
    for origin in FOREIGN[:3]:
        assert status(server, path, Origin=origin)[0] == 403
    assert status(server, path, Host="evil.example")[0] == 403


@pytest.mark.slow
@pytest.mark.skipif(find_spec("streamlit") is None, reason="streamlit: make setup has it")
def test_the_servers_websocket_opens_for_its_own_pages_only(server: str) -> None:
    path = "/_stcore/stream"
    assert status(server, path, Origin=f"http://{server}", **UPGRADE)[0] == 101
    for origin in FOREIGN[:3]:
        assert status(server, path, Origin=origin, **UPGRADE)[0] == 403
