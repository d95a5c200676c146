"""One comment on a merge request, written over by the next job; on GitHub see tests/github."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.flows.ci.comment import MARKER, body_of, comment, place_here
from tests.fakes.comments import ME, CommentServer


@pytest.fixture
def server() -> Iterator[CommentServer]:
    with CommentServer() as made:
        yield made


def job(server: CommentServer, **more: str) -> dict[str, str]:
    """The variables of a job of GitLab for a merge request from a fork."""
    return {
        "CI_API_V4_URL": f"{server.address}/api/v4",
        "CI_PROJECT_ID": "99",
        "CI_MERGE_REQUEST_PROJECT_ID": "7",
        "CI_MERGE_REQUEST_IID": "3",
    } | more


@pytest.mark.slow
def test_gitlab_gets_one_note_in_the_project_that_is_merged_into(server: CommentServer) -> None:
    forged = {"id": 1, "author": {"id": ME + 1}, "body": f"{MARKER}\nPromote"}
    server.comments = [dict(forged), dict(forged, id=2), dict(forged, id=3)]
    place = place_here(job(server, GITLAB_TOKEN="T0K3N"))
    assert place is not None and "T0K3N" not in repr(place)
    assert comment(f"{MARKER}\none", place).done
    assert comment(f"{MARKER}\ntwo", place).said == "the comment was written over"
    notes = "/api/v4/projects/7/merge_requests/3/notes"
    assert [one for one in server.asked if not one.startswith("GET")] == [
        f"POST {notes}", f"PUT {notes}/103",
    ]  # fmt: skip
    assert [one["body"] for one in server.comments[3:]] == [f"{MARKER}\ntwo"]
    assert server.tokens == {"T0K3N"}


@pytest.mark.slow
def test_without_a_token_it_says_which_and_asks_nobody(server: CommentServer) -> None:
    place = place_here(job(server))
    assert place is not None
    ended = comment(f"{MARKER}\none", place)
    assert (ended.done, ended.said) == (False, "no comment: $GITLAB_TOKEN with a token is not set")
    assert server.asked == []


@pytest.mark.slow
def test_a_server_that_is_not_there_is_no_failure() -> None:
    with CommentServer() as gone:
        place = place_here(job(gone, GITLAB_TOKEN="T0K3N"))
    assert place is not None
    assert comment("x", place).said.startswith("no comment: the token may not write one, or")


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "a/b", "GITHUB_REF": "refs/heads/main"},
        {"CI_API_V4_URL": "https://x/api/v4", "CI_PROJECT_ID": "7"},
    ],
)
def test_a_job_without_a_pull_request_has_no_place(environment: dict[str, str]) -> None:
    assert place_here(environment) is None


def test_no_report_is_no_comment(tmp_path: Path) -> None:
    assert body_of(tmp_path / "none.md") == ""
    (tmp_path / "empty.md").write_text("\n")
    assert body_of(tmp_path / "empty.md") == ""
