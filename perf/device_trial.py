"""Try an adapter of a project on one device, with the engine and with other programs beside it.

Every function tries one thing and yields lines of the table.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path

import naive_loop
from device_memory import Narrow, little_memory
from trial_project import here
from vllm_project import Answers, Ended, outcomes, same

from harness.engines.local.device import Device
from harness.engines.local.engine import Transformers
from harness.engines.local.quantized import bitsandbytes_config
from harness.engines.protocol import Mounted
from harness.flows.evaluation.backends.local import open_device
from harness.flows.evaluation.doctor import doctor
from harness.flows.evaluation.work import prompts_for
from harness.flows.project import Project
from harness.flows.store import open_store
from harness.records import Benchmark, Output, Prompt
from harness.workspace.adapters.files import read_adapter
from harness.workspace.base.gguf import model_folder

BATCHES = (1, 8, 16)
CLOSE = 1e-4
"""How far the NLL of an ideal in float32 may be from the processor's; see engines/README.md."""


@dataclass(frozen=True)
class DeviceLine:
    """A line of the table."""

    tried: str
    seen: str
    fine: bool | None = None
    """Whether it is as wanted; None for a measurement, and for what could not be tried."""


@dataclass(frozen=True)
class DeviceTrial:
    """An adapter of a project that is set to float32, on the device of this process."""

    folder: Path
    adapter: str
    against: str
    benchmark: str

    @cached_property
    def device(self) -> Device:
        """The device on which the commands and engines of this process compute."""
        return open_device()

    @cached_property
    def asked(self) -> Benchmark:
        """The benchmark, with its decoding."""
        return Project.here(self.folder).benchmark(self.benchmark)

    @cached_property
    def prompts(self) -> list[Prompt]:
        """A prompt for each case, with its ideals."""
        return [prompts_for(self.asked, case, self.adapter)[0] for case in self.asked.cases]

    @cached_property
    def base(self) -> Path:
        """The base's folder."""
        return model_folder(Project.here(self.folder).base)

    @cached_property
    def mounted(self) -> Mounted:
        """The adapter with its digest."""
        files = read_adapter(self.folder / "adapters", self.adapter)
        return Mounted(self.adapter, files.digest, files.folder)

    def engine(self, quantize: str = "") -> Transformers:
        """Return an engine that has loaded nothing yet."""
        return Transformers(lambda: self.base, self.device, quantize=quantize)

    def written(
        self, engine: Transformers, dtype: str, batch: int, prompts: Sequence[Prompt] = ()
    ) -> dict[tuple[str, int], Output]:
        """Return the outputs to prompts, else to all of the benchmark, by case and sample."""
        how = replace(self.asked.generation, dtype=dtype, batch=batch)
        made = engine.generate(self.mounted, prompts or self.prompts, how)
        return {(one.case, one.sample): one for some in made for one in some}

    def weighed(self, engine: Transformers, dtype: str) -> list[float]:
        """Return the NLL of every ideal, in the order of cases."""
        how = replace(self.asked.generation, dtype=dtype, batch=8)
        made = engine.likelihood(self.mounted, self.prompts, how)
        found = {(one.case, one.ideal): one.nll for some in made for one in some}
        return [nll for _, nll in sorted(found.items()) if nll is not None]

    def gate(self, name: str, **environment: str) -> tuple[Ended, Answers]:
        """Judge the adapter by the command in a store of this name; return also its answers."""
        store = f"sqlite:///{self.folder / name}.db"
        words = ["--benchmark", self.benchmark, "--against", self.against, "--no-baselines"]
        done = subprocess.run(
            [sys.executable, "-m", "harness.cli", "evaluate", self.adapter, *words,
             "--store", store, "--reports", str(self.folder / f"reports_{name}"), "--json"],
            cwd=self.folder, env=here() | environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        with closing(open_store(Project.here(self.folder), store)) as opened:
            run = opened.runs.newest(self.adapter, self.benchmark)
        results = run.results if run is not None else ()
        found = {(self.benchmark, one.case.id): one.outputs[0] for one in results}
        return Ended(done.returncode, done.stdout, done.stderr), found


def doctored(trial: DeviceTrial) -> Iterator[DeviceLine]:
    """Ask the doctor, who also mounts the adapter on the device."""
    checks = doctor(Project.here(trial.folder), trial.adapter)
    bad = [f"{check.name}: {check.message}" for check in checks if not check.ok]
    seen = f"{len(checks) - len(bad)} of {len(checks)} checks passed"
    yield DeviceLine("doctor", "; ".join([seen, *bad]), not bad)


def gated(trial: DeviceTrial) -> Iterator[DeviceLine]:
    """Judge on the device and on the processor, in float32 both times."""
    on_device, answers = trial.gate("device")
    on_processor, expected = trial.gate("processor", CUDA_VISIBLE_DEVICES="")
    sides = outcomes(on_device), outcomes(on_processor)
    if not sides[0] or not sides[1]:
        seen = f"{(on_processor if sides[0] else on_device).said}"
        yield DeviceLine("gate in float32, beside the processor", seen, False)
        return
    found = same(expected, answers)
    (outcome,) = {judged[2] for judged in sides[0]}
    (wanted,) = {judged[2] for judged in sides[1]}
    yield DeviceLine(
        "gate in float32, beside the processor", f"{outcome}, there {wanted}; {found}",
        outcome == wanted and found.ideals > 0 and found.apart <= CLOSE,
    )  # fmt: skip


def batched(trial: DeviceTrial) -> Iterator[DeviceLine]:
    """Write with several batch sizes; a text must not depend on the other rows."""
    engine = trial.engine()
    for dtype in dict.fromkeys(("float32", trial.device.dtype)):
        alone = trial.written(engine, dtype, 1)
        for batch in BATCHES[1:]:
            equal = _equal(alone, trial.written(engine, dtype, batch))
            seen = f"{equal} of {len(alone)} texts as with batch 1"
            yield DeviceLine(f"batch {batch}, {dtype}", seen, equal == len(alone))


def halved(trial: DeviceTrial) -> Iterator[DeviceLine]:
    """Write with too little memory for all rows; the engine goes on with fewer, texts as before."""
    rows = [replace(prompt, sample=n) for prompt in trial.prompts for n in range(4)]
    engine = trial.engine()

    def write() -> dict[tuple[str, int], Output]:
        return trial.written(engine, "float32", len(rows), rows)

    expected = write()
    with logged("harness.engines.local.engine", "out of memory, going on") as said:
        if trial.device.kind == "cuda":
            one_row = partial(trial.written, engine, "float32", 1, rows[:1])
            with little_memory(one_row, write):
                found = write()
        else:
            engine = Narrow(lambda: trial.base, trial.device)
            found = write()
    how = "" if trial.device.kind == "cuda" else ", simulated"
    equal = _equal(expected, found)
    seen = f"{len(rows)} rows halved {len(said)} times, {equal} of {len(rows)} texts as before"
    yield DeviceLine(f"too little memory{how}", seen, bool(said) and equal == len(rows))


def quantised(trial: DeviceTrial) -> Iterator[DeviceLine]:
    """Write on the base in nf4, beside plain transformers + PEFT + bitsandbytes."""
    if find_spec("bitsandbytes") is None:
        yield DeviceLine("nf4", "not tried: bitsandbytes is not installed")
        return
    dtype, engine = "float32", trial.engine("nf4")
    alone, together = trial.written(engine, dtype, 1), trial.written(engine, dtype, 8)
    nlls = trial.weighed(engine, dtype)
    plain = trial.weighed(trial.engine(), dtype)
    apart = sum(abs(a - b) for a, b in zip(nlls, plain, strict=True)) / len(plain)
    loading = {"quantization_config": bitsandbytes_config("nf4", dtype)}
    naive = _naive(trial, dtype, **loading)["texts"]
    equal = _equal(alone, together)
    as_plain = sum(
        alone[prompt.case, 0].text == text
        for prompt, text in zip(trial.prompts, naive, strict=True)
    )
    yield DeviceLine(
        "nf4, batch 8", f"{equal} of {len(alone)} texts as with batch 1; {as_plain} as plain"
        f" generate writes; NLL {apart:.3g} from the plain base in the mean",
        equal == len(alone),
    )  # fmt: skip


def timed(trial: DeviceTrial) -> Iterator[DeviceLine]:
    """Measure tokens written in a second, after loading and a first text."""
    dtype, engine = trial.device.dtype, trial.engine()
    trial.written(engine, dtype, 1, trial.prompts[:1])
    begun = time.perf_counter()
    tokens = sum(one.tokens or 0 for one in trial.written(engine, dtype, 16).values())
    ours = tokens / (time.perf_counter() - begun)
    yield DeviceLine(f"writing, {dtype}, batch 16", f"{ours:.0f} tokens a second")
    naive = _naive(trial, dtype)
    others = {"plain generate": naive["tokens"] / naive["seconds"]}
    if find_spec("vllm") is None:
        yield DeviceLine("beside vLLM", "not tried: vLLM is not installed")
    else:
        others["vLLM"] = _vllm(trial, dtype)
    for name, speed in others.items():
        seen = f"{speed:.0f} tokens a second; the engine writes {ours / speed:.2f} times as many"
        yield DeviceLine(f"writing, {dtype}, {name}", seen)


STEPS = (doctored, gated, batched, halved, quantised, timed)


def _equal(one: dict[tuple[str, int], Output], other: dict[tuple[str, int], Output]) -> int:
    return sum(place in other and other[place].text == made.text for place, made in one.items())


def _naive(trial: DeviceTrial, dtype: str, **loading: object) -> dict[str, object]:
    """Write with plain `generate`, case after case, without weighing."""
    asked = [replace(prompt, ideals=()) for prompt in trial.prompts]
    most, folder = trial.asked.generation.max_new_tokens, trial.mounted.folder
    return naive_loop.run(trial.base, folder, asked, most, dtype, trial.device.kind, **loading)


def _vllm(trial: DeviceTrial, dtype: str) -> float:
    """Return the tokens a second of vLLM, in a process that ends with its memory."""
    formats, folder = trial.engine().formats(), trial.mounted.folder
    asked = {
        "base": str(trial.base), "adapter": str(folder), "dtype": dtype,
        "most": trial.asked.generation.max_new_tokens,
        "prompts": [
            list(formats.of(prompt.chat, folder).ids(prompt.messages)) for prompt in trial.prompts
        ],
    }  # fmt: skip
    script = Path(__file__).with_name("device_vllm.py")
    done = subprocess.run(
        [sys.executable, str(script)], env=here(), input=json.dumps(asked),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout.splitlines()[-1])


@contextmanager
def logged(name: str, words: str) -> Iterator[list[str]]:
    """Collect the messages of a logger that have these words in them."""
    found: list[str] = []

    class Collecting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if words in record.getMessage():
                found.append(record.getMessage())

    logger, handler = logging.getLogger(name), Collecting()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield found
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
