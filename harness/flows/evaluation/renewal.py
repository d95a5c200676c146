"""Keep the answers of a name: recall those that were recorded, renew those beyond their age.

A model behind a name may change unseen or be switched off. So its answers have an age, after which
they are asked for again; where the server no longer answers, the last answers count, and that is
said.

Tested in tests/flows/evaluation/test_named.py.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from harness.errors import HarnessError, StoreFailed
from harness.flows.evaluation.generation import GenerationWork
from harness.flows.project import utc_now
from harness.records import Output, Run
from harness.workspace.adapters.served import ServedModel
from harness.workspace.project.recordings import read_recording

ASKED = "asked"
"""The key of a run's origin with the time at which the oldest of its answers was given."""


def is_old(served: ServedModel, at: str, now: str) -> bool:
    """Return whether an answer given at a time is beyond the age of its name's answers."""
    return datetime.fromisoformat(now) - datetime.fromisoformat(at) > timedelta(served.renew)


def run_is_old(served: ServedModel, run: Run, now: str) -> bool:
    """Return whether any answer of a run is beyond its age."""
    return is_old(served, str(run.origin.get(ASKED) or run.started), now)


def recall(work: GenerationWork, recordings: Path) -> None:
    """Store the recorded answers of a name that the store lacks, with the time they were given."""
    spec, store = work.spec, work.store
    found = read_recording(recordings, spec.adapter.name, spec.benchmark.name)
    if found is None:
        return
    known = store.outputs.made(spec.outputs.values())
    for (case, sample), key in spec.outputs.items():
        answer = found.answers.get(key)
        if answer is not None and key not in known:
            output = Output(case, answer.text, sample, answer.tokens, answer.finish)
            store.outputs.keep_texts({key: output}, answer.at)
    weighed = store.outputs.likelihoods(spec.likelihoods.values())
    keys = set(spec.likelihoods.values()) - set(weighed)
    store.outputs.keep_likelihoods(
        {key: found.likelihoods[key] for key in keys if key in found.likelihoods}
    )


def renew(work: GenerationWork, served: ServedModel, everything: bool = False) -> str:
    """Forget the answers beyond their age once the server has given one anew.

    Return why the old answers are kept, or an empty text. With `everything` all answers are
    forgotten, and a server that does not answer is an error.
    """
    spec, store = work.spec, work.store
    made = store.outputs.made(spec.outputs.values())
    now = utc_now()
    old = {key: at for key, at in made.items() if everything or is_old(served, at, now)}
    if not old:
        return ""
    prompt = next(p for p in spec.prompts if spec.outputs[p.case, p.sample] in old)
    try:
        fresh = [o for batch in spec.backend.generate(spec.adapter, spec.benchmark, [prompt])
                 for o in batch]  # fmt: skip
    except StoreFailed:
        raise
    except HarnessError as problem:
        if everything:
            raise
        return not_answered(spec.adapter.name, problem, min(old.values()))
    store.outputs.forget([*old, *spec.likelihoods.values()])
    work.keep_texts(fresh)
    return ""


def not_answered(name: str, problem: HarnessError, at: str) -> str:
    """Return the sentence on a name whose earlier answers count, since it gives none now."""
    return f"{name}: does not answer now ({problem}), so its answers of {at[:10]} count"
