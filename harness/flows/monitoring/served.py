"""Ask a live endpoint some prompts and ideals, and tell whether the promoted adapter answers.

What it should answer is what the store knows of the promoted bytes: no base is loaded for it.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.engines.protocol import Mounted
from harness.errors import RequestError, SettingsError
from harness.findings.live_answers import Answerer, Diagnosis, KnownAnswers, LiveAnswers, diagnose
from harness.flows.evaluation.backend import NO_ADAPTER
from harness.flows.evaluation.named import base_here
from harness.flows.evaluation.server_check import telling_cases, telling_prompts
from harness.flows.notify.notify import tell
from harness.flows.project import Project, utc_now
from harness.flows.store import open_store
from harness.records import BASE, Benchmark, Decision, Endpoint, EndpointCheck, Prompt, Run
from harness.render.notices import served_notice
from harness.store import Store
from harness.workspace.base.gguf import model_folder
from harness.workspace.formats.fields import suggestion
from harness.workspace.project.endpoint import EXAMPLE, at_url

if TYPE_CHECKING:
    from harness.engines.openai.engine import OpenAI

MAX_SIDES = 12
"""Adapters whose stored runs the answers are held against, the newest first."""


def served(
    project: Project, task: str | None, url: str, *, model: str = "", store_url: str | None = None
) -> EndpointCheck:
    """Ask an endpoint, tell who answers, and keep the answer for the page Now.

    `model` is the name that customers use; without it, the name that is the adapter's.
    """
    benchmark = project.task_benchmark(task)
    endpoint = _endpoint(project, url)
    with closing(open_store(project, store_url)) as store:
        held = store.decisions.promoted(str(benchmark.task))
        if held is None:
            raise RequestError(f"{benchmark.task}: nothing is promoted yet, so nothing is compared")
        promoted, others = _sides(store, benchmark, held)
        check = _asked(project, benchmark, endpoint, model, held, promoted, others)
        store.endpoint_checks.keep(check)
    tell(project, [served_notice(check)])
    return check


def _endpoint(project: Project, url: str) -> Endpoint:
    configured = project.settings.openai
    if not url and not configured.url:
        raise SettingsError(f"no server is named, say --url {EXAMPLE}")
    return at_url(configured, url, "--url") if url else configured


def _sides(
    store: Store, benchmark: Benchmark, held: Decision
) -> tuple[KnownAnswers, list[KnownAnswers]]:
    """Return what the promoted bytes, and all others that the store knows, answer."""
    runs = store.runs.newest_each(benchmark.name, benchmark.fingerprint)
    promoted = next((run for run in runs if run.digests.get("adapter") == held.digest), None)
    if promoted is None:
        raise RequestError(
            f"{held.adapter}: the store has no run of the promoted bytes on {benchmark.name} as it"
            f" is now, `lora-harness evaluate {held.adapter}` makes one"
        )
    alike = [
        run
        for run in runs
        if run is not promoted and run.digests.get("base") == promoted.digests.get("base")
    ]
    plain = [run for run in alike if run.adapter == BASE]
    named = [run for run in alike if run.digests.get("adapter") != NO_ADAPTER][:MAX_SIDES]
    return _side(benchmark, promoted, "promoted"), [
        *(_side(benchmark, run, "base") for run in plain[:1]),
        *(_side(benchmark, run, "another") for run in named),
    ]


def _side(benchmark: Benchmark, run: Run, answerer: Answerer) -> KnownAnswers:
    cases = {case.id for case in telling_cases(benchmark)}
    first = {r.case.id: r.outputs[0] for r in run.results if r.case.id in cases and r.outputs}
    nlls = {
        (case, 0): output.ideal_nlls[0]
        for case, output in first.items()
        if output.ideal_nlls and output.ideal_nlls[0] is not None
    }
    texts = {case: output.text for case, output in first.items()} if _greedy(benchmark) else {}
    return KnownAnswers(run.adapter, answerer, nlls, texts)


def _greedy(benchmark: Benchmark) -> bool:
    return not benchmark.generation.temperature


def _asked(
    project: Project,
    benchmark: Benchmark,
    endpoint: Endpoint,
    model: str,
    held: Decision,
    promoted: KnownAnswers,
    others: list[KnownAnswers],
) -> EndpointCheck:
    from harness.engines.openai.engine import OpenAI

    base = base_here(project)
    engine = OpenAI(endpoint, None if base is None else lambda: model_folder(base))
    listed = engine.models()
    name = model or _called(listed, held, endpoint.url)
    engine.modules.take(held.digest, name)
    adapter = Mounted(held.adapter, held.digest, project.settings.adapters / held.adapter)
    prompts = telling_prompts(benchmark, held.adapter)
    bases = [one for one, is_base in listed if is_base and one != name]
    found = diagnose(_live(engine, adapter, prompts, benchmark, bool(bases)), promoted, others)
    return _check(str(benchmark.task), endpoint.url, name, held, found)


def _called(listed: list[tuple[str, bool]], held: Decision, url: str) -> str:
    """Return the name under which an endpoint most likely serves an adapter."""
    names = [name for name, _ in listed]
    modules = [name for name, is_base in listed if not is_base]
    mine = [n for n in names if n == held.adapter or n.startswith(f"{held.adapter}-")]
    exact = [n for n in names if held.digest[:12] in n]
    for some in ([held.adapter] if held.adapter in names else [], exact, mine, modules, names):
        if len(some) == 1:
            return some[0]
    near = suggestion(held.adapter, names)
    raise RequestError(
        f"{url}: lists {', '.join(names[:8]) or 'no model'}, say by --model which of them customers"
        f" ask for{near}"
    )


def _live(
    engine: OpenAI, adapter: Mounted, prompts: list[Prompt], benchmark: Benchmark, has_base: bool
) -> LiveAnswers:
    from harness.engines.openai.engine import OtherTemplate

    greedy = replace(benchmark.generation, samples=1, temperature=0.0)

    def weighed(one: Mounted) -> dict[tuple[str, int], float]:
        batches = engine.likelihood(one, prompts, greedy) if engine.likelihoods else ()
        return {(w.case, w.ideal): w.nll for some in batches for w in some if w.nll is not None}

    try:
        nlls = weighed(adapter)
        base = weighed(Mounted(BASE, NO_ADAPTER, None)) if nlls and has_base else {}
    except OtherTemplate:
        return LiveAnswers(other_template=True)
    texts = {}
    if _greedy(benchmark):
        written = engine.generate(adapter, prompts, greedy)
        texts = {output.case: output.text for some in written for output in some}
    return LiveAnswers(nlls, texts, base)


def _check(task: str, url: str, model: str, held: Decision, found: Diagnosis) -> EndpointCheck:
    known = {"promoted": "same", "unknown": "unknown"}
    return EndpointCheck(
        task=task,
        url=url,
        model=model,
        at=utc_now(),
        promoted=held.adapter,
        digest=held.digest,
        outcome=known.get(found.answerer, "other"),  # type: ignore[arg-type]  # of these three
        answers=found.answerer,
        name=found.name,
        rounding=found.rounding,
        ideals=found.apart.n if found.apart else 0,
        distance=found.apart.mean if found.apart else None,
        texts=found.compared,
        equal=found.equal,
    )
