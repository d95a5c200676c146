"""Hold a server against this process before any of its answers is believed.

Some ideals are weighed on both sides, under the base and under each adapter. A server that serves
another base, applies a part of an adapter, or holds other files under its name gives other numbers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.errors import AdapterRefused, EngineFailed, HarnessError, SettingsError
from harness.findings.live_answers import FLOAT32, IDEALS, Distance, distance
from harness.flows.evaluation.backend import NO_ADAPTER, AdapterRef, is_base
from harness.flows.evaluation.work import Place, RunSpec, prompts_for
from harness.progress import tell
from harness.records import BASE, Benchmark, Case, Prompt
from harness.store import Store
from harness.workspace.adapters.files import MAX_WEIGHTS, WEIGHTS
from harness.workspace.formats.safetensors_header import read_header

if TYPE_CHECKING:
    from harness.flows.evaluation.backends import LocalBackend, OpenAIBackend
    from harness.workspace.adapters.files import AdapterFiles

_log = logging.getLogger(__name__)


class ServerCheck:
    """The comparison of a server with the engine of this process, once for each adapter."""

    def __init__(self, server: OpenAIBackend, here: Callable[[], LocalBackend]) -> None:
        """Take a function for the engine of this process, which is opened when it is needed."""
        self._server, self._here = server, here
        self._seen: dict[tuple[str, str], HarnessError | None] = {}
        """By digest and chat template, why an adapter was refused; None where it was not."""

    def refuse_unlike(self, spec: RunSpec, store: Store) -> None:
        """Refuse a server whose base, or whose form of an adapter, answers otherwise than here."""
        adapter, benchmark = spec.adapter, spec.benchmark
        if not spec.weighs:
            return
        self._once(AdapterRef(BASE, NO_ADAPTER), benchmark, store)
        if not is_base(adapter.name):
            self._once(adapter, benchmark, store)

    def _once(self, adapter: AdapterRef, benchmark: Benchmark, store: Store) -> None:
        key = (adapter.digest, str(benchmark.chat.rendering))
        if key not in self._seen:
            try:
                self._compare(adapter, benchmark, store)
            except EngineFailed:
                raise  # the world failed, and may work when it is asked again
            except HarnessError as problem:
                self._seen[key] = problem
            else:
                self._seen[key] = None
        if (refusal := self._seen[key]) is not None:
            raise refusal

    def _compare(self, adapter: AdapterRef, benchmark: Benchmark, store: Store) -> None:
        cases = tuple(telling_cases(benchmark))
        asked = replace(benchmark, cases=cases, reserve=())
        prompts = telling_prompts(asked, adapter.name)
        given = {
            (weighed.case, weighed.ideal): weighed.nll
            for batch in self._server.score_ideals(adapter, asked, prompts)
            for weighed in batch
            if weighed.nll is not None
        }
        if not given:
            _log.info("%s: the server weighs nothing, so it is not compared", adapter.name)
            return
        apart = distance(given, self._weighed_here(adapter, asked, store))
        assert apart is not None
        strict = benchmark.generation.dtype == "float32"
        if apart.largest <= FLOAT32 if strict else apart.rounding:
            _log.info("%s: weighs as here, %.2g apart at most", adapter.name, apart.largest)
        elif adapter.files is not None and changes_head(adapter.files):
            self._without_likelihoods(adapter, asked)
        else:
            raise _refusal(self._server.url, adapter, apart, strict)

    def _weighed_here(
        self, adapter: AdapterRef, benchmark: Benchmark, store: Store
    ) -> Mapping[Place, float]:
        """Return the NLLs of this process's engine: the store's, else weighed now and kept."""
        spec = RunSpec(adapter, benchmark, benchmark.cases, self._here())
        keys = {place: key for place, key in spec.likelihoods.items() if place[1] == 0}
        known = store.outputs.likelihoods(keys.values())
        left = [p for p in telling_prompts(benchmark, adapter.name) if keys[p.case, 0] not in known]
        if left:
            for batch in self._here().score_ideals(adapter, benchmark, left):
                found = {keys[weighed.case, weighed.ideal]: weighed.nll for weighed in batch}
                store.outputs.keep_likelihoods(found)
                known |= found
        return {p: nll for p, key in keys.items() if (nll := known[key]) is not None}

    def _without_likelihoods(self, adapter: AdapterRef, benchmark: Benchmark) -> None:
        """Leave an adapter's ideals unweighed: vLLM leaves its head out of a prompt's numbers.

        Its texts have the head, and must be those of this process.
        """
        prompts = telling_prompts(benchmark, adapter.name)
        greedy = replace(benchmark.generation, temperature=0.0, samples=1)
        asked = replace(benchmark, generation=greedy)
        here, there = (
            {o.case: o.text for some in backend.generate(adapter, asked, prompts) for o in some}
            for backend in (self._here(), self._server)
        )
        equal = sum(here[case] == there.get(case) for case in here)
        if equal < len(here) / 2:
            raise AdapterRefused(
                f"{adapter.name}: {self._server.url} writes {equal} of {len(here)} texts as this"
                " process does; it does not apply all of the adapter"
            )
        self._server.leave_unweighed(adapter)
        tell(
            f"{adapter.name}: changes lm_head, which the server leaves out of a prompt's"
            " log-probabilities; its ideals are not weighed"
        )


def telling_cases(benchmark: Benchmark) -> list[Case]:
    """Return the cases with the longest ideals: over more tokens, rounding counts less."""
    with_ideals = [case for case in benchmark.cases if case.ideals]
    by_length = sorted(with_ideals, key=lambda case: (-len(case.ideals[0]), case.id))
    return by_length[:IDEALS]


def telling_prompts(benchmark: Benchmark, adapter: str) -> list[Prompt]:
    """Return the prompts of these cases, each with its first ideal only."""
    found = (prompts_for(benchmark, case, adapter)[0] for case in telling_cases(benchmark))
    return [replace(prompt, ideals=prompt.ideals[:1]) for prompt in found]


def changes_head(files: AdapterFiles) -> bool:
    """Return whether an adapter changes the matrix that makes logits of the last layer."""
    header = read_header(files.folder / WEIGHTS, AdapterRefused, MAX_WEIGHTS)
    return any("lm_head" in name or "embed_out" in name for name in header)


def _refusal(url: str, adapter: AdapterRef, apart: Distance, strict: bool) -> HarnessError:
    figures = f"{apart.mean:.3g} apart in NLL over {apart.n} ideals"
    exact = ' `dtype = "float32"` asks for 0.0001;' if strict and apart.rounding else ""
    if not is_base(adapter.name):
        return AdapterRefused(
            f"{adapter.name}: {url} answers otherwise than this process with the same files,"
            f" {figures};{exact} it applies a part of the adapter (see --lora-target-modules), or"
            " has other files or none under that name"
        )
    what = "it serves another base"
    if apart.coarse:
        what = "it serves its weights in coarser numbers (quantised), or a base much like it"
    return SettingsError(
        f"{url}: its base answers otherwise than the base here, {figures};{exact} {what}"
    )
