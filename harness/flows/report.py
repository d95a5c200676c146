"""Write the report of a run from the store into `reports/<run>/`, each file atomically."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from harness.errors import RequestError, WorldFailed, reason
from harness.flows.project import Project
from harness.flows.queries.comparison import compared, lost_texts
from harness.flows.queries.shared import interval
from harness.records import BASE, BASE_PROMPT, Decision, Run, Verdict, exported_adapter
from harness.render.report import Material, Placed, report_html, report_json, report_markdown
from harness.store import Store
from harness.store.in_production import puts_in_production
from harness.store.points import Window
from harness.store.verdicts import StoredVerdict
from harness.text.quoting import NOTHING_ELSE
from harness.workspace.formats.fields import suggestion
from harness.workspace.formats.output_file import write_output

MAX_PLACED = 12
"""Other adapters shown beside the candidate."""
REFERENCES = ("promoted", "pinned", BASE, BASE_PROMPT)
_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,199}", re.ASCII)


def _json(material: Material) -> str:
    found = report_json(material)
    return json.dumps(found, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


FORMS: Mapping[str, tuple[str, Callable[[Material], str]]] = {
    "md": ("report.md", report_markdown),
    "json": ("run.json", _json),
    "html": ("report.html", report_html),
}
"""By format, the file's name and the function that renders it."""


# --- material ---------------------------------------------------------------------------------


def material_of(project: Project, store: Store, kept: StoredVerdict) -> Material:
    """Collect everything that the store has about a verdict."""
    verdict = kept.verdict
    run = store.runs.by_id(kept.run)
    if run is None:
        raise RequestError(f"{kept.run}: is not in the store any more, so it has no report")
    named = {name: verdict.runs[name] for name in REFERENCES if name in verdict.runs}
    looked_up = {name: store.runs.by_id(identity) for name, identity in named.items()}
    references = {name: run for name, run in looked_up.items() if run is not None}
    other = references.get("promoted") or references.get(BASE)
    gates = [metric.name for metric in verdict.metrics if metric.role == "gate"]
    metric = next(iter(gates or (m.name for m in verdict.metrics)), "")
    since = _since(store, kept)
    whole = Material(
        run=run,
        verdict=verdict,
        references=references,
        compared=tuple(compared(run, other, verdict, metric)),
        metric=metric,
        against=other.adapter if other else None,
        placed=_placed(store, run, metric),
        verdict_id=kept.id,
        made=kept.made,
        promoted_at=since.at if since else None,
        overridden=bool(since and since.override),
        commands=_next(run, verdict),
        again=_again(run, verdict),
        finals=lost_texts(store, verdict),
    )
    return _shown(project, whole)


def _shown(project: Project, whole: Material) -> Material:
    """Apply the privacy settings, after texts were compared: masked texts would look equal."""
    redaction = project.redaction
    if not redaction.texts:
        empty = tuple(shape.before for shape in NOTHING_ELSE)
        notes = tuple(note for note in whole.verdict.notes if not note.startswith(empty))
        whole = replace(whole, verdict=replace(whole.verdict, notes=notes))
    return replace(redaction.record(whole), texts=redaction.texts)


def _placed(store: Store, run: Run, metric: str) -> tuple[Placed, ...]:
    """Return each adapter's newest run, up to this run, on the same version of the benchmark."""
    known = [one.adapter for one in store.trends.adapters(run.benchmark, metric)]
    chosen = dict.fromkeys([run.adapter, BASE, *known[:MAX_PLACED]])
    window = Window(run.benchmark, metric, tuple(chosen), None, run.started[:10])
    newest = {
        point.adapter: point
        for point in store.trends.points(window, "run")
        if point.fingerprint == run.fingerprint and point.at <= run.started
    }
    return tuple(
        Placed(one.adapter, one.at, one.mean, *interval(one.mean, one.squares, one.n), round(one.n))
        for one in sorted(newest.values(), key=lambda point: point.at)
    )


def _since(store: Store, kept: StoredVerdict) -> Decision | None:
    """Return the decision that had promoted the reference when the verdict was given."""
    mine = puts_in_production(store.decisions.all(kept.verdict.task))
    put = [decision for decision in mine if decision.at <= kept.made]
    return put[-1] if put and put[-1].adapter == kept.verdict.promoted else None


def _next(run: Run, verdict: Verdict) -> dict[str, str]:
    """Return the commands that may follow, by their purpose."""
    name, found = shlex.quote(run.adapter), {}
    export = exported_adapter(run.adapter) is not None
    if verdict.outcome == "promote" and verdict.task and not (verdict.identical or export):
        task = shlex.quote(verdict.task)
        found["promote it"] = f"lora-harness promote {name} --task {task} --by YOU --why TEXT"
    if verdict.promoted and not export:
        both = f"{name} {shlex.quote(verdict.promoted)}"
        found["side by side"] = (
            f"lora-harness compare {both} --benchmark {shlex.quote(run.benchmark)}"
        )
    return found


def _again(run: Run, verdict: Verdict) -> dict[str, str]:
    """Return the commands that repeat the verdict: from the stored scores, or from scratch."""
    samples = f" --samples {verdict.samples}" if verdict.samples > 1 else ""
    of = exported_adapter(run.adapter)
    name = shlex.quote(run.adapter) if of is None else f"{shlex.quote(of)} --as DIR"
    asked = f"{name} --benchmark {shlex.quote(run.benchmark)}{samples}"
    return {
        "judge the stored scores again": f"lora-harness history recompute {shlex.quote(run.id)}",
        "make it all again": f"lora-harness evaluate {asked} --refresh",
    }


# --- lookup -----------------------------------------------------------------------------------


def find(project: Project, store: Store, name: str, benchmark: str | None = None) -> StoredVerdict:
    """Return the last verdict on a run or an adapter; without a `benchmark`, try them in order."""
    kept = store.verdicts.last_on(name)
    if kept is not None:
        return kept
    if store.runs.by_id(name) is not None:
        raise RequestError(
            f"{name}: no verdict rests on this run, only what is judged has a report"
        )
    names = [project.known(benchmark).name] if benchmark else list(project.benchmarks)
    for one in names:
        found = store.verdicts.of_candidate(name, one)
        kept = store.verdicts.kept(found[0]) if found else None
        if kept is not None:
            return kept
    known = {adapter for _, adapter, _ in store.runs.heads()}
    near = suggestion(name, known) or "; `lora-harness evaluate NAME` judges one"
    raise RequestError(f"{name}: no run or judged adapter of this name{near}")


# --- files ------------------------------------------------------------------------------------


def text_of(material: Material, form: str) -> str:
    """Render the report in a form: `md`, `json` or `html`."""
    return FORMS[form][1](material)


def write(project: Project, material: Material) -> dict[str, Path]:
    """Write all forms into the run's folder and return the files by form."""
    run = material.run.id
    if not _FOLDER.fullmatch(run):  # an imported history may hold any id, `../..` included
        raise RequestError(f"{ascii(run)[:80]}: is no name for a folder, so it has no report")
    folder = project.settings.reports / run
    return {form: put(folder / name, make(material)) for form, (name, make) in FORMS.items()}


def put(file: Path, text: str) -> Path:
    """Write a report to a file, pipe or device, a file atomically, and return its path."""
    try:
        write_output(file, (text,))
    except OSError as problem:
        raise WorldFailed(
            f"{file}: cannot be written ({reason(problem)}), the verdict stands;"
            " `lora-harness report RUN` writes it after that"
        ) from problem
    return file
