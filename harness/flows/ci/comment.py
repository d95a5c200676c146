"""Write the gate's report as one comment on a pull or merge request; a later one replaces it."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from harness.errors import reason
from harness.workspace.formats.reading import read_text

if TYPE_CHECKING:
    from httpx2 import Client, Response

MARKER = "<!-- lora-harness gate -->"
MAX_COMMENT = 65_000
"""Letters of a comment; GitHub takes 65,536."""
MAX_PAGES = 100
TIMEOUT = 30.0
"""Seconds for each request."""
_PULL = re.compile(r"refs/pull/(\d+)/", re.ASCII)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where comments are read and written, and how to tell the own one from other people's."""

    address: str
    """Of the list of comments; a POST to it adds one."""
    change: str
    """Of one comment, with `{}` for its id."""
    method: str
    """By which a comment is replaced."""
    variable: str
    """The environment variable with the token."""
    headers: Mapping[str, str] = field(repr=False)
    """Empty where that variable is not set."""
    whoami: str = ""
    """Address that says who the token is; empty where every bot's comment counts as the own."""


@dataclass(frozen=True, slots=True)
class Commented:
    """How it ended; a comment that could not be written is no failure of the gate."""

    done: bool
    said: str


def body_of(file: Path) -> str:
    """Return the comment: the marker and the report, or its headlines where it is too long."""
    text = read_text(file) if file.is_file() else ""
    if len(text) > MAX_COMMENT:
        headlines = [line for line in text.splitlines() if line.startswith("## ")]
        text = "\n".join([*headlines, "", "The summary of the run has the whole reports.", ""])
    return f"{MARKER}\n{text}" if text.strip() else ""


def comment(body: str, place: Place) -> Commented:
    """Write the comment, over the own one that is there."""
    import httpx2

    if not place.headers:
        return Commented(False, f"no comment: ${place.variable} with a token is not set")
    try:
        with httpx2.Client(headers=dict(place.headers), timeout=TIMEOUT) as client:
            known = _own(client, place)
            if known is None:
                _sent(client, "POST", place.address, body)
                return Commented(True, "the comment was written")
            _sent(client, place.method, place.change.format(known), body)
            return Commented(True, "the comment was written over")
    except (httpx2.HTTPError, OSError, ValueError, LookupError, TypeError) as problem:
        _log.info("no comment", exc_info=problem)
        return Commented(
            False,
            f"no comment: the token may not write one, or the server failed ({reason(problem)});"
            " the summary and the reports say the same",
        )


def _sent(client: Client, method: str, address: str, body: str) -> Response:
    return client.request(method, address, json={"body": body}).raise_for_status()


def _own(client: Client, place: Place) -> int | None:
    """Return the id of the comment that an earlier job wrote with such a token."""
    me = client.get(place.whoami).raise_for_status().json()["id"] if place.whoami else None
    for one in _each(client, place.address):
        author = one.get("author") or one.get("user") or {}
        mine = author.get("id") == me if place.whoami else author.get("type") == "Bot"
        if mine and str(one.get("body", "")).startswith(MARKER):
            return int(one["id"])
    return None


def _each(client: Client, address: str) -> Iterator[dict[str, Any]]:
    """Yield all comments, page by page; the token goes to no other host."""
    host = urlsplit(address).netloc
    following: str | None = f"{address}?per_page=100"
    for _ in range(MAX_PAGES):
        if following is None or urlsplit(following).netloc != host:
            return
        page = client.get(following).raise_for_status()
        yield from page.json()
        following = page.links.get("next", {}).get("url")


def place_here(environment: Mapping[str, str] = os.environ) -> Place | None:
    """Return the place of this job's pull or merge request; None where it has none."""
    return _github(environment) or _gitlab(environment)


def _github(env: Mapping[str, str]) -> Place | None:
    pull = _PULL.match(env.get("GITHUB_REF", ""))
    repository = env.get("GITHUB_REPOSITORY")
    if env.get("GITHUB_ACTIONS") != "true" or not pull or not repository:
        return None
    api = f"{env.get('GITHUB_API_URL', 'https://api.github.com')}/repos/{repository}/issues"
    token = env.get("GITHUB_TOKEN", "").strip()
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
    return Place(
        f"{api}/{pull[1]}/comments",
        api + "/comments/{}",
        "PATCH",
        "GITHUB_TOKEN",
        headers if token else {},
    )


def _gitlab(env: Mapping[str, str]) -> Place | None:
    number, api = env.get("CI_MERGE_REQUEST_IID"), env.get("CI_API_V4_URL")
    project = env.get("CI_MERGE_REQUEST_PROJECT_ID") or env.get("CI_PROJECT_ID")
    if not number or not api or not project:
        return None
    notes = f"{api}/projects/{quote(project, safe='')}/merge_requests/{quote(number)}/notes"
    token = env.get("GITLAB_TOKEN", "").strip()
    headers = {"PRIVATE-TOKEN": token} if token else {}
    return Place(notes, notes + "/{}", "PUT", "GITLAB_TOKEN", headers, f"{api}/user")
