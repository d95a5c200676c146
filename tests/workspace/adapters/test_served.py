"""`served.toml` names a model on a server; it never holds a key, and sends one only safely."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import AdapterRefused
from harness.workspace.adapters.files import adapter_names, find_adapter
from harness.workspace.adapters.served import (
    RENEW,
    SERVED,
    is_served,
    read_served,
    served_names,
    served_of,
)
from tests.fakes.refusals import refused

URL = "https://api.example.com/v1"
WHOLE = f'url = "{URL}"\nmodel = "ft:small:acme::a1"\n'


def write(root: Path, text: str, name: str = "ft") -> Path:
    (root / name).mkdir(parents=True, exist_ok=True)
    (root / name / SERVED).write_text(text, encoding="utf-8")
    return root


def test_address_and_model_are_enough(tmp_path: Path) -> None:
    found = read_served(write(tmp_path, WHOLE), "ft")
    assert (found.called, found.renew) == (f"ft:small:acme::a1 at {URL}", RENEW)
    assert (found.endpoint.key, found.note, found.task) == ("", "", "")


def test_everything_else_can_be_said(tmp_path: Path) -> None:
    more = 'note = "in a console"\nkey = "ACME_API_KEY"\ntask = "openers"\nrenew = 7\nretries = 1\n'
    found = read_served(write(tmp_path, WHOLE + more), "ft")
    assert (found.note, found.task, found.renew) == ("in a console", "openers", 7)
    assert (found.endpoint.key, found.endpoint.retries) == ("ACME_API_KEY", 1)


def test_the_digest_is_of_address_and_model_only(tmp_path: Path) -> None:
    plain = read_served(write(tmp_path, WHOLE), "ft").digest
    assert read_served(write(tmp_path, WHOLE + 'note = "x"\nrenew = 3\n'), "ft").digest == plain
    for other in (WHOLE.replace("a1", "a2"), WHOLE.replace("example", "example2")):
        assert read_served(write(tmp_path, other), "ft").digest != plain
        assert served_of(tmp_path, "ft", plain) is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "`url` is missing"),
        (f'url = "{URL}"\n', "`model` is missing"),
        ('url = "api"\nmodel = "m"\n', "`url` must be http or https"),
        ('url = "https://me:secret@a.b/v1"\nmodel = "m"\n', "holds a name or password"),
        (f'url = "{URL}"\nmodel = "two words"\n', "without blanks and quotes"),
        (WHOLE + 'key = "sk-12345678"\n', "never the key itself"),
        (WHOLE + 'key = "AWS_SECRET_ACCESS_KEY"\n', "no other secret is sent"),
        (WHOLE + 'key = "GITHUB_TOKEN"\n', "no other secret is sent"),
        (WHOLE.replace("https", "http") + 'key = "A_API_KEY"\n', "https where a `key` is sent"),
        (WHOLE + "renew = 0\n", "`renew`"),
        (WHOLE + 'note = "a\\nb"\n', "`note` must be one line"),
        (WHOLE + 'adapters = "/x"\n', "a name has none"),
        (WHOLE + 'modle = "x"\n', "modle"),
        ("url = \n", SERVED),
    ],
)
def test_what_is_wrong_is_refused_in_one_line(tmp_path: Path, text: str, line: str) -> None:
    with refused(line, AdapterRefused):
        read_served(write(tmp_path, text), "ft")


def test_a_key_is_sent_without_tls_on_this_machine_only(tmp_path: Path) -> None:
    text = 'url = "http://{}/v1"\nmodel = "m"\nkey = "A_API_KEY"\n'
    for host in ("127.0.0.1:11434", "localhost:11434"):
        assert read_served(write(tmp_path, text.format(host)), "ft").endpoint.key == "A_API_KEY"
    with refused("https where a `key` is sent"):
        read_served(write(tmp_path, text.format("localhost.example.com")), "ft")


def test_a_name_is_listed_with_the_adapters_and_has_no_bytes(tmp_path: Path) -> None:
    write(write(tmp_path, WHOLE), WHOLE, "acme/ft")
    assert adapter_names(tmp_path) == served_names(tmp_path) == ["acme/ft", "ft"]
    assert is_served(tmp_path, "ft") and not is_served(tmp_path, "base")
    with refused("acme/ft: is a name, not bytes", AdapterRefused):
        find_adapter(tmp_path, "acme/ft")


def test_a_folder_with_both_is_refused(tmp_path: Path) -> None:
    (write(tmp_path, WHOLE) / "ft/adapter_config.json").write_text("{}")
    with refused("unclear what is judged", AdapterRefused):
        read_served(tmp_path, "ft")


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere", WHOLE)
    root = tmp_path / "adapters"
    (root / "ft").mkdir(parents=True)
    (root / "ft" / SERVED).symlink_to(tmp_path / "elsewhere/ft" / SERVED)
    with refused("leads out of", AdapterRefused):
        read_served(root, "ft")
