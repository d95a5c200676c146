"""With `strip = "think"` only the answer is scored, and the record keeps the whole text."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness.engines.local import shipped
from harness.engines.local.rendering import answer
from harness.flows.evaluation import templates
from harness.flows.evaluation.context import Request
from harness.flows.queries.cases import case_history
from harness.flows.reviews.waiting import outputs_of
from harness.render import compare_json, compare_text
from tests.fakes.engines import EchoEngine
from tests.fakes.project import BENCHMARK, CASES, TASK, TinyProject
from tests.fakes.tokenizers import CHATML, save_tokenizer
from tests.flows.conftest import EchoBackend, run, session

IDEALS = {case["id"]: case["ideal"] for case in CASES}
ENDLESS = CASES[2]["id"]
THINKING = BENCHMARK + '\n[checks]\nexcludes = ["hmm"]\n\n[chat]\nstrip = "think"\n'


def thinking(mounted, prompt) -> str:
    """Think about every ideal before it is written, and about one for ever."""
    if mounted.name == "base" or prompt.case not in IDEALS:
        return "Hello."
    thought = f"<think>hmm, {IDEALS[prompt.case]}"
    return thought if prompt.case == ENDLESS else f"{thought}</think>\n\n{IDEALS[prompt.case]}"


@pytest.fixture
def made(project: TinyProject):
    """A project whose benchmark strips thoughts, with the run of a model that thinks."""
    project.benchmark(TASK, THINKING, CASES)
    return run(project, EchoEngine(thinking))


def test_the_answer_is_scored_and_checked_and_the_record_keeps_the_thoughts(made):
    for result in made.results:
        if result.case.id == ENDLESS:
            continue
        assert result.text == IDEALS[result.case.id]
        assert result.whole.startswith("<think>hmm")
        assert result.scores["edit_similarity"] == 1.0
        assert all(check.passed for check in result.checks)


def test_a_text_that_never_ends_its_thinking_is_marked_and_counts_as_empty(made):
    (found,) = [result for result in made.results if result.unended]
    assert found.case.id == ENDLESS
    assert (found.text, found.scores["edit_similarity"]) == ("", 0.0)
    assert found.whole == f"<think>hmm, {IDEALS[ENDLESS]}"


def test_without_strip_the_whole_text_is_scored(project):
    found = run(project, EchoEngine(thinking))
    assert all("<think>" in result.text and result.whole is None for result in found.results)


def test_another_strip_makes_the_run_anew_of_the_same_outputs(project, made):
    engine = EchoEngine(thinking)
    project.benchmark(TASK, THINKING.replace('strip = "think"', ""), CASES)
    again = run(project, engine)
    assert engine.written == []
    assert again.id != made.id


@pytest.mark.medium
def test_the_verdict_says_it_beside_its_reasons(project):
    project.benchmark(TASK, THINKING, CASES)
    with session(project, EchoEngine(thinking), Request((TASK,))) as opened:
        verdict = opened.candidate("v1").evaluate(opened.benchmark(TASK)).verdict
    assert "1 of 8 texts of v1 never ended their thinking, and count as empty" in verdict.notes


@pytest.mark.medium
def test_comparisons_histories_and_reviews_have_the_answer(project, made):
    told = compare_json(made, made)["cases"]
    assert {one["a"]["text"] for one in told} == {*IDEALS.values(), ""} - {IDEALS[ENDLESS]}
    assert [one["case"] for one in told if one["a"]["unended"]] == [ENDLESS]
    assert all("<think>" in one["a"]["whole"] for one in told)
    plain = run(project, EchoEngine(lambda mounted, prompt: "Hi"), refresh=True)
    assert "v1 never ended its thinking" in " ".join(compare_text(made, plain).split())
    store = project.store()
    page = case_history(project.project, store, TASK, ENDLESS)
    waiting = outputs_of(project.project, store, project.project.benchmark(TASK), "v1")
    store.close()
    assert page.moments
    assert not any("think" in one.output for one in waiting)


def test_a_stored_run_comes_back_with_its_answers(project, made):
    assert run(project, EchoEngine(thinking)) == made


@pytest.mark.parametrize(
    ("opens", "kwargs", "unended"), [(True, "", True), (False, "", False), (True, "off", False)]
)
def test_a_template_that_begins_the_thought_itself_is_known(
    project, monkeypatch, tmp_path, opens, kwargs, unended
):
    tail = "{% if not off %}<think>\n{% endif %}" if opens else ""
    ask = "<|im_start|>assistant\n"
    save_tokenizer(tmp_path / "base", template=CHATML.replace(ask, ask + tail))
    monkeypatch.setattr(EchoBackend, "tokenizer_folder", lambda _: Path(tmp_path / "base"))
    monkeypatch.setattr(
        shipped, "_answer", lambda request, _: json.dumps(answer(json.loads(request)))
    )
    more = "kwargs = { off = true }\n" if kwargs else ""
    project.benchmark(TASK, THINKING + more, CASES)
    found = run(project, EchoEngine(lambda mounted, prompt: "hmm, let me think"))
    assert all(result.unended is unended for result in found.results)
    monkeypatch.setattr(templates, "prompt_tail", None)  # it is asked once
    shutil.rmtree(project.folder / "reports")
    assert run(project, EchoEngine(lambda mounted, prompt: "hmm, so be it")).results
