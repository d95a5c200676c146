"""With `texts = false` no command shows a word of anybody's text, on any way out.

The whole matrix is slow; `make fast` runs those commands that quoted texts before.
"""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from harness.cli.command import cli
from harness.flows.monitoring import input_shift
from harness.store import Store
from tests.cli.conftest import Type, Typed
from tests.fakes.project import SETTINGS, TinyProject
from tests.flows.monitoring.test_input_shift import WordEmbedder
from tests.leaks.planted import LINES, SHUT, leaking, new_texts, settings

BY = ("--by", "Ana", "--why", "it is time")
REJECTED = ("leaky", "--benchmark", "openers")
MATRIX: dict[str, list[tuple[str, ...]]] = {
    "init": [("../another",)],
    "benchmark check": [(), ("openers",)],
    "benchmark diff": [("elsewhere/openers", "openers"), ("openers", "elsewhere/openers")],
    "benchmark import": [
        ("cases.csv", "--name", "other", "--dry-run"),
        ("cases.csv", "--name", "other"),
        ("bad-cases.csv", "--name", "other"),
        ("talks.csv", "--name", "other"),
        ("bad-talks.csv", "--name", "other"),
        ("headless.csv", "--name", "other"),
        ("torn.jsonl", "--name", "other"),
        ("cases.csv", "--name", "openers", "--replace", "--dry-run"),
        ("cases.csv", "--name", "other", "--replace", "--yes"),
        ("cases.csv", "--name", "openers", "--reserve"),
        ("bad-cases.csv", "--name", "openers", "--reserve"),
    ],
    "benchmark propose": [
        (), ("--output", "p.jsonl"), ("--confirm", "answers.jsonl", "--by", "Kim"),
        ("--confirm", "bad-answers.jsonl", "--by", "Kim"),
        ("--confirm", "torn.jsonl", "--by", "Kim"),
    ],
    "reposition": [
        ("--examples", "odd.jsonl", "--data", "old.jsonl", *BY),
        ("--examples", "new.jsonl", "--data", "old.jsonl", *BY),
        ("--examples", "odd.jsonl", "--data", "old.jsonl", "--retire", "Dear", "--dry-run", *BY),
        ("--examples", "torn.jsonl", *BY), ("--adapter", "leaky"),
        ("--rewritten", "answers.jsonl", *BY), ("--rewritten", "torn.jsonl", *BY),
    ],
    "note": [("spring campaign", "--by", "Kim"), (), ("two\nlines", "--by", "Kim")],
    "train": [
        ("new", "--data", "odd.jsonl"), ("new", "--data", "torn.jsonl"),
        ("--curve", "--data", "odd.jsonl"), ("--curve", "--data", "torn.jsonl"),
    ],
    "fetch": [
        ("again", "adapters/sound"), ("again", "elsewhere/torn"), ("again", "elsewhere"),
        ("again", "hf:acme/none"), ("sound", "elsewhere/torn"), ("again", "models:/openers/1"),
    ],
    "record": [("sound",), ("leaky",), ("base", "--benchmark", "none")],
    "data check": [("odd.jsonl",), ("torn.jsonl",), ("odd.jsonl", "--fix", "clean.jsonl")],
    "data diff": [("old.jsonl", "new.jsonl"), ("old.jsonl", "torn.jsonl")],
    "data fingerprint": [("old.jsonl",), ("torn.jsonl",)],
    "data version": [
        ("odd.jsonl", *BY), ("torn.jsonl", *BY), ("odd.jsonl", *BY), ("old.jsonl", *BY, "--json"),
    ],
    "data log": [(), ("odd.jsonl",), ("odd.jsonl", "--json"), ("none",)],
    "data at": [("none@1",)],
    "data origin": [
        (), ("odd.jsonl",), ("odd.jsonl", "--owner", "Ana"), ("none",), ("--owner", "Ana"),
    ],
    "explain": [(), ("overlap",), ("none",)],
    "doctor": [("sound",), ("leaky",)],
    "export": [
        ("sound", "out", "--to", "merged"), ("none", "out", "--to", "nf4"),
        ("sound", "benchmarks", "--to", "gguf"), ("sound", "out", "--to", "gguf", "--dtype", "q9"),
    ],
    "evaluate": [
        ("leaky", "--as", "elsewhere"), REJECTED, ("good",),
        (*REJECTED, "--refresh", "--samples", "2"),
    ],
    "report": [("leaky",), ("leaky", "--output", "page.html"), ("leaky", "--output", "c.md")],
    "judge": [("scores.csv",)],
    "reviews export": [
        ("out.jsonl", "--raw"), ("out.jsonl", "--training"), ("out.jsonl", "--candidates"),
    ],
    "reviews import": [
        ("more.csv", "--dry-run"), ("more.csv",), ("swapped.csv",), ("swapped.csv", "--skip-bad"),
        ("headless.csv",), ("torn.jsonl",), ("more.csv", "--map", "at=output"),
        ("odd-columns.csv",), ("open-dates.csv",), ("cyrillic.csv",), ("odd.xlsx",),
    ],
    "reviews rates": [("--by", by) for by in ("week", "adapter", "slice", "reviewer", "task")],
    "reviews reviewers": [(), ("--task", "openers"), ("--task", "none")],
    "served": [("--url", "http://127.0.0.1:9/v1"), ("--url", "nowhere"), ()],
    "monitor": [("--no-inputs",), (), ("--plan",), ("--acknowledge", *BY)],
    "worth": [(), ("--task", "openers"), ("--task", "none")],
    "notify": [(), ("--dry-run",)],
    "compare": [("good", "leaky"), ("base", "leaky", "--benchmark", "openers")],
    "sweep": [("leaky", "good", "base")],
    "accept": [("health-1", "--run", "RUN", *BY), ("none", "--run", "RUN", *BY)],
    "promote": [("leaky", *BY), ("leaky", "--override", "--dry-run", *BY)],
    "reject": [("leaky", *BY)],
    "rollback": [BY],
    "pin": [("good", *BY)],
    "status": [()],
    "log": [()],
    "path": [()],
    "verify": [()],
    "attest": [("RUN",)],
    "sign": [("sound", "--key", "team.pem", "--new-key")],
    "history export": [("history.jsonl",)],
    "history import": [("odd.jsonl",)],
    "history list": [()],
    "history prune": [("--keep", "1")],
    "history recompute": [("RUN",)],
    "history sign": [("--key", "lead.pem", "--new-key"), ("--key", "pyproject.toml")],
    "ci init": [("github",), ("gitlab", "--dry-run"), ("github", "--force"), ("bitbucket",)],
    "ci changed": [("leaky",), ("--base-ref", "HEAD"), ()],
    "ci gate": [("leaky", "--base-ref", "HEAD"), ()],
    "ci check": [
        ("benchmarks/openers/cases.jsonl", "adapters/leaky/adapter_config.json"), ("none",),
        ("adapters/datasets/odd.jsonl", "adapters/sound/adapter_config.json"),
    ],
    "ci comment": [("--file", "pyproject.toml", "--dry-run"), ("--file", "none.md"), ()],
    "completion": [("bash",)],
}  # fmt: skip
"""By command, what is typed behind it: at least once well, and once with what is refused."""
LEFT_OUT = {"dashboard": "its pages have a test of their own, tests/leaks/test_pages.py"}
EXACT = (
    r"history\.jsonl",  # the backup: its seals cover every letter
    r"benchmarks/other/", r"clean\.jsonl",  # what was asked for, from the file that was given
    r".*\.versions\.jsonl",  # beside the file that was given: training examples
    r"benchmarks/openers/cases\.reserve\.jsonl",  # the reserve: its cases are texts
)  # fmt: skip
"""Files that hold texts and are meant to; SECURITY.md names them."""
SAMPLE = (
    ("evaluate", REJECTED), ("monitor", ()), ("report", ("leaky",)),
    ("data check", ("odd.jsonl",)), ("benchmark check", ()), ("reviews import", ("swapped.csv",)),
)  # fmt: skip
"""What quoted texts before."""


def commands(group: click.Command, above: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield every command that can be typed."""
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            found = group.get_command(context, name)
            assert found is not None
            yield from commands(found, (*above, name))
    else:
        yield " ".join(above)


def test_no_command_is_forgotten() -> None:
    assert set(commands(cli)) == MATRIX.keys() | LEFT_OUT.keys()


@pytest.fixture
def embedding(planted: TinyProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inputs are compared, so that `monitor` has some that moved away."""
    monkeypatch.setattr(input_shift, "Embedder", WordEmbedder)


def run(project: TinyProject, typed: Type, words: tuple[str, ...]) -> tuple[Typed, str]:
    """Type a command; return how it ended, and everything that came out on any way."""
    store = Store(project.project.settings.store, project.folder)
    run = next(id_ for id_, adapter, _ in store.runs.heads() if adapter == "leaky")
    store.close()
    before = set(project.folder.rglob("*"))
    found = typed(*(run if word == "RUN" else word for word in words))
    files = new_texts(project.folder, before, EXACT)
    return found, "\n".join([found.out, found.err, *files, *files.values()])


def with_settings(project: TinyProject, name: str, shut: bool) -> None:
    """Leave texts out, or not; `monitor` compares inputs as well."""
    text = settings(shut)
    if name == "monitor":
        text = SETTINGS.replace('embedder = "none"', 'embedder = "base"') + LINES
        text += SHUT if shut else ""
    project.write("pyproject.toml", text)


def told(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [words, (*words, "--json")]


EVERY = [
    (name, (*name.split(), *words)) for name, several in MATRIX.items() for one in several
    for words in told(one)
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.usefixtures("embedding")
@pytest.mark.parametrize(("name", "words"), EVERY, ids=[" ".join(words) for _, words in EVERY])
def test_no_command_shows_a_text(
    planted: TinyProject, typed: Type, name: str, words: tuple[str, ...]
) -> None:
    with_settings(planted, name, shut=True)
    _, shown = run(planted, typed, words)
    assert leaking(shown) == []


FAST = [(name, (*name.split(), *one, *more)) for name, one in SAMPLE for more in ((), ("--json",))]


@pytest.mark.medium
@pytest.mark.usefixtures("embedding")
@pytest.mark.parametrize(("name", "words"), FAST, ids=[" ".join(words) for _, words in FAST])
def test_what_quoted_texts_does_so_only_where_they_may_be_shown(
    planted: TinyProject, typed: Type, name: str, words: tuple[str, ...]
) -> None:
    with_settings(planted, name, shut=False)
    open_, shown = run(planted, typed, words)
    assert leaking(shown), "the words are planted where this command finds them"
    with_settings(planted, name, shut=True)
    shut, shown = run(planted, typed, words)
    assert leaking(shown) == []
    assert shut.code == open_.code


@pytest.mark.medium
@pytest.mark.parametrize("words", [("evaluate", *REJECTED), ("report", "leaky"),
                                   ("compare", "good", "leaky"), ("sweep", "leaky")])  # fmt: skip
@pytest.mark.parametrize("more", [(), ("--json",)], ids=["text", "json"])
def test_one_command_can_be_asked_to_show_none(
    planted: TinyProject, typed: Type, words: tuple[str, ...], more: tuple[str, ...]
) -> None:
    _, shown = run(planted, typed, (*words, "--no-texts", *more))
    assert leaking(shown) == []


@pytest.mark.medium
def test_a_plan_has_nothing_but_texts_so_there_is_none(planted: TinyProject, typed: Type) -> None:
    planted.write("pyproject.toml", settings())
    found = typed("monitor", "--plan")
    assert found.code == 4 and "leaves texts out" in found.line
    assert not (planted.folder / "reports/plan-openers").exists()


@pytest.mark.medium
def test_where_one_stands_is_said_without_a_text(planted: TinyProject, typed: Type) -> None:
    planted.write("pyproject.toml", settings())
    for words in ((), ("--json",)):
        found = typed(*words)
        assert "openers" in found.out
        assert leaking(found.out + found.err) == []


@pytest.mark.medium
def test_an_error_line_shows_none_where_none_was_asked_for(
    planted: TinyProject, typed: Type
) -> None:
    planted.write_lines("recorded/torn/openers.jsonl", [{"case": "zorv 'x'", "output": "a"}] * 2)
    assert leaking(typed("evaluate", "torn").err)
    assert leaking(typed("evaluate", "torn", "--no-texts").err) == []
