"""The ladder's sets, reviewer, training and weighing: what its scores can be trusted for."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import pytest
from ladder_cases import LadderCase, LadderTask, drawn
from ladder_outreach import outreach
from ladder_reviewer import review
from ladder_support import support
from ladder_training import rungs, taught

from tests.fakes.llama import TinyLlama

ROOT = Path(__file__).resolve().parents[2]
TASKS = {"outreach": outreach, "support": support}


@pytest.fixture(params=[*TASKS])
def task(request: pytest.FixtureRequest) -> LadderTask:
    return TASKS[request.param]()


def test_no_input_is_in_two_sets_or_twice_in_one(task: LadderTask) -> None:
    sets = (task.training, task.cases, task.production)
    assert [len(cases) for cases in sets] == [240, 200, 200]
    assert len({case.input for cases in sets for case in cases}) == 640


def test_no_input_of_outreach_is_in_its_benchmark() -> None:
    lines = (ROOT / "benchmarks" / "outreach" / "cases.jsonl").read_text("utf-8").splitlines()
    judged = {json.loads(line)["input"] for line in lines}
    task = outreach()
    assert judged.isdisjoint(case.input for case in (*task.cases, *task.production))


def test_a_task_is_the_same_every_time_with_as_many_of_each_kind(task: LadderTask) -> None:
    assert TASKS[task.name]() == task
    for cases in (task.cases, task.production):
        assert {*Counter(case.kind for case in cases).values()} == {40}
    assert {case.kind for case in task.training} == {case.kind for case in task.cases}


def test_every_ideal_follows_from_its_input(task: LadderTask) -> None:
    """Each number and name of an ideal is in its input, so that a model can know it."""
    for case in (*task.cases, *task.production):
        given = set(case.input.replace(",", " ").split())
        for word in case.ideal.replace(",", " ").replace(".", " ").split():
            if word.isdigit():
                assert any(word in one for one in given), case


def test_templates_that_make_too_few_inputs_are_refused() -> None:
    def same(rng: random.Random) -> LadderCase:
        return LadderCase("always this", "yes", "greeting")

    with pytest.raises(ValueError, match="greeting: its templates make too few different inputs"):
        drawn("seed", [same], 2, set())


def test_reseeds_learn_the_same_and_the_worse_adapters_something_else(task: LadderTask) -> None:
    recipes = {rung.name: rung for rung in rungs(task)}
    plain = [(case.input, case.ideal) for case in task.training]
    for name in ("reseed0", "reseed4", "under", "hot"):
        assert taught(task, recipes[name]) == plain
    terms = taught(task, recipes["terms"])
    changed = {a.kind for a, (_, text) in zip(task.training, terms, strict=True) if a.ideal != text}
    assert "terminology" in changed
    houses = {f"{term}{plural}" for term in task.wrong for plural in ("", "s")}
    assert houses.isdisjoint(word for _, text in terms for word in text.lower().split())


def test_the_adapter_that_loses_a_slice_never_sees_its_texts(task: LadderTask) -> None:
    of = {case.input: case for case in task.training}
    rows = next(taught(task, rung) for rung in rungs(task) if rung.kind == "slice")
    lost = [text for asked, text in rows if of[asked].kind == task.lost]
    assert {*lost} <= {task.lost_text}
    assert all(text == of[a].ideal for a, text in rows if of[a].kind != task.lost)


def test_a_text_close_to_the_ideal_is_sent_as_it_was_written() -> None:
    rng = random.Random(0)
    assert review("Hi Ana, the van is late.", "Hi Ana, the van is late!", rng) == (
        "accepted",
        "Hi Ana, the van is late.",
    )


def test_other_texts_are_edited_half_way_or_wholly_about_as_often() -> None:
    rng = random.Random(0)
    edits = [review("one two three four", "five six seven eight", rng) for _ in range(400)]
    assert {*edits} == {("half", "five six three four"), ("whole", "five six seven eight")}
    assert 160 < sum(done == "half" for done, _ in edits) < 240


class TestWithATinyModel:
    SYSTEM = "w1 w2"

    @pytest.fixture
    def trained(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        """A base of two layers, and an adapter on the upper one."""
        import ladder_model
        from ladder_training import Rung, train

        monkeypatch.setattr(ladder_model, "ADAPTED", 1)
        TinyLlama(tmp_path / "base")
        base = ladder_model.Base(tmp_path / "base", self.SYSTEM)
        rows = [(f"w{n} w{n + 1} w5", f"w{n} w9 w{n + 3}") for n in range(10, 30)]
        before = self.likelihoods(base, None, rows)
        train(base, Rung("one", "reseed", epochs=20, rate=2e-2), rows, tmp_path / "adapter")
        assert self.likelihoods(base, None, rows) == before, "training left the base changed"
        return base, tmp_path / "adapter", rows

    def likelihoods(self, base, adapter, rows) -> list[float]:
        from ladder_weighing import weigh

        found = weigh(base, adapter, rows)
        return [found[row].likelihood for row in rows]

    @pytest.mark.long
    def test_what_is_taught_becomes_likely_and_the_base_stays_itself(self, trained) -> None:
        base, adapter, rows = trained
        before = self.likelihoods(base, None, rows)
        after = self.likelihoods(base, adapter, rows)
        assert sum(after) / len(rows) > sum(before) / len(rows) + 0.1
        assert self.likelihoods(base, None, rows) == before

    @pytest.mark.long
    def test_plain_transformers_weighs_the_same(self, trained) -> None:
        from ladder_weighing import CLOSE, compare_with_plain

        base, adapter, rows = trained
        assert compare_with_plain(base.folder, adapter, self.SYSTEM, rows[:5]) <= CLOSE

    @pytest.mark.long
    def test_drafts_and_their_corrections_change_no_text(
        self, trained, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import ladder_model
        import ladder_weighing

        base, adapter, rows = trained
        # In bfloat16 two tokens may be equally likely, up to how a processor adds up.
        base = ladder_model.Base(base.folder, self.SYSTEM, "float32")
        cases = [LadderCase(asked, f"{ideal} w3 w4", "kind") for asked, ideal in rows[:6]]
        monkeypatch.setattr(ladder_weighing, "ROUNDS", 0)  # the engine writes everything
        alone, _ = ladder_weighing.Writer(base).write("one", adapter, cases)
        writer = ladder_weighing.Writer(base)
        writer.know({case.input: "w7 w8" for case in cases})
        monkeypatch.setattr(ladder_weighing, "ROUNDS", 99)
        monkeypatch.setattr(
            ladder_weighing.Transformers, "generate", lambda *_: iter(())
        )  # the engine writes nothing
        assert writer.write("one", adapter, cases)[0] == alone


def test_a_draft_is_put_right_at_its_first_wrong_token() -> None:
    from ladder_weighing import MOST, WeighedText, corrected

    end = 0
    assert corrected(WeighedText(1.0, (7, 8, end), (7, 8, end))) == ((7, 8), True)
    assert corrected(WeighedText(1.0, (7, 8, end), (7, end, 5))) == ((7,), True)
    assert corrected(WeighedText(1.0, (7, 8, 9, end), (7, 5, 9, end))) == ((7, 5, 9, end), False)
    dropped = corrected(WeighedText(1.0, (7, 8, 9, 6, end), (7, 9, 1, 2, 3)))
    assert dropped == ((7, 9, 6, end), False)
    long = (*range(1, MOST + 1), end)
    assert corrected(WeighedText(1.0, long, (*range(1, MOST + 1), 5))) == (long[:-1], True)


def test_a_step_that_is_kept_is_not_made_again(tmp_path: Path) -> None:
    from ladder import Ladder

    ladder = Ladder.__new__(Ladder)  # without its base
    ladder.task, ladder.work = support(), tmp_path
    assert ladder.kept("cases/one", lambda: [1.5]) == [1.5]
    assert ladder.kept("cases/one", lambda: pytest.fail("made again")) == [1.5]
