"""The commands that are broken midway, each with the project in which it runs.

scene = SCENES["promote"]
project = scene.made(tmp_path, url=None)     # made once, copied for every attempt
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.flows.decisions.promote import promote
from tests.fakes.adapters import TinyAdapter, TinyBase
from tests.fakes.project import CASES, TinyProject
from tests.fakes.served import ServedProject
from tests.flows import reviewed
from tests.store.records import make_run

DONE = re.compile("already|v1: is promoted,|it is done now")
"""What a command says, with exit code 4, that finds its work done."""


@dataclass(frozen=True)
class Scene:
    """A command, the project that it starts in, and its permitted intermediate states."""

    words: tuple[str, ...]
    made: Callable[[Path, str | None], TinyProject]
    grows: frozenset[str] = frozenset()
    """Parts of the state that may be anything between old and new: finished work is kept."""
    whole: str | None = None
    """A folder that is there with all of its files or not at all."""


# --- projects ----------------------------------------------------------------------------------


def _recorded(folder: Path, url: str | None) -> TinyProject:
    """Make a project in which `good` is promoted and `same` waits for its evaluation."""
    made = TinyProject(folder)
    if url:
        made.settings(f'store = "{url}"\n')
    made.record("good", quality="good")
    made.record("same", quality="same")
    made.record("base+prompt", quality="poor")
    promote(made.project, "good", task=None, by="Ana", why="to begin with", override=True)
    return made


def _unopened(folder: Path, url: str | None) -> TinyProject:
    """Make a project without a store, but with a history to import."""
    made = _recorded(folder, url)
    _evaluate(made, "good")
    _export(made, "reports/history.jsonl")
    for left in (folder / "reports").glob("harness.db*"):
        left.unlink()
    return made


def _served(folder: Path, url: str | None) -> TinyProject:
    made = ServedProject(folder, url)
    made.line("v1")
    made.judge("v2")
    return made


def _served_two(folder: Path, url: str | None) -> TinyProject:
    made = _served(folder, url)
    assert isinstance(made, ServedProject)
    made.put("v2")
    return made


def _to_train(folder: Path, url: str | None) -> TinyProject:
    made = _served(folder, url)
    rows = [{"input": f"person {n}", "output": f"Hi {n}!"} for n in range(50)]
    made.write_lines("data.jsonl", rows)
    return made


def _to_import(folder: Path, url: str | None) -> TinyProject:
    made = _recorded(folder, url)
    made.write_lines("cases.jsonl", [{"text": c["input"], "ideal": c["ideal"]} for c in CASES])
    return made


def _to_replace(folder: Path, url: str | None) -> TinyProject:
    made = _to_import(folder, url)
    made.benchmark("replies", 'name = "replies"\ntask = "replies"\n', CASES[:5])
    made.benchmark("replies", _replies_toml(made), CASES[:5])
    return made


def _replies_toml(made: TinyProject) -> str:
    toml = (made.folder / "benchmarks/openers/benchmark.toml").read_text(encoding="utf-8")
    return toml.replace('"openers"', '"replies"')


def _to_review(folder: Path, url: str | None) -> TinyProject:
    made = _recorded(folder, url)
    reviewed.write(folder / "october.csv", reviewed.lines(40))
    return made


def _to_carry(folder: Path, url: str | None) -> TinyProject:
    """Make an empty store beside the exported history of another store, and its outputs."""
    other = _recorded(folder.with_name("other"), None)
    _evaluate(other, "good", "same")
    _export(other, "history.jsonl")
    made = TinyProject(folder)
    if url:
        made.settings(f'store = "{url}"\n')
    made.store().close()
    shutil.copy(other.folder / "history.jsonl", folder / "history.jsonl")
    shutil.copytree(other.folder / "recorded", folder / "recorded", dirs_exist_ok=True)
    shutil.rmtree(other.folder)
    return made


def _to_prune(folder: Path, url: str | None) -> TinyProject:
    made = _served(folder, url)
    assert isinstance(made, ServedProject)
    with made.opened() as store:
        for adapter in ("base", "v1"):
            for number in range(3):
                name = f"spare-{adapter}-{number}"
                store.runs.keep(make_run(name, adapter, 2), f"key {name}")
    return made


def _evaluate(project: TinyProject, *names: str) -> None:
    import harness

    for name in names:
        harness.evaluate(name, project=project.folder, baselines=False)


def _export(project: TinyProject, place: str) -> None:
    from harness.flows.history import export_history

    store = project.store()
    project.write(place, "".join(f"{line}\n" for line in export_history(store)))
    store.close()


_TOLD = ("--map", "input=text")
_BY = ("--by", "Ana", "--why", "it is good")
_FINISHED = frozenset({"runs", "verdicts", "outputs"})
SCENES = {
    "evaluate": Scene(("evaluate", "same"), _recorded, _FINISHED),
    "evaluate in a new store": Scene(("evaluate", "same"), _unopened, _FINISHED | {"ledger"}),
    "promote": Scene(("promote", "v2", *_BY), _served),
    "rollback": Scene(("rollback", "v1", *_BY), _served_two),
    "train": Scene(("train", "v3", "--data", "data.jsonl"), _to_train, whole="adapters/v3"),
    "benchmark import": Scene(
        ("benchmark", "import", "cases.jsonl", "--name", "replies", *_TOLD), _to_import
    ),
    "benchmark import --replace": Scene(
        ("benchmark", "import", "cases.jsonl", "--name", "replies", "--replace", *_TOLD),
        _to_replace,
    ),
    "reviews import": Scene(
        ("reviews", "import", "october.csv", "--map", "final=sent"), _to_review
    ),
    "history import": Scene(("history", "import", "history.jsonl"), _to_carry),
    "history prune": Scene(("history", "prune", "--keep", "1"), _to_prune),
}
"""By name."""
IN_THE_STORE = ("evaluate", "promote", "rollback", "reviews import", "history import",
                "history prune")  # fmt: skip
"""Those that change a store, which may be a server's."""


# --- stand-ins -----------------------------------------------------------------------------------


class StepTrainer:
    """Replace TRL: leave a checkpoint after every step and continue from the last one."""

    STEPS = 3

    def __init__(self, finished: Callable[[str], None]) -> None:
        self.finished = finished

    def __call__(
        self,
        base: Path,
        lessons: Sequence[Any],
        recipe: Any,
        work: Path,
        parent: Any,
        on_progress: Any,
        quantize: str,
    ) -> list[float]:
        from safetensors.numpy import save

        from harness.engines.trainer import _last_checkpoint

        last = _last_checkpoint(work)
        done = int(Path(last).name.removeprefix("checkpoint-")) if last else 0
        for step in range(done + 1, self.STEPS + 1):
            folder = work / f"checkpoint-{step}"
            folder.mkdir(exist_ok=True)
            (folder / "adapter_model.safetensors").write_bytes(b"half of the way" * 500)
            (folder / "trainer_state.json").write_text(f'{{"step": {step}}}', encoding="utf-8")
            self.finished(f"step {step}")
        made = TinyAdapter(work, "adapter", TinyBase.there(base), seed=recipe.seed)
        made.folder.mkdir(exist_ok=True)
        made.write_json("adapter_config.json", made.config)
        made.weights.write_bytes(save(made.tensors))
        (made.folder / "README.md").write_text("what PEFT says", encoding="utf-8")
        return [1.25, 0.5]


def stand_in(finished: Callable[[str], None]) -> None:
    """Patch this process: train no model, write in batches, and report all that is kept."""
    from harness.engines.recorded import Recorded
    from harness.flows.training import train
    from harness.store.outputs import Outputs
    from harness.store.runs import Runs

    train.train_lora = StepTrainer(finished)  # type: ignore[assignment]
    for name in ("generate", "likelihood"):
        setattr(Recorded, name, _in_batches(getattr(Recorded, name)))
    for name, shelf in (("keep_texts", Outputs), ("keep_likelihoods", Outputs)):
        setattr(
            shelf, name, _reporting(getattr(shelf, name), lambda given: list(given[0]), finished)
        )
    Runs.keep = _reporting(Runs.keep, lambda given: [given[1]], finished)  # type: ignore[method-assign]


def _in_batches(real: Callable[..., Iterator[Any]], size: int = 3) -> Callable[..., Iterator[Any]]:
    def written(self: Any, adapter: Any, prompts: Any, generation: Any) -> Iterator[Any]:
        for start in range(0, len(prompts), size):
            yield from real(self, adapter, prompts[start : start + size], generation)

    return written


def _reporting(
    real: Callable[..., Any],
    keys: Callable[[tuple[Any, ...]], list[str]],
    finished: Callable[[str], None],
) -> Callable[..., Any]:
    def kept(self: Any, *given: Any, **more: Any) -> Any:
        found = real(self, *given, **more)
        if self._database._thread.shared is not None:
            return found  # part of a larger transaction: nothing is finished yet
        for key in keys(given):
            finished(f"{real.__name__} {key}")
        return found

    return kept
