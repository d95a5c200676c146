"""What a team's own table says comes in once and whole; what cannot have happened does not."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from harness.errors import BenchmarkError, DataError, HarnessError
from harness.flows.evaluation.backend import NO_ADAPTER
from harness.flows.reviews import edit_rates, importing
from harness.flows.reviews.importing import ReviewImportRequest, import_reviews
from harness.measure import edit_rate, edit_similarity
from harness.records import SYNTHETIC
from tests.fakes.project import TASK, TinyProject
from tests.fakes.refusals import refused
from tests.flows.reviewed import HEAD, brought, kept, line, lines, rates, write
from tests.text.hostile import PIECES

TOMORROW = datetime.now(UTC) + timedelta(days=3)


@pytest.fixture
def project(tmp_path: Path) -> TinyProject:
    return TinyProject(tmp_path / "project")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "reviews.csv"


def test_a_review_is_all_that_its_row_says(project: TinyProject, file: Path) -> None:
    write(file, [line(1, reviewed_at="2026-10-02T10:00:00+02:00", sent="Hello Ana, how are you?",
                      comment="too stiff")])  # fmt: skip
    assert brought(project, file).new == 1
    (review,) = kept(project)
    assert (review.id, review.at, review.task) == ("r1", "2026-10-02T08:00:00.000Z", TASK)
    assert (review.adapter, review.digest) == ("base", NO_ADAPTER)
    assert (review.decision, review.final) == ("edited", "Hello Ana, how are you?")
    assert (review.reviewer, review.reason) == ("Kim", "too stiff")
    assert (dict(review.slices), review.source) == ({"industry": "health"}, "reviews.csv")
    assert review.edit_rate == edit_rate(review.output, review.final)
    assert review.character_rate == 1 - edit_similarity(review.output, review.final)


@pytest.mark.parametrize(
    ("status", "sent", "decision", "final"),
    [
        ("", "", "rejected", None),
        ("", "Hi Ana, how are you", "accepted", "Hi Ana, how are you"),
        ("", "Hi Ana,  how are you\n", "accepted", "Hi Ana,  how are you\n"),
        ("", "hi Ana, how are you", "edited", "hi Ana, how are you"),
        ("Approved", "", "accepted", "Hi Ana, how are you"),
        ("sent", "Hi Ana, how are you", "accepted", "Hi Ana, how are you"),
        ("CHANGED", "Hi", "edited", "Hi"),
        ("edited", "Hi Ana, how are you", "edited", "Hi Ana, how are you"),  # back and forth: 0
        (" discard ", " ", "rejected", None),
    ],
)
def test_what_was_done_is_said_or_follows_from_the_texts(
    project: TinyProject, file: Path, status: str, sent: str, decision: str, final: str | None
) -> None:
    write(file, [line(1, status=status, sent=sent)])
    brought(project, file)
    (review,) = kept(project)
    assert (review.decision, review.final) == (decision, final)
    assert (review.edit_rate is None) == (decision == "rejected")


# --- impossible rows --------------------------------------------------------------------------

IMPOSSIBLE: list[tuple[dict[str, str], str]] = [
    ({"status": "accepted", "sent": "Hello"}, "accepted, but the final differs"),
    ({"status": "edited", "sent": ""}, "edited, but there is no final"),
    ({"status": "rejected", "sent": "Hello"}, "rejected, but there is a final"),
    ({"status": "banana"}, "`decision` is 'banana', allowed are accepted, edited, rejected"),
    ({"draft": " "}, "`output` is empty"),
    ({"sent": "TRUE"}, "`final` is 'TRUE', a text is needed: --map final=COLUMN"),
    ({"prompt": ""}, "`input` is empty"),
    ({"reviewed_at": ""}, "`at` is empty"),
    ({"reviewed_at": "20/11/2026"}, "`at` is '20/11/2026', a time is written"),
    ({"reviewed_at": "0001-01-01T00:00:00+14:00"}, "`at` is"),
    ({"reviewed_at": "1999-12-31"}, "allowed is 2000 to now"),
    ({"reviewed_at": "2099-01-01"}, "allowed is 2000 to now"),
    ({"reviewed_at": TOMORROW.isoformat()}, "allowed is 2000 to now"),
    ({"model": "vv1"}, "adapter 'vv1' is unknown, did you mean `v1`?"),
    ({"model": "../../x"}, r"adapter '../../x' is unknown"),
    ({"model": ""}, "`adapter` is empty"),
    ({"task": "opener"}, "no benchmark is for task 'opener', did you mean `openers`?"),
    ({"task": ""}, "`task` is empty"),
    ({"id": "x" * 201}, "`id` has control characters or more than 200"),
    ({"editor": "a\x1b[2J"}, "`reviewer` has control characters"),
    ({"slice:industry": "a\nb"}, "`slices.industry` has control characters"),
    ({"prompt": "a\0"}, "`prompt` holds a NUL"),
]


@pytest.mark.parametrize(("wrong", "said"), IMPOSSIBLE)
def test_a_row_that_cannot_be_is_refused_with_its_line(
    project: TinyProject, file: Path, wrong: dict[str, str], said: str
) -> None:
    project.adapter("v1").write()
    write(file, [line(1), line(2, **wrong), line(3)])
    found = brought(project, file)
    assert (found.refused, found.new, found.bad_count) == (True, 0, 1)
    assert found.bad[0].startswith(f"{file}:3: ") and said in found.bad[0]
    assert found.bad[0].isprintable()
    assert kept(project) == []


@pytest.mark.long
def test_three_bad_rows_of_many_are_refused_or_skipped_as_asked(
    project: TinyProject, file: Path
) -> None:
    some = [line(number) for number in range(10_000)]
    for place in (17, 4_000, 9_999):
        some[place] = line(place, status="banana")
    write(file, some)
    found = brought(project, file)
    assert (found.refused, found.rows, found.new) == (True, 10_000, 0)
    assert [said.split(": ")[0] for said in found.bad] == [
        f"{file}:{place}" for place in (19, 4_002, 10_001)
    ]
    assert kept(project) == []
    found = brought(project, file, skip_bad=True)
    assert (found.refused, found.new, found.bad_count) == (False, 9_997, 3)
    assert len(kept(project)) == 9_997


def test_a_row_of_the_wrong_length_is_a_bad_row(project: TinyProject, file: Path) -> None:
    write(file, [line(1), ["only", "two"], [], line(2)])
    found = brought(project, file, skip_bad=True)
    assert (found.rows, found.new, found.bad) == (
        3, 2, [f"{file}:3: has 2 fields, the head has 11"],
    )  # fmt: skip


def test_many_bad_rows_are_counted_and_not_all_held(project: TinyProject, file: Path) -> None:
    write(file, [line(n, status="banana") for n in range(1_500)])
    found = brought(project, file)
    assert (found.bad_count, len(found.bad)) == (1_500, 1_000)


@pytest.mark.parametrize(
    ("told", "gone", "said"),
    [
        ({}, "draft", "no column is understood as `output`, name it with --map output=COLUMN"),
        ({}, "reviewed_at", "no column is understood as `at`"),
        ({"final": "nosuch"}, None, "no such column"),
    ],
)
def test_a_table_that_is_not_understood_is_refused_whole(
    project: TinyProject, file: Path, told: dict[str, str], gone: str | None, said: str
) -> None:
    write(file, [line(1)], [f"x{n}" if n == gone else n for n in HEAD])
    with refused(said, DataError):
        brought(project, file, told=told)


def test_the_task_is_needed_where_the_project_has_several(project: TinyProject, file: Path) -> None:
    head = [name for name in HEAD if name != "task"]
    write(file, [[cell for name, cell in zip(HEAD, line(1), strict=True) if name != "task"]], head)
    assert brought(project, file).new == 1
    toml = (project.folder / "benchmarks/openers/benchmark.toml").read_text()
    cases = [{"id": "a", "input": "a", "ideal": "b"}]
    project.benchmark("support", toml.replace('"openers"', '"support"'), cases)
    with refused("several benchmarks fit", BenchmarkError):
        brought(project, file)
    assert brought(project, file, constants={"task": "openers"}).known == 1


# --- counted once -----------------------------------------------------------------------------


@pytest.mark.long
def test_twice_in_halves_and_shuffled_the_rates_are_the_same(
    project: TinyProject, tmp_path: Path, file: Path
) -> None:
    some = lines(400)
    write(file, some)
    assert brought(project, file).new == 400
    found = brought(project, file)
    assert (found.new, found.known, found.bad_count) == (0, 400, 0)
    once = rates(project)

    def other(name: str, *parts: list[list[str]]) -> TinyProject:
        made = TinyProject(tmp_path / name)
        for number, part in enumerate(parts):
            brought(made, write(tmp_path / f"{name}{number}.csv", part))
        return made

    shuffled = random.Random(1).sample(some, len(some))
    assert rates(other("halves", some[:200], some[200:])) == once
    assert rates(other("overlapping", some[:250], some[150:])) == once
    assert rates(other("shuffled", shuffled)) == once
    assert rates(other("repeated", some + some[:50])) == once


def test_without_an_id_the_content_is_the_id(project: TinyProject, tmp_path: Path) -> None:
    head, some = HEAD[1:], [row[1:] for row in lines(30)]
    file = write(tmp_path / "a.csv", [*some, some[0]], head)
    found = brought(project, file)
    assert (found.new, found.twice) == (30, 1)
    assert brought(project, write(tmp_path / "b.csv", some[::-1], head)).known == 30


def test_an_id_that_says_two_things_is_refused(project: TinyProject, file: Path) -> None:
    write(file, [line(1), line(2), line(1, comment="else")])
    found = brought(project, file)
    assert found.bad == [
        f"{file}:4: `id` 'r1' stands already on line 2 and says something else there"
    ]
    write(file, [line(1), line(2)])
    brought(project, file)
    write(file, [line(3), line(2, sent="Hello")])
    found = brought(project, file)
    assert found.bad == [
        f"{file}:3: `id` 'r2' is in the store already and says something else there"
    ]
    assert len(kept(project)) == 2


# --- adapters ---------------------------------------------------------------------------------


def test_the_digest_is_that_of_the_folder_or_of_the_last_decision(
    project: TinyProject, file: Path
) -> None:
    project.record("promoted")
    decision = project.promote("promoted")
    adapter = project.adapter("v1", task=TASK).write()
    write(file, [line(1, model="v1"), line(2, model="promoted"), line(3, model="base")])
    brought(project, file)
    assert [review.digest for review in kept(project)] == [
        adapter.files().digest, decision.digest, NO_ADAPTER,
    ]  # fmt: skip


@pytest.mark.parametrize(("digest", "said"), [("f" * 64, "is of no base"), ("abc", "64 hexa")])
def test_another_adapters_digest_is_refused(
    project: TinyProject, file: Path, digest: str, said: str
) -> None:
    write(file, [[*line(1), NO_ADAPTER.upper()], [*line(2), digest]], (*HEAD, "digest"))
    found = brought(project, file)
    assert found.bad_count == 1 and said in found.bad[0]


# --- how a file is read -----------------------------------------------------------------------


@pytest.mark.slow
def test_any_kind_of_table_says_the_same(project: TinyProject, tmp_path: Path) -> None:
    from openpyxl import Workbook

    some = lines(20)
    objects = [dict(zip(HEAD, row, strict=True)) for row in some]
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(one) + "\n" for one in objects))
    (tmp_path / "r.tsv").write_text("\n".join("\t".join(row) for row in [list(HEAD), *some]))
    book = Workbook()
    for row in [list(HEAD), *some]:
        book.active.append(row)
    book.save(tmp_path / "r.xlsx")
    assert brought(project, write(tmp_path / "r.csv", some)).new == 20
    for name in ("r.jsonl", "r.tsv", "r.xlsx"):
        found = brought(project, tmp_path / name)
        assert (found.known, found.new, found.bad) == (20, 0, []), name


@pytest.mark.slow
def test_what_was_told_is_remembered_after_it_worked(project: TinyProject, file: Path) -> None:
    head = ["x" if name == "sent" else name for name in HEAD]
    write(file, [line(1, status="banana")], head)
    told = {"final": "x"}
    assert brought(project, file, told=told).refused
    memory = project.folder / "reports" / "columns.json"
    assert not memory.exists()
    write(file, [line(1)], head)
    assert brought(project, file, told=told, dry_run=True).new == 1
    assert not memory.exists() and kept(project) == []
    assert brought(project, file, told=told).new == 1
    assert json.loads(memory.read_text()) == {"reviews": {"final": "x"}}
    write(file, [line(2)], head)
    assert brought(project, file).new == 1
    write(file, [line(3)])
    assert brought(project, file, forget=True).new == 1
    assert json.loads(memory.read_text()) == {}


def test_a_preview_comes_before_anything_is_imported(project: TinyProject, file: Path) -> None:
    write(file, lines(5))
    seen: list[Any] = []
    with closing(project.store()) as store:
        import_reviews(
            project.project,
            store,
            file,
            ReviewImportRequest(),
            lambda p: seen.append((p, store.reviews.count())),
        )
    ((preview, count),) = seen
    assert (count, len(preview.sample)) == (0, 3)
    assert preview.columns.of["final"] == "sent"


def test_synthetic_reviews_are_known_by_their_source(project: TinyProject, file: Path) -> None:
    write(file, lines(5))
    brought(project, file, constants={"source": SYNTHETIC})
    assert {review.source for review in kept(project)} == {SYNTHETIC}
    assert all(group.synthetic == group.n for groups in rates(project) for group in groups)


@pytest.mark.long
def test_hostile_texts_come_in_as_they_are_or_are_refused_in_one_line(
    project: TinyProject, tmp_path: Path
) -> None:
    names = [name for name in HEAD if name not in ("reviewed_at", "status")]
    texts = [*(f"a{piece}b" for piece in PIECES), *PIECES, "'; DROP TABLE reviews; --"]
    objects = [
        dict(zip(HEAD, line(place, **{name: text}), strict=True))
        for place, (name, text) in enumerate((n, t) for n in names for t in texts)
    ]
    file = tmp_path / "r.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in objects))
    found = brought(project, file, skip_bad=True)
    assert found.new + found.twice + found.bad_count == len(objects)
    assert all(said.isprintable() and len(said) <= 1_000 for said in found.bad)
    reviews = kept(project)
    assert {review.reason for review in reviews} >= {"::", "a\x1b[2Jb", "a\u202eb", "=1+1"}
    assert {review.output for review in reviews} >= {"a<script>b", "a\u2028b", "<script>"}


@pytest.mark.long
def test_several_processes_rate_as_one_does(
    project: TinyProject, tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(file, lines(1_200))
    brought(project, file)
    monkeypatch.setattr(edit_rates, "MANY_BYTES", 0)
    other = TinyProject(tmp_path / "other")
    assert brought(other, file).new == 1_200
    assert kept(other) == kept(project)


# --- kill -9 ----------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and kill -9")
def test_killed_at_any_step_a_plain_run_again_gives_the_same(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    monkeypatch.setattr(importing, "_BATCH", 20)
    write(file, lines(50))
    whole = TinyProject(tmp_path / "whole")
    brought(whole, file)
    expected = rates(whole)

    def dies_at(step: int, project: TinyProject) -> None:
        count = 0

        def die(*_: object) -> None:
            nonlocal count
            count += 1
            if count == step:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(Engine, "before_cursor_execute", die)
        event.listen(Engine, "commit", die)
        brought(project, file)

    kills = 0
    for step in range(1, 200):
        project = TinyProject(tmp_path / str(step))
        project.store().close()
        work = multiprocessing.get_context("fork").Process(target=dies_at, args=(step, project))
        work.start()
        work.join()
        assert len(kept(project)) in (0, 50), "half an import"
        if work.exitcode == 0:
            break
        assert work.exitcode == -signal.SIGKILL
        kills += 1
        brought(project, file)
        assert rates(project) == expected
    assert kills > 10


@pytest.mark.long
def test_a_worker_that_is_killed_is_said(
    project: TinyProject, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(file, lines(50))
    monkeypatch.setattr(edit_rates, "MANY_BYTES", 0)
    monkeypatch.setattr(edit_rates, "rates", _die)
    with refused("ended from outside; nothing was imported", HarnessError, code=11):
        brought(project, file)
    assert kept(project) == []


def _die(pairs: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
