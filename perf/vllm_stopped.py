"""Scenes of a gate that a signal ends: the server and the disk are as before, and it is resumed."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator

from vllm_project import TRIED, ended, outcomes
from vllm_server import VLLMServer
from vllm_trial import BRIEF, PROMOTED, REFERENCES, Line, Trial, shown

MOMENTS = {signal.SIGTERM: 3, signal.SIGINT: 15}
"""By signal, how many of the adapter's outputs are stored when it comes."""
PATIENCE = 240.0


def stopped(trial: Trial) -> Iterator[Line]:
    """End a gate by each signal, look at what it leaves, and go on by the same command."""
    with trial.server(*trial.loaded(PROMOTED)) as server:
        for number in MOMENTS:
            yield from stopped_by(trial, server, number)


def stopped_by(trial: Trial, server: VLLMServer, number: signal.Signals) -> Iterator[Line]:
    """End a gate by one signal."""
    name, store = number.name, trial.project.copy_store(REFERENCES, f"stopped_{number.name}")
    known = trial.project.outputs(store)
    words = (
        "sweep", TRIED[0], "--engine", f"openai:{server.url}", "--json", "--store", store, *BRIEF,
    )  # fmt: skip
    before, lying = server.models(), trial.project.left()
    process = trial.project.started(*words)
    during = wait_for_module(trial, process, server, store, len(known) + MOMENTS[number])
    process.send_signal(number)
    found, after = ended(process), server.models()
    kept = newer(known, trial.project.outputs(store))
    loaded = sorted(set(during) - set(before))
    yield Line(
        f"{name} in the middle of a gate",
        f"exit {found.code} after {len(kept)} outputs, {', '.join(loaded) or 'nothing'} was loaded",
        found.code == 128 + number and bool(kept) and bool(loaded),
    )
    left = sorted(set(trial.project.left()) - set(lying))
    seen = f"modules {', '.join(after)}; left on the disk: {', '.join(left) or 'nothing'}"
    yield Line(f"{name}: server and disk as before", seen, after == before and not left)
    again = trial.project.command(*words)
    whole = newer(known, trial.project.outputs(store))
    same = sum(whole.get(key) == made for key, made in kept.items())
    fine = outcomes(again) == trial.verdicts(TRIED[0]) and same == len(kept) < len(whole)
    seen = f"{shown(outcomes(again)) or again.said}, {same} of {len(kept)} outputs not made again"
    yield Line(f"{name}: the same command goes on", seen, fine)


def newer(known: dict[str, str], found: dict[str, str]) -> dict[str, str]:
    """Return the outputs that were not known before."""
    return {key: made for key, made in found.items() if key not in known}


def wait_for_module(
    trial: Trial, process: subprocess.Popen[str], server: VLLMServer, store: str, enough: int
) -> list[str]:
    """Wait until an adapter is loaded and so many outputs are stored; return the modules."""
    until = time.monotonic() + PATIENCE
    there = server.models()
    plain = len(there)
    while time.monotonic() < until and process.poll() is None:
        there = server.models()
        if len(there) > plain and len(trial.project.outputs(store)) >= enough:
            break
        time.sleep(0.1)
    return there
