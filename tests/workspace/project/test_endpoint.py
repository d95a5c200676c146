"""Where a server stands is read from settings, and no secret can stand there."""

from __future__ import annotations

import pytest

from harness.errors import SettingsError
from harness.records import Endpoint
from harness.workspace.formats.fields import Table
from harness.workspace.project.endpoint import at_url, read_endpoint
from tests.fakes.refusals import refused

WHERE = "pyproject.toml [tool.harness] [openai]"
URL = "http://127.0.0.1:8000/v1"


def endpoint(**raw):
    return read_endpoint(Table(raw, WHERE, SettingsError))


def test_nothing_need_be_said():
    assert endpoint() == Endpoint()


def test_everything_can_be_said():
    said = {
        "url": "https://models.example:8443/v1/",
        "model": "org/base",
        "key": "TEAM_KEY",
        "concurrency": 4,
        "timeout": 30,
        "deadline": 600,
        "retries": 0,
        "likelihoods": "never",
        "adapters": "/srv/adapters",
    }
    assert endpoint(**said) == Endpoint(**said | {"url": "https://models.example:8443/v1"})


@pytest.mark.parametrize(
    "url", ["http://[::1]:8000/v1", "http://localhost", "https://host/a/b/v1", "HTTP://host/v1"]
)
def test_an_address_may_have_any_form(url):
    assert endpoint(url=url).url == url


WRONG = {
    "a password": ("http://ana:hunter2@host/v1", "holds a name or password"),
    "a name": ("http://ana@host/v1", "holds a name or password"),
    "a query": ("http://host/v1?key=hunter2", "ends in a query"),
    "an empty query": ("http://host/v1?", "ends in a query"),
    "a fragment": ("http://host/v1#hunter2", "ends in a query"),
    "a file": ("file:///etc/hunter2", "must be http or https"),
    "no scheme": ("hunter2:8000/v1", "must be http or https"),
    "no host": ("http:///hunter2", "must be http or https"),
    "a port that is none": ("http://host:hunter2/v1", "is no address"),
    "a port too high": ("http://host:99999/hunter2", "is no address"),
    "half a bracket": ("http://[::1/hunter2", "is no address"),
    "a line feed": ("http://host/hunter2\n", "signs that no address has"),
    "a space": ("http://ho st/hunter2", "signs that no address has"),
    "letters of elsewhere": ("http://hünter2/v1", "signs that no address has"),
    "a backslash": ("http://host\\hunter2", "signs that no address has"),
}


@pytest.mark.parametrize(("url", "line"), WRONG.values(), ids=WRONG)
def test_an_address_that_could_hold_a_secret_is_refused_unseen(url, line):
    for ask in (lambda: endpoint(url=url), lambda: at_url(Endpoint(), url, "the address")):
        with refused(line, SettingsError):
            ask()
        with pytest.raises(SettingsError) as caught:
            ask()
        assert "hunter2" not in str(caught.value)


def test_the_key_itself_is_refused_unseen():
    with pytest.raises(SettingsError, match="never the key itself") as caught:
        endpoint(url=URL, key="sk-hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ({"concurency": 4}, "unknown key `concurency`, did you mean `concurrency`"),
        ({"concurrency": 0}, "`concurrency` is 0, allowed are 1 to 1024"),
        ({"timeout": float("nan")}, "`timeout` is nan"),
        ({"retries": 101}, "`retries` is 101"),
        ({"likelihoods": True}, "`likelihoods` is true/false, a text is needed"),
        ({"likelihoods": "yes"}, "`likelihoods` is 'yes', allowed are auto, always, never"),
    ],
)
def test_a_wrong_key_is_named(raw, line):
    with refused(line, SettingsError):
        endpoint(**raw)
