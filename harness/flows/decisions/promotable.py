"""The one rule of whether an adapter may be promoted now, and why not.

Promotion, status, the page Now and the next step all ask here.

Tested in tests/flows/decisions/test_promote.py.
"""

from __future__ import annotations

from harness.errors import RequestError
from harness.exit_codes import CODES
from harness.flows.evaluation.backend import AdapterRef
from harness.flows.evaluation.backends import RecordedBackend, is_about_recorded
from harness.flows.evaluation.renewal import run_is_old
from harness.flows.project import Project, utc_now
from harness.flows.rejudge import judged_again
from harness.judge.verdict import RULE
from harness.records import Benchmark, Decision, Run
from harness.store import Store
from harness.store.decisions import CurrentDecisions
from harness.store.in_production import rejected
from harness.store.seals import grounds_hold, is_proven, runs_under
from harness.store.verdicts import StoredVerdict
from harness.text.figures import count
from harness.workspace.adapters.files import read_adapter
from harness.workspace.adapters.served import is_served

_PARTIAL = "was judged on some of the cases only, run"


class NotPromotable(RequestError):
    """The adapter may not be promoted; the exit code is that of its verdict where it has one."""

    def __init__(self, message: str, code: int = RequestError.exit_code) -> None:
        super().__init__(message)
        self.exit_code = code


def verdict_for(
    project: Project,
    store: Store,
    benchmark: Benchmark,
    adapter: AdapterRef,
    current: CurrentDecisions,
) -> StoredVerdict:
    """Return the verdict that allows the promotion, judged again from the stored scores."""
    kept = current_verdict(project, store, benchmark, adapter, current)
    outcome = kept.verdict.outcome
    if outcome != "promote":
        raise NotPromotable(
            f"{adapter.name}: the verdict is {outcome}, only promote is promoted", CODES[outcome]
        )
    whole = (kept.verdict, *kept.verdict.guards)
    # what was changed by hand could turn any verdict into a promotion, so the seals come first
    runs = sorted(runs_under(kept.verdict))
    changed = [*store.verdicts.changed([kept.id]), *store.runs.changed(runs)]
    for decision in filter(None, (current.promoted, current.pinned)):
        if not grounds_hold(store, decision):
            changed.append(f"what decision {decision.seq} ({decision.adapter}) rests on")
    if changed:
        raise NotPromotable(f"{changed[0]}: was changed by hand, see `lora-harness verify`")
    if strange := [run for run in runs if not is_proven(store, run)]:
        raise NotPromotable(
            f"{adapter.name}: its verdict came with a history ({strange[0]}),"
            f" run `pytest --model {adapter.name}` here"
        )
    if any(judged_again(store, one).again.outcome != one.outcome for one in whole):
        raise NotPromotable(
            f"{adapter.name}: the stored scores do not give promote again,"
            f" run `pytest --model {adapter.name}`"
        )
    mine = store.decisions.all(str(benchmark.task))
    known = (adapter.digest, *([adapter.files.weights_digest] if adapter.files else []))
    last = next((said for digest in known if (said := rejected(mine, digest))), None)
    if last is not None:
        raise NotPromotable(
            f"{adapter.name}: was rejected by {last.by} ({last.why}), --override promotes it still"
        )
    return kept


def reference(current: CurrentDecisions, what: str) -> tuple[str, str] | None:
    """Return name and digest of the promoted or pinned adapter.

    A pin on the promoted adapter counts as none: comparing with it twice would add no evidence.
    """
    promoted, found = current.promoted, current.promoted if what == "promoted" else current.pinned
    if what == "pinned" and promoted and found and found.digest == promoted.digest:
        return None
    return (found.adapter, found.digest) if found else None


def current_verdict(
    project: Project,
    store: Store,
    benchmark: Benchmark,
    adapter: AdapterRef,
    current: CurrentDecisions,
) -> StoredVerdict:
    """Return the last verdict given under the present benchmark, policy and references."""
    mine = [
        kept
        for kept in store.verdicts.all()
        if (kept.verdict.candidate, kept.verdict.benchmark) == (adapter.name, benchmark.name)
    ]
    guards = {b.name: b.fingerprint for b in project.benchmarks.values() if b.guard}
    reasons: list[str] = []
    for kept in reversed(mine):
        outdated = _outdated(project, store, kept, benchmark, guards, adapter, current)
        if outdated is None:
            return kept
        reasons.append(outdated)
    # Only the newest is worth explaining, and a partial one only where there is no whole one.
    whole = [reason for reason in reasons if reason != _PARTIAL]
    reason = (whole or reasons or ["was not judged yet, run"])[0]
    raise NotPromotable(f"{adapter.name}: {reason} `pytest --model {adapter.name}`")


def _outdated(
    project: Project,
    store: Store,
    kept: StoredVerdict,
    benchmark: Benchmark,
    guards: dict[str, str],
    adapter: AdapterRef,
    current: CurrentDecisions,
) -> str | None:
    """Return why a verdict no longer justifies a promotion, None if it still does."""
    verdict = kept.verdict
    run = store.runs.by_id(verdict.runs["candidate"])
    if verdict.rule != RULE:
        return f"was judged by rule {verdict.rule}, the rule is {RULE} now; run"
    if (verdict.fingerprint, verdict.policy) != (benchmark.fingerprint, benchmark.policy):
        return "the benchmark changed since, run"
    if run is None or not adapter.has_judged_bytes(run.digests["adapter"]):
        return "its bytes changed since it was judged, run"
    if run.digests["adapter"] != adapter.digest:
        return "its tokenizer was not part of what was judged, run"
    if adapter.served is not None and run_is_old(adapter.served, run, utc_now()):
        return f"its answers are older than {count(adapter.served.renew, 'day')}, run"
    if not run.complete:
        return _PARTIAL
    if {guard.benchmark: guard.fingerprint for guard in verdict.guards} != guards:
        return "the guard benchmarks changed since, run"
    for what, compared in (("promoted", verdict.promoted), ("pinned", verdict.pinned)):
        wanted = reference(current, what)
        if compared != (wanted[0] if wanted else None):
            return f"was not compared with the {what} adapter, which is" + (
                f" {wanted[0]} now; run" if wanted else " none now; run"
            )
        against = store.runs.by_id(verdict.runs.get(what, ""))
        decided = current.promoted if what == "promoted" else current.pinned
        if wanted and decided and against and not _same(project, against, decided):
            return f"the {what} adapter {wanted[0]} has other bytes now; run"
    return None


def _same(project: Project, run: Run, decision: Decision) -> bool:
    """Return whether a run is of the bytes that a decision about an adapter is about."""
    name, digest = decision.adapter, decision.digest
    if run.digests["adapter"] == digest:
        return True
    if run.digests["base"] == RecordedBackend.base_digest:
        return not is_about_recorded(decision)
    if run.named or is_served(project.settings.adapters, name):
        return False
    files = read_adapter(project.settings.adapters, name)
    return files.has_judged_bytes(digest) and files.has_judged_bytes(run.digests["adapter"])
