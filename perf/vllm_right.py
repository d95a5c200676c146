"""Scenes of a right server: its verdicts, texts and likelihoods are those of this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import chdir

from vllm_project import TRIED, WANTED, ended, outcomes, same
from vllm_server import VLLMServer
from vllm_trial import BRIEF, IN_PROCESS, PINNED, PROMOTED, REFERENCES, TASK, Line, Trial, shown

from harness.errors import HarnessError
from harness.flows.evaluation.backends import OpenAIBackend
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.session import open_session
from harness.flows.evaluation.work import RunSpec
from harness.flows.project import Project

EXACT = 1e-4
"""The largest distance in NLL between two programs in float32."""
REPETITIONS = 100


def right(trial: Trial) -> Iterator[Line]:
    """Try one server in float32 with all that a team does with it."""
    with trial.server(*trial.loaded(PROMOTED)) as server:
        before = server.models()
        yield from gates(trial, server)
        yield doctor(trial, server)
        yield refreshed(trial, server)
        yield swept(trial, server)
        yield two_at_once(trial, server)
        yield served(trial, server, "float32")
        after = server.models()
        yield Line("modules before and after", ", ".join(after), before == after)


def gates(trial: Trial, server: VLLMServer) -> Iterator[Line]:
    """Judge the shipped adapters, and compare all that was written and weighed."""
    promoted, rejected = TRIED
    found = trial.gate(server, rejected, store=REFERENCES)
    trial.project.copy_store(REFERENCES, "gate")
    verdicts = outcomes(found) | outcomes(trial.gate(server, promoted, store="gate"))
    task = {(adapter, outcome) for adapter, name, outcome in verdicts if name == TASK}
    fine = verdicts == trial.expected and task == WANTED
    yield Line("gate of each adapter", shown(verdicts) or found.said, fine)
    for adapter in ("base", PROMOTED, *TRIED):
        equal = trial.equal("gate", adapter)
        fine = equal.texts == equal.of > 0 and equal.apart <= EXACT and equal.ideals > 0
        yield Line(f"{adapter} beside this process", str(equal), fine)


def swept(trial: Trial, server: VLLMServer) -> Line:
    """Judge both adapters in one sweep, each made anew."""
    trial.project.copy_store("gate", "swept")
    found = trial.gate(server, *TRIED, store="swept", more=("--refresh", *BRIEF))
    verdicts = outcomes(found)
    return Line("sweep", shown(verdicts) or found.said, verdicts == trial.on_task())


def doctor(trial: Trial, server: VLLMServer) -> Line:
    """Look at an adapter with the server in the settings."""
    trial.project.set("float32", server.url)
    found = trial.project.command("doctor", TRIED[0])
    trial.project.set("float32")
    return Line("doctor", found.said, found.code == 0)


def refreshed(trial: Trial, server: VLLMServer) -> Line:
    """Ask for everything again: each output is new, and each is the same."""
    store = trial.project.copy_store("gate", "refreshed")
    before, old = trial.project.outputs(store), trial.answers("refreshed", TRIED[0])
    found = trial.gate(server, TRIED[0], store="refreshed", more=("--refresh", *BRIEF))
    after, new = trial.project.outputs(store), trial.answers("refreshed", TRIED[0])
    renewed = sum(after[key] != made for key, made in before.items() if key in after)
    equal = same(old, new).texts
    seen = f"{renewed} outputs made anew, {equal} of {len(old)} texts as before"
    fine = outcomes(found) == trial.verdicts(TRIED[0]) and renewed > 0 and equal == len(old)
    return Line("refresh", seen, fine)


def two_at_once(trial: Trial, server: VLLMServer) -> Line:
    """Judge two adapters in two processes at the same time, in one store."""
    store = trial.project.copy_store("gate", "at_once")
    words = ("--engine", f"openai:{server.url}", "--json", "--store", store, "--refresh", *BRIEF)
    running = [trial.project.started("evaluate", name, *words) for name in TRIED]
    found = [ended(process) for process in running]
    verdicts = set().union(*(outcomes(one) for one in found))
    lost = [one.said for one in found if not outcomes(one)]
    said = "; ".join([shown(verdicts), *lost])
    return Line("two gates at once", said, verdicts == trial.on_task())


def served(trial: Trial, server: VLLMServer, dtype: str) -> Line:
    """Ask whether the promoted adapter answers under the name of production."""
    found, seen = trial.served(server)
    return Line(f"served, {dtype}", f"exit {found.code}, {seen}", found.code == 0)


def preloaded(trial: Trial) -> Iterator[Line]:
    """Judge adapters that the server was started with, where it loads none at run time."""
    names = {one: trial.project.module(one) for one in (PINNED, PROMOTED, TRIED[0])}
    words = [f"{name}={trial.project.at(one)}" for one, name in names.items()]
    with trial.server("--lora-modules", words[-1], runtime=False) as server:
        found = trial.gate(server, TRIED[0], store="missing", more=BRIEF)
        told = [name for name in names.values() if name in found.out]
        seen = f"exit {found.code}, names {', '.join(told) or 'none'}"
        fine = found.code == 4 and told == [names[PINNED], names[PROMOTED]]
        yield Line("two of three modules missing", seen, fine)
    with trial.server("--lora-modules", *words, runtime=False) as server:
        before = server.models()
        trial.project.copy_store(REFERENCES, "preloaded")
        found = trial.gate(server, TRIED[0], store="preloaded", more=BRIEF)
        after, verdicts = server.models(), outcomes(found)
        fine = verdicts == trial.verdicts(TRIED[0]) and before == after
        yield Line("gate of preloaded names", shown(verdicts) or found.said, fine)
        yield beside(trial, "preloaded", "preloaded names")


def beside(trial: Trial, store: str, what: str) -> Line:
    """Compare the texts and likelihoods of the first adapter with those of this process."""
    equal = trial.equal(store, TRIED[0])
    fine = equal.texts == equal.of > 0 and 0 < equal.apart <= EXACT
    return Line(f"{TRIED[0]} beside this process, {what}", str(equal), fine)


def prefix_caching(trial: Trial) -> Iterator[Line]:
    """Judge with prompts' beginnings computed anew for each request, and remembered."""
    for word in ("--enable-prefix-caching", "--no-enable-prefix-caching"):
        store = word.strip("-")
        with trial.server(word) as server:
            trial.project.copy_store(REFERENCES, store)
            found = trial.gate(server, TRIED[0], store=store, more=BRIEF)
            verdicts = outcomes(found)
            fine = verdicts == trial.verdicts(TRIED[0])
            yield Line(f"gate with {word}", shown(verdicts) or found.said, fine)
            yield beside(trial, store, word)


def bfloat16(trial: Trial) -> Iterator[Line]:
    """Judge in bfloat16, where texts may part at a word and likelihoods round."""
    with trial.server(*trial.loaded(PROMOTED), dtype="bfloat16") as server:
        trial.project.set("bfloat16")
        found = trial.gate(server, *TRIED, store="bfloat16", more=BRIEF)
        trial.project.set("float32")
        verdicts = outcomes(found)
        fine = verdicts == trial.on_task()
        yield Line("gate in bfloat16", shown(verdicts) or found.said, fine)
        for adapter in (PROMOTED, *TRIED):
            equal = trial.equal("bfloat16", adapter)
            yield Line(f"{adapter} in bfloat16 beside float32", str(equal), equal.ideals > 0)
        yield served(trial, server, "bfloat16")
        strict = trial.gate(server, TRIED[0], store="strict", more=BRIEF)
        yield Line("bfloat16 where float32 is asked for", f"exit {strict.code}", strict.code == 4)


def repeated(trial: Trial) -> Iterator[Line]:
    """Hold a right server against this process again and again: it is never refused."""
    store = trial.project.copy_store(IN_PROCESS, "repeated")
    refused = 0
    with trial.server() as server, chdir(trial.project.folder):
        request = Request(engine=f"openai:{server.url}", store=store)
        with open_session(Project.here(), request, lambda *_: None) as session:
            adapter, benchmark = session.candidate(TRIED[0]).adapter, session.benchmark("outreach")
            backend = session.backend
            assert isinstance(backend, OpenAIBackend)
            spec = RunSpec(adapter, benchmark, benchmark.cases, backend)
            for _ in range(REPETITIONS):
                check = backend.server_check
                assert check is not None
                try:
                    check.refuse_unlike(spec, session.store)
                except HarnessError:
                    refused += 1
                del backend.server_check  # the next one compares anew
    yield Line(
        "a right server, held against this process",
        f"{refused} of {REPETITIONS} refused",
        not refused,
    )
