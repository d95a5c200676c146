"""Forgeries of a project's history, store and ledger: what an attacker would change, and how well.

`naive`: a value is changed and nothing else. `informed`: what needs no key is worked out anew, as
by somebody who has read the source. `perf/forge.py` tries them on copies of a project.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from harness.flows.rejudge import judged_again
from harness.records import Decision, Run, Verdict
from harness.store import Store
from harness.store.codec import decode, encode
from harness.store.keys import key_of
from harness.store.seals import seal_of
from tests.fakes.project import BENCHMARK, TinyProject

GOOD, BAD, TASK = "good", "bad", "openers"
HISTORY, POINTER = "reports/history.jsonl", "adapters/promoted.json"
Lines = list[dict[str, Any]]
_KINDS = {"run": Run, "verdict": Verdict, "decision": Decision}
_BESIDE = {"run": ("key",), "verdict": ("id", "run", "digest", "made"), "decision": ()}


@dataclass(frozen=True, slots=True)
class Forgery:
    """A change to a copy of a project after which a bad adapter might be promoted."""

    name: str
    make: Callable[[TinyProject], None]
    signed: bool = False
    """Whether the project asks for signed decisions."""


# --- the history in a pull request ----------------------------------------------------------


@contextmanager
def history(project: TinyProject, sealed: bool = False, old: bool = False) -> Iterator[Lines]:
    """Open a history for changes; `sealed`: with new seals, `old`: as version 1.0.0 wrote it."""
    file = project.folder / HISTORY
    lines: Lines = [json.loads(line) for line in file.read_text().splitlines()]
    yield lines
    for line in lines:
        if sealed:
            reseal(line)
        if old:
            line.pop("seal", None)
            line.pop("id", None)
    if old:
        chain([line["record"] for line in lines if line["kind"] == "decision"])
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))


def chain(decisions: Lines) -> None:
    """Hash a ledger anew, as version 1.0.0 did: its decisions named no seal."""
    before = ""
    for each in decisions:
        for name in ("rests_on", "signature"):
            each.pop(name, None)
        content = each | {"prev": before, "hash": "", "seq": 0}
        before = key_of("decision", content=content)
        each |= {"prev": content["prev"], "hash": before}


def reseal(line: dict[str, Any]) -> None:
    """Give a line the id and the seal that its record would have."""
    record: Any = decode(json.dumps(line["record"]), _KINDS[line["kind"]])
    if line["kind"] == "verdict":
        line["id"] = key_of("verdict", body=encode(record), run=line["run"])
    line["seal"] = seal_of(record, **{name: line[name] for name in _BESIDE[line["kind"]]})


def run_of(lines: Lines, adapter: str) -> dict[str, Any]:
    """Return the line of an adapter's run on the task's benchmark."""
    wanted = {"adapter": adapter, "benchmark": TASK}
    return next(
        one for one in lines if one["kind"] == "run" and wanted.items() <= one["record"].items()
    )


def _of_kind(lines: Lines, kind: str, **wanted: Any) -> dict[str, Any]:
    return next(
        one for one in lines if one["kind"] == kind and wanted.items() <= one["record"].items()
    )


def give_results(lines: Lines) -> None:
    """Give the bad adapter's run the results of the good one."""
    run_of(lines, BAD)["record"]["results"] = run_of(lines, GOOD)["record"]["results"]


def lower_promoted(lines: Lines) -> None:
    """Lower every score of the promoted adapter."""
    for result in run_of(lines, GOOD)["record"]["results"]:
        result["scores"] = dict.fromkeys(result["scores"], 0.01)


def say_promote(lines: Lines) -> None:
    """Let the verdict on the bad adapter say promote."""
    _of_kind(lines, "verdict", candidate=BAD, benchmark=TASK)["record"]["outcome"] = "promote"


def invent(project: TinyProject) -> None:
    """Write run and verdict of the bad adapter anew, all of one piece: only a decision lacks."""
    with history(project, sealed=True) as lines:
        give_results(lines)
    with closing(Store("sqlite:///forged.db", project.folder)) as store:
        from harness.flows.history import export_history, import_history

        with history(project, sealed=True) as lines:
            lines[:] = [one for one in lines if one["kind"] != "verdict" or not _on_bad(one)]
        import_history(store, project.folder / HISTORY)
        mine = [run for i in store.runs.ids() if (run := store.runs.by_id(i)) is not None]
        bad = next(run for run in mine if (run.adapter, run.benchmark) == (BAD, TASK))
        told = next(
            k for k in store.verdicts.all() if k.verdict.candidate == GOOD and k.verdict.task
        )
        runs = {**told.verdict.runs, "candidate": bad.id}
        again = judged_again(store, replace(told.verdict, candidate=BAD, runs=runs)).again
        store.verdicts.keep(again, bad.id, bad.digests["adapter"], told.made)
        (project.folder / HISTORY).write_text("".join(f"{x}\n" for x in export_history(store)))
    for file in project.folder.glob("forged.db*"):
        file.unlink()


def _on_bad(line: dict[str, Any]) -> bool:
    return bool(line["record"]["candidate"] == BAD)


def in_history(change: Callable[[Lines], None], **how: bool) -> Callable[[TinyProject], None]:
    """Return a forgery of a fresh clone's history."""

    def make(project: TinyProject) -> None:
        with history(project, **how) as lines:
            change(lines)

    return make


def _set(kind: str, field: str, value: Any) -> Callable[[Lines], None]:
    def change(lines: Lines) -> None:
        _of_kind(lines, kind)["record"][field] = value

    return change


def _result(value: Any) -> Callable[[Lines], None]:
    def change(lines: Lines) -> None:
        run_of(lines, BAD)["record"]["results"][0] |= value

    return change


def _double(lines: Lines) -> None:
    results = run_of(lines, BAD)["record"]["results"]
    results[1] = results[0]


def _swap_keys(lines: Lines) -> None:
    one, other = run_of(lines, GOOD), run_of(lines, BAD)
    one["key"], other["key"] = other["key"], one["key"]


def _one_unsealed(lines: Lines) -> None:
    give_results(lines)
    run_of(lines, BAD).pop("seal")


def _drop(kind: str, **wanted: Any) -> Callable[[Lines], None]:
    return lambda lines: lines.remove(_of_kind(lines, kind, **wanted))


def _without_decisions(lines: Lines) -> None:
    lines[:] = [line for line in lines if line["kind"] != "decision"]


_GOODS_VERDICT = {"candidate": GOOD, "benchmark": TASK}

OF_HISTORY = [
    Forgery("bad's run has good's results, naive", in_history(give_results)),
    Forgery("bad's run has good's results, informed", in_history(give_results, sealed=True)),
    Forgery("bad's run has good's results, as of 1.0.0", in_history(give_results, old=True)),
    Forgery("the promoted adapter's scores lowered, naive", in_history(lower_promoted)),
    Forgery("… lowered, informed", in_history(lower_promoted, sealed=True)),
    Forgery("… lowered, as of 1.0.0", in_history(lower_promoted, old=True)),
    Forgery("bad's verdict says promote, naive", in_history(say_promote)),
    Forgery("bad's verdict says promote, informed", in_history(say_promote, sealed=True)),
    Forgery("run and verdict of bad invented, informed", invent),
    Forgery("the keys of two runs exchanged, naive", in_history(_swap_keys)),
    Forgery("the keys of two runs exchanged, informed", in_history(_swap_keys, sealed=True)),
    Forgery("one line without its seal", in_history(_one_unsealed)),
    Forgery("a score of 1.5", in_history(_result({"scores": {"x": 1.5}}), sealed=True)),
    Forgery("a score that is a text", in_history(_result({"scores": {"x": "1"}}))),
    Forgery("a case twice", in_history(_double, sealed=True)),
    Forgery("no result", in_history(_set("run", "results", []), sealed=True)),
    Forgery("a run's id that is a path", in_history(_set("run", "id", "../x"), sealed=True)),
    Forgery("an unknown field", in_history(_set("run", "more", 1))),
    Forgery("a policy out of range", in_history(_set("verdict", "policy", {"alpha": 0.9}))),
    Forgery("a verdict without its run", in_history(_drop("run", adapter=BAD))),
    Forgery(
        "a decision without its verdict",
        in_history(_drop("verdict", candidate=GOOD, benchmark=TASK)),
    ),
    Forgery("the first decision left out", in_history(_drop("decision", seq=1))),
    Forgery("every decision left out", in_history(_without_decisions)),
    Forgery("a decision's reason changed", in_history(_set("decision", "why", "x"), sealed=True)),
]

# --- the store ------------------------------------------------------------------------------


def by_hand(*statements: str) -> Callable[[TinyProject], None]:
    """Return a forgery by statements of a database's administrator."""

    def make(project: TinyProject) -> None:
        with closing(sqlite3.connect(project.folder / "reports/harness.db")) as connection:
            for statement in statements:
                if not connection.execute(statement).rowcount:
                    raise RuntimeError(f"no row was changed by {statement}")
            connection.commit()

    return make


def with_metric(make: Callable[[TinyProject], None]) -> Callable[[TinyProject], None]:
    """Return a forgery after which a reported metric is added, so that all is scored anew."""

    def both(project: TinyProject) -> None:
        make(project)
        more = '\n[metrics.clean_rate]\nrole = "report"\n'
        project.write(f"benchmarks/{TASK}/benchmark.toml", BENCHMARK + more)

    return both


def reseal_promoted(project: TinyProject) -> None:
    """Lower the promoted adapter's scores in the store, and give its run a seal that fits."""
    by_hand(*_LOWERED)(project)
    with closing(project.store()) as store:
        identity = next(i for i, *rest in store.runs.heads() if rest == [GOOD, TASK])
        run = store.runs.by_id(identity)
        assert run is not None
        sealed = key_of("seal", run=encode(run))
        with store.database.write() as connection:
            connection.exec_driver_sql("UPDATE runs SET seal = ? WHERE id = ?", (sealed, identity))


_SEQ = "(SELECT seq FROM runs WHERE adapter = '{0}' AND benchmark = 'openers')"
_GOODS, _BADS = _SEQ.format(GOOD), _SEQ.format(BAD)
_LOWERED = (
    "UPDATE run_cases SET body = json_set(body, '$.scores.ideal_likelihood', 0.01)"
    f" WHERE run = {_GOODS}",
    f"UPDATE run_scores SET value = 0.01 WHERE metric = 'ideal_likelihood' AND run = {_GOODS}",
)
_COPIED = (
    "UPDATE run_cases SET body = (SELECT body FROM run_cases AS theirs WHERE"
    f" theirs.position = run_cases.position AND theirs.run = {_GOODS}) WHERE run = {_BADS}",
    "UPDATE run_scores SET value = (SELECT value FROM run_scores AS theirs WHERE theirs.case_id ="
    f" run_scores.case_id AND theirs.metric = run_scores.metric AND theirs.run = {_GOODS})"
    f" WHERE run = {_BADS}",
)
_OUTPUTS = "UPDATE outputs SET text = 'Hi Ana, how does Delta Freight plan its week?'"
_LIKELY = "UPDATE likelihoods SET nll = 0.001"

OF_STORE = [
    Forgery("cached outputs changed, and a metric added", with_metric(by_hand(_OUTPUTS))),
    Forgery("cached likelihoods changed, and a metric added", with_metric(by_hand(_LIKELY))),
    Forgery("bad's run has good's results", by_hand(*_COPIED)),
    Forgery("the promoted adapter's scores lowered, naive", by_hand(*_LOWERED)),
    Forgery("… lowered, informed", reseal_promoted),
    Forgery(
        "bad's verdict says promote",
        by_hand(
            "UPDATE verdicts SET outcome = 'promote', body = json_set(body, '$.outcome', 'promote')"
            " WHERE candidate = 'bad'"
        ),
    ),
    Forgery(
        "the keys of two runs exchanged",
        by_hand(
            f"UPDATE runs SET key = key || '.' WHERE seq = {_GOODS}",
            f"UPDATE runs SET key = (SELECT substr(key, 1, 64) FROM runs WHERE seq = {_GOODS})"
            f" WHERE seq = {_BADS}",
        ),
    ),
    Forgery("a decision changed", by_hand("UPDATE decisions SET adapter = 'bad' WHERE seq = 1")),
    Forgery("an override shown where there was none", by_hand("UPDATE decisions SET override = 1")),
]

# --- recorded outputs, and the converted base --------------------------------------------------


def overwritten(project: TinyProject) -> None:
    """Record worse outputs under the promoted adapter's name."""
    project.record(GOOD, quality="bad")


def one_case_worse(project: TinyProject) -> None:
    """Change a likelihood in the promoted adapter's recorded outputs."""
    file = project.folder / f"recorded/{GOOD}/{TASK}.jsonl"
    first, *rest = file.read_text().splitlines()
    worse = json.dumps(json.loads(first) | {"ideal_nll": 3.0})
    file.write_text("".join(f"{line}\n" for line in (worse, *rest)))


def negate_matrix(project: TinyProject) -> None:
    """Negate a matrix of the converted base, and give the file its old time back."""
    from safetensors.numpy import load_file, save_file

    (file,) = (project.folder / "cache/converted").glob("*/model.safetensors")
    times = file.stat()
    tensors = load_file(file)
    tensors["lm_head.weight"] = -tensors["lm_head.weight"]
    save_file(tensors, file)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


OF_RECORDED = [
    Forgery("the promoted adapter's outputs overwritten", overwritten),
    Forgery("one likelihood of the promoted adapter's changed", one_case_worse),
]
OF_CACHE = [Forgery("a matrix negated", negate_matrix)]

# --- two projects that name one store ----------------------------------------------------------


def give_id(project: TinyProject, identity: str) -> None:
    """Give a project's settings an id, or another one; an empty one takes it away."""
    file = project.folder / "pyproject.toml"
    lines = [line for line in file.read_text().splitlines() if not line.startswith("project = ")]
    if identity:
        lines.insert(1, f'project = "{identity}"')
    file.write_text("\n".join(lines) + "\n")


def without_id(project: TinyProject) -> None:
    """Name another project's store in settings that have no id."""
    give_id(project, "")


def foreign_pointer(project: TinyProject) -> None:
    """Bring the promoted file of another project, with the bad adapter in it."""
    file = project.folder / POINTER
    table = json.loads(file.read_text())
    table["project"] = "team-b"
    table["tasks"][TASK]["adapter"] = BAD
    file.write_text(json.dumps(table))


OF_PROJECTS = [
    Forgery("the store of another project, without an id", without_id),
    Forgery("the promoted file of another project", foreign_pointer),
]

# --- ledger and pointer together --------------------------------------------------------------


def _appended(project: TinyProject, sign: Callable[[Decision], str] | None) -> None:
    """Promote the bad adapter in ledger and promoted file alike, all hashes right."""
    with closing(project.store()) as store:
        first = store.decisions.unchecked()[0]
        digest = next(k.digest for k in store.verdicts.all() if k.verdict.candidate == BAD)
        store.decisions.sign = sign
        forged = replace(first, adapter=BAD, digest=digest, signature=first.signature)
        made = store.decisions.add(replace(forged, seq=0, prev="", hash=""))
    point(project, made)


def point(project: TinyProject, decision: Decision) -> None:
    """Let the promoted file name a decision's adapter."""
    file = project.folder / POINTER
    table = json.loads(file.read_text())
    said = asdict(decision)
    names = ("adapter", "digest", "override", "kind", "signature")
    table["tasks"][TASK] |= {name: said[name] for name in names}
    table["tasks"][TASK] |= {"decision": decision.hash, "files": {}, "since": decision.at}
    file.write_text(json.dumps(table))


def unsigned(project: TinyProject) -> None:
    """Append a promotion without a signature."""
    _appended(project, lambda decision: "")
    by_hand("UPDATE decisions SET signature = NULL WHERE adapter = 'bad'")(project)


def foreign(project: TinyProject) -> None:
    """Append a promotion that is signed with a key of the attacker's own."""
    from harness.workspace.adapters.decision_keys import signer
    from harness.workspace.adapters.keys import make_keys

    private = Path(project.folder) / "foreign.pem"
    make_keys(private, private.with_suffix(".pub"), for_decisions=True)
    _appended(project, signer(private))


def borrowed(project: TinyProject) -> None:
    """Append a promotion with the signature of the decision before it."""
    with closing(project.store()) as store:
        signature = str(store.decisions.unchecked()[0].signature)
    _appended(project, lambda decision: signature)


OF_SIGNATURES = [
    Forgery("ledger and pointer rewritten together, unsigned", unsigned, signed=True),
    Forgery("… with a key of the attacker's", foreign, signed=True),
    Forgery("… with another decision's signature", borrowed, signed=True),
    Forgery("a signature removed", by_hand("UPDATE decisions SET signature = NULL"), signed=True),
]
