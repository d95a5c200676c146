"""Write a long history straight into the tables: 100,000 runs and 3,000,000 case scores.

Means and seals fit, and every verdict that stands follows from its scores, so that `lora-harness
verify` finds nothing; texts are shorter than real ones, of which a page reads a few dozen.

    python perf/history_generator.py FOLDER [--store URL]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Table

from harness.flows.project import Project
from harness.flows.rejudge import judged_again
from harness.records import BASE, Decision, MetricVerdict, Review, Verdict
from harness.store import Store, schema
from harness.store.codec import encode
from harness.store.keys import key_of
from harness.store.review_rows import row_of
from harness.store.run_checks import sealed_text
from harness.store.seals import seal_of, seal_of_grounds
from harness.store.summaries import summaries_of

METRICS = ("ideal_likelihood", "edit_similarity", "clean_rate")
INDUSTRIES = ("logistics", "health", "retail", "software", "energy")
KINDS = ("opener", "subject")
GUARD = "general"
BEGIN = datetime(2023, 6, 5, 8, tzinfo=UTC)
DAYS = 1_260
SETTINGS = """\
[tool.harness]
base = "base"
embedder = "none"
engine = "recorded"
"""
SENTENCE = "does your team still plan its routes by hand when trucks come back empty on Friday"
WORDS = SENTENCE.split()


@dataclass(frozen=True, slots=True)
class Size:
    """The length of the history."""

    runs: int = 100_000
    cases: int = 10
    tasks: int = 20
    reviews: int = 200_000
    decisions: int = 1_000
    days: int = DAYS

    @property
    def scores(self) -> int:
        """Return the number of rows of `run_scores`."""
        return self.runs * self.cases * len(METRICS)


def write_project(folder: Path, size: Size) -> Project:
    """Write settings and benchmarks: one a task, and a guard."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(SETTINGS)
    (folder / "adapters").mkdir(exist_ok=True)
    for name in (*task_names(size), GUARD):
        place = folder / "benchmarks" / name
        place.mkdir(parents=True, exist_ok=True)
        what = "guard = true" if name == GUARD else f'task = "{name}"'
        gate = '[metrics.ideal_likelihood]\nrole = "gate"\nmargin = 0.03\n'
        (place / "benchmark.toml").write_text(f'name = "{name}"\n{what}\n\n{gate}')
        lines = (json.dumps(case(number)) for number in range(size.cases))
        (place / "cases.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return Project.here(folder)


def task_names(size: Size) -> list[str]:
    """Return names such as client-07."""
    return [f"client-{number:02}" for number in range(size.tasks)]


def case(number: int) -> dict[str, Any]:
    """Return a case as a line of cases.jsonl holds it."""
    industry, kind = INDUSTRIES[number % 5], KINDS[number % 2]
    return {
        "id": f"{kind}-{industry}-{number:02}",
        "input": f"Write: {kind}\nTo: Ines Calder, Company {number} ({industry})\nFact: 62 trucks",
        "ideal": f"Hi Ines, {' '.join(WORDS[: 8 + number % 8])}?",
        "slices": {"industry": industry, "kind": kind},
    }


# --- rows -----------------------------------------------------------------------------------------

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """A run before it is written."""

    seq: int
    id: str
    adapter: str
    digest: str
    benchmark: str
    task: str | None
    fingerprint: str
    started: str
    skill: float


def plan(size: Size, fingerprints: dict[str, str]) -> Iterator[Planned]:
    """Plan nightly runs: each adapter for some weeks, a fifth on the guard, two old versions."""
    chance = np.random.default_rng(7)
    names = task_names(size)
    for number in range(size.runs):
        task = names[number % size.tasks]
        turn, turns = number // size.tasks, max(1, size.runs // size.tasks)
        guard = turn % 5 == 4
        benchmark = GUARD if guard else task
        generation = turn * 100 // turns
        adapter = BASE if turn % 50 in (0, 4) else f"{task}/openers_v{generation:03}"
        started = BEGIN + timedelta(days=size.days * turn / turns, seconds=number % size.tasks)
        version = min(2, turn * 3 // turns)
        mark = fingerprints[benchmark] if version == 2 else f"{version}" * 64
        yield Planned(
            number + 1,
            f"{started:%Y-%m-%dT%H-%M-%S}_{adapter.replace('/', '-')}_{benchmark}_{number:06x}",
            adapter,
            digest_of(adapter),
            benchmark,
            None if guard else task,
            mark,
            f"{started:%Y-%m-%dT%H:%M:%S.000Z}",
            float(0.15 if adapter == BASE else 0.45 + generation / 250 + chance.normal(0, 0.02)),
        )


def digest_of(adapter: str) -> str:
    """Return 64 hexadecimal letters made from a text."""
    return adapter.encode().hex().ljust(64, "0")[:64]


class Rows:
    """The rows that one run leaves in the tables."""

    def __init__(self, size: Size) -> None:
        self.cases = [case(number) for number in range(size.cases)]
        self._chance = np.random.default_rng(11)
        self._about = json.dumps(
            {
                "digests": {"adapter": "", "base": "b" * 64, "embedder": "none"},
                "origin": {"engine": "recorded", "decoding": {"seed": 0}, "versions": {}},
                "seconds": {"generate": 1.0, "measure": 0.1},
            }
        )

    def of(self, run: Planned) -> Iterator[tuple[Table, Row]]:
        """Yield table and row, the run's row first."""
        spread = self._chance.normal(0, 0.12, (len(self.cases), len(METRICS)))
        scores = np.clip(run.skill + spread, 0, 1)
        scores[:, 2] = scores[:, 1] > 0.5
        values = [dict(zip(METRICS, row, strict=True)) for row in scores.tolist()]
        pairs = list(zip(self.cases, values, strict=True))
        bodies = [_body(one, mine, run.seq) for one, mine in pairs]
        yield schema.runs, self._head(run, bodies)
        for place, (one, mine) in enumerate(pairs):
            yield schema.run_cases, (run.seq, place, one["id"], bodies[place])
            for metric, value in mine.items():
                yield schema.run_scores, (run.seq, one["id"], metric, value)
        about = (run.benchmark, run.adapter, run.fingerprint, run.started)
        whole, parts = summaries_of((mine, one["slices"]) for one, mine in pairs)
        for key, found in whole.items():
            yield schema.run_means, (run.seq, *key, *found, *about)
        for key, found in parts.items():
            yield schema.run_slice_means, (run.seq, *key, *found)

    def _head(self, run: Planned, bodies: list[str]) -> Row:
        about = self._about.replace('"adapter": ""', f'"adapter": "{run.digest}"')
        row: dict[str, Any] = {
            "seq": run.seq,
            "id": run.id,
            "key": f"{run.seq:064x}",
            "adapter": run.adapter,
            "digest": run.digest,
            "benchmark": run.benchmark,
            "task": run.task,
            "fingerprint": run.fingerprint,
            "complete": True,
            "started": run.started,
            "body": about,
        }
        seal = key_of("seal", run=sealed_text(row, bodies))
        return (*row.values(), seal, False)


def _body(one: dict[str, Any], scores: dict[str, float], salt: int) -> str:
    about = {"id": one["id"], "input": one["input"], "ideals": [one["ideal"]]}
    rest = {"slices": one["slices"], "critical": False, "checks": [], "group": None}
    text = f"Hi Ines, {' '.join(WORDS[salt % 5 :])}, {salt}?"
    output = {"case": one["id"], "text": text, "sample": 0, "tokens": 24, "finish": "stop"}
    return json.dumps(
        {
            "case": about | rest,
            "outputs": [output | {"ideal_nlls": [0.5]}],
            "scores": scores,
            "best_ideals": {"edit_similarity": 0},
            "checks": [],
        }
    )


def verdict_row(run: Planned, before: Planned | None) -> Row:
    """Return the row of the gate's verdict on a run."""
    outcome = ("promote", "reject", "inconclusive")[run.seq % 3]
    metrics = tuple(
        MetricVerdict(
            name, "gate", "promoted", 0.03, 0.5, run.skill, 0.01, -0.02, 0.04, 0.4, "open", 10, 10
        )
        for name in METRICS
    )
    made = Verdict(
        outcome,  # type: ignore[arg-type]
        run.task,
        run.benchmark,
        run.fingerprint,
        run.adapter,
        before.adapter if before else None,
        None,
        10,
        ("ideal likelihood is open (+0.01)", "1 case broke"),
        metrics,
        runs={"candidate": run.id} | ({"promoted": before.id} if before else {}),
    )
    return _verdict_row(run.seq, made, run.id, run.digest, run.started)


def _verdict_row(seq: int, made: Verdict, run: str, digest: str, at: str) -> Row:
    body = encode(made)
    identity = key_of("verdict", body=body, run=run)
    seal = seal_of(made, id=identity, run=run, digest=digest, made=at)
    about = (made.candidate, digest, made.benchmark, made.fingerprint, made.outcome, at)
    return (seq, identity, run, *about, body, seal)


def review_rows(size: Size) -> Iterator[tuple[Table, Row]]:
    """Yield reviews spread over tasks and time; a fifth edited, a twentieth rejected."""
    chance = np.random.default_rng(13)
    names = task_names(size)
    for number in range(size.reviews):
        task = names[number % size.tasks]
        share = number / size.reviews
        at = BEGIN + timedelta(days=size.days * share)
        adapter = f"{task}/openers_v{int(share * 100):03}"
        drawn = float(chance.random())
        decision = "rejected" if drawn < 0.05 else "edited" if drawn < 0.25 else "accepted"
        rate = None if decision == "rejected" else drawn if decision == "edited" else 0.0
        text = f"Hi Ines, {' '.join(WORDS)}?"
        row = row_of(
            Review(
                f"review-{number}",
                f"{at:%Y-%m-%dT%H:%M:%S.000Z}",
                task,
                adapter,
                digest_of(adapter),
                "To: Ines Calder",
                text,
                decision,  # type: ignore[arg-type]
                None if rate is None else text,
                "Ana",
                slices={"industry": INDUSTRIES[number % 5]},
                edit_rate=rate,
                character_rate=rate,
                source="generated",
            )
        )
        slices = row.pop("slices")
        row["seq"] = number + 1
        yield schema.reviews, tuple(row[column.name] for column in schema.reviews.c)
        for name, value in slices.items():
            yield schema.review_slices, (number + 1, name, value)


# --- writing --------------------------------------------------------------------------------------


def fill(store: Store, project: Project, size: Size, say: Callable[[str], None]) -> None:
    """Fill all tables of an empty store and update the planner's statistics."""
    fingerprints = {name: one.fingerprint for name, one in project.benchmarks.items()}
    rows = Rows(size)
    begun = time.perf_counter()
    with closing(_Writer(store)) as writer:
        newest: dict[tuple[str, str], Planned] = {}
        verdicts: dict[tuple[str, str, str, int], str] = {}
        for run in plan(size, fingerprints):
            writer.write(rows.of(run))
            if run.adapter != BASE:
                before = newest.get((run.benchmark, run.fingerprint))
                row = verdict_row(run, before)
                writer.write([(schema.verdicts, row)])
                verdicts[run.digest, run.benchmark, run.fingerprint, len(verdicts)] = row[1]
                newest[run.benchmark, run.fingerprint] = run
            if run.seq % 20_000 == 0:
                say(f"{run.seq:,} runs, {time.perf_counter() - begun:.0f} s")
        writer.write(review_rows(size))
    say(f"filled in {time.perf_counter() - begun:.0f} s")
    present = set(fingerprints.values())
    last = {key[:3]: identity for key, identity in verdicts.items() if key[2] in present}
    every = list(verdicts.values())
    decided = [every[len(every) * one // size.decisions] for one in range(size.decisions)]
    real = _judge(store, dict.fromkeys((*last.values(), *decided)))
    _decide(store, size, [real[one] for one in decided])
    _settle(store)
    say(f"judged and decided after {time.perf_counter() - begun:.0f} s")


def _judge(store: Store, identities: Iterable[str]) -> dict[str, str]:
    """Judge verdicts from their scores, in place of the invented ones; return the new ids."""
    table, found = schema.verdicts, {}
    for identity in identities:
        kept = store.verdicts.kept(identity)
        assert kept is not None
        real = judged_again(store, kept.verdict).again
        row = _verdict_row(0, real, kept.run, kept.digest, kept.made)
        cells = dict(zip(table.c.keys(), row, strict=True))
        del cells["seq"]
        with store.database.write() as connection:
            connection.execute(table.update().where(table.c.id == identity).values(cells))
        found[identity] = row[1]
    return found


def _decide(store: Store, size: Size, verdicts: list[str]) -> None:
    """Record a valid chain: promotions, with an occasional rollback and override."""
    names = task_names(size)
    for number in range(size.decisions):
        task = names[number % size.tasks]
        share = number / size.decisions
        adapter = f"{task}/openers_v{int(share * 100):03}"
        at = f"{BEGIN + timedelta(days=size.days * share):%Y-%m-%dT%H:%M:%S.000Z}"
        kind = "rollback" if number % 23 == 22 else "promote"
        decision = Decision(
            kind,  # type: ignore[arg-type]
            task,
            adapter,
            digest_of(adapter),
            "Team lead",
            "better than the one before",
            at,
            verdict=verdicts[number],
            override=number % 17 == 16,
        )
        store.decisions.add(replace(decision, rests_on=seal_of_grounds(store, decision)))


def _settle(store: Store) -> None:
    """Run the database's maintenance and set the sequences for the next writer."""
    with store.database.write() as connection:
        if connection.dialect.name == "postgresql":
            for table in ("runs", "verdicts"):
                connection.exec_driver_sql(
                    f"SELECT setval('{table}_seq_seq', (SELECT max(seq) FROM {table}))"
                )
        connection.exec_driver_sql("ANALYZE")


class _Writer:
    """A writer of many rows at once: SQLite's executemany, PostgreSQL's COPY."""

    AT_ONCE = 50_000

    def __init__(self, store: Store) -> None:
        self._engine = store.database.engine
        self._waiting: dict[Table, list[Row]] = {}
        self._count = 0

    def write(self, rows: Iterable[tuple[Table, Row]]) -> None:
        """Add a row; write the batch when it is full."""
        for table, row in rows:
            self._waiting.setdefault(table, []).append(row)
            self._count += 1
            if self._count >= self.AT_ONCE and table in (schema.runs, schema.review_slices):
                self.flush()

    def flush(self) -> None:
        """Write all rows so far, parents before children."""
        raw = self._engine.raw_connection()
        try:
            cursor = raw.cursor()
            if self._engine.dialect.name == "sqlite":
                cursor.execute("BEGIN")
            for table in schema.metadata.sorted_tables:
                self._insert(cursor, table, self._waiting.pop(table, []))
            raw.commit()
        finally:
            raw.close()
        self._count = 0

    def _insert(self, cursor: Any, table: Table, rows: list[Row]) -> None:
        if not rows:
            return
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        if self._engine.dialect.name == "sqlite":
            marks = ", ".join("?" * len(table.columns))
            cursor.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", rows)
            return
        with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def close(self) -> None:
        """Write the remaining rows."""
        self.flush()


def main() -> None:
    """Make a project with a long history."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--store", default="sqlite:///reports/harness.db")
    for name, default in (("runs", 100_000), ("tasks", 20), ("reviews", 200_000), ("cases", 10)):
        options.add_argument(f"--{name}", type=int, default=default)
    asked = options.parse_args()
    size = Size(asked.runs, asked.cases, asked.tasks, asked.reviews)
    project = write_project(asked.folder, size)
    with closing(Store(asked.store, asked.folder)) as store:
        fill(store, project, size, lambda line: print(line, file=sys.stderr))


if __name__ == "__main__":
    main()
