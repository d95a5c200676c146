"""The chat template of a run is recorded, shown by the doctor, and its limits are kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness.engines.local import engine
from harness.errors import BenchmarkError
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.doctor import doctor
from harness.flows.evaluation.generation import GenerationWork
from harness.flows.evaluation.prefetch import prefetch
from harness.flows.evaluation.session import Session, open_session
from harness.records import Decision
from harness.render import verdict_text
from tests.fakes.llama import TinyLlama
from tests.fakes.project import CASES, TASK, TinyProject
from tests.fakes.refusals import refused
from tests.fakes.small_tokenizers import CHATML, GEMMA, small_tokenizer

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")  # of the libraries

SETTINGS = """\
[tool.harness]
base = "tiny"
embedder = "none"

[tool.harness.generation]
dtype = "float32"
max_new_tokens = 4
"""
BENCHMARK = """\
name = "openers"
task = "openers"
system = "Be brief."

[metrics.ideal_likelihood]
role = "gate"
margin = 0.05
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A project with a base that is loaded, and two adapters."""
    made = TinyProject(tmp_path_factory.mktemp("shop"))
    made.write("pyproject.toml", SETTINGS)
    made.benchmark(TASK, BENCHMARK, CASES)
    (made.folder / "benchmarks" / "manners" / "benchmark.toml").unlink()
    (made.folder / "benchmarks" / "manners" / "cases.jsonl").unlink()
    (made.folder / "benchmarks" / "manners").rmdir()
    base = TinyLlama(made.folder / "tiny", tokenizer=small_tokenizer("byte level", CHATML))
    for seed, name in enumerate(("v1", "v2"), 1):
        base.adapter(made.folder / "adapters" / name, name=name, seed=seed)
    return made


@pytest.fixture
def project(shop):
    """The same project, as it was and without a history."""
    yield shop
    shop.benchmark(TASK, BENCHMARK, CASES)
    (shop.folder / "tiny" / "chat_template.jinja").write_text(CHATML)
    for file in shop.folder.rglob("*.db*"):
        file.unlink()


@contextmanager
def opened(project: TinyProject) -> Iterator[Session]:
    request = Request(baselines=False)
    with open_session(project.project, request, lambda *_: None) as session:
        yield session


@pytest.mark.long
def test_a_run_records_what_ended_its_turns_and_is_found_again(project, monkeypatch):
    with opened(project) as session:
        run = session.candidate("v1").evaluate(session.benchmark(TASK)).run
    assert run.origin["ends"] == "<|im_end|>" and run.origin["template"] == "base"
    monkeypatch.setattr(engine.Transformers, "formats", None)  # the second time nothing is read
    with opened(project) as session:
        assert session.candidate("v1").evaluate(session.benchmark(TASK)).run == run


def rows(project):
    return [check.message for check in doctor(project.project, "v1") if check.name == "template"]


@pytest.mark.long
def test_the_doctor_says_what_ends_a_turn_and_whose_template_it_is(project):
    assert rows(project) == ["ends with <|im_end|>, template of the base"]
    (project.folder / "tiny" / "chat_template.jinja").write_text(GEMMA)
    folded = "it has no system role, system text is folded into the first user turn"
    assert rows(project) == [f"ends with <end_of_turn>, template of the base; {folded}"]
    project.write(f"benchmarks/{TASK}/turns.jinja", CHATML)
    project.benchmark(TASK, BENCHMARK + '\n[chat]\ntemplate = "turns.jinja"\n', CASES)
    assert rows(project) == ["ends with <|im_end|>, template turns.jinja"]


@pytest.mark.medium
def test_a_template_that_fails_is_a_failed_check(project):
    (project.folder / "tiny" / "chat_template.jinja").write_text("{{ raise_exception('no') }}")
    checks = {check.name: check for check in doctor(project.project, "v1")}
    assert not checks["applied"].ok and "does not take the prompt" in checks["applied"].message


@pytest.mark.medium
@pytest.mark.parametrize("many", [False, True], ids=["alone", "prefetched"])
def test_a_case_beyond_the_bases_positions_is_refused_before_any_text(project, many, monkeypatch):
    long = {"id": "long", "input": "x", "ideal": "trucks " * 600}
    project.benchmark(TASK, BENCHMARK, [*CASES, long])
    monkeypatch.setattr(GenerationWork, "outputs", lambda work: pytest.fail("a text was asked for"))
    monkeypatch.setattr(GenerationWork, "keep_texts", lambda *_: pytest.fail("a text was made"))
    with (
        opened(project) as session,
        refused(r"long: its prompt has \d+ tokens and its ideal [\d,]+, the base", BenchmarkError),
    ):
        if many:
            prefetch(session, [("v1", TASK, None)])
        session.candidate("v1").evaluate(session.benchmark(TASK))


@pytest.mark.long
def test_a_promoted_run_of_an_older_engine_is_made_again_and_that_is_said(project, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(engine, "_WAYS", "packed-1")
        with opened(project) as session:
            candidate = session.candidate("v1")
            before = candidate.evaluate(session.benchmark(TASK)).run
            digest = candidate.adapter.digest
            decision = Decision("promote", TASK, "v1", digest, "me", "why", "2026-01-01T00:00:00Z")
            session.store.decisions.add(decision)
    with opened(project) as session:
        found = session.candidate("v2").evaluate(session.benchmark(TASK))
        assert found.made_again == (
            f"v1: its run of {before.started[:10]} was made by the engine's way packed-1, so it is"
            " made again by packed-3",
        )
        text = " ".join(verdict_text(found.verdict, made_again=found.made_again).split())
        assert "again v1: its run of" in text
        assert found.verdict.runs["promoted"] != before.id
    with opened(project) as session:
        again = session.candidate("v2").evaluate(session.benchmark(TASK))
        assert again.made_again == () and json.dumps(again.verdict.runs)
