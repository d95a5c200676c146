"""Weigh texts under the ladder's adapters, and let the adapters write greedily.

Tested in tests/perf/test_ladder.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ladder_cases import LadderCase
from ladder_model import READ, Base, Row

from harness.engines.local.device import Device
from harness.engines.local.engine import Transformers
from harness.engines.protocol import Mounted
from harness.measure import ideal_likelihood
from harness.records import Generation, Prompt

MOST = 48
"""Tokens of a text at most."""
CLOSE = 1e-4
"""What float32's own rounding may change in a likelihood."""


@dataclass(frozen=True, slots=True)
class WeighedText:
    """A text after its input, under one adapter."""

    likelihood: float
    greedy: bool
    """Whether each token is the most likely one: then greedy decoding writes exactly this."""


def weigh(base: Base, adapter: Path | None, rows: Sequence[Row]) -> dict[Row, WeighedText]:
    """Return the likelihood of every text, as the harness measures it."""
    import torch
    from torch.nn.functional import cross_entropy

    base.read(rows)
    ordered = sorted(set(rows), key=base.length)
    found = {}
    with base.with_adapter(adapter), base.upper(), torch.no_grad():
        for start in range(0, len(ordered), READ):
            batch = ordered[start : start + READ]
            for row, (logits, tokens) in zip(batch, base.logits(batch), strict=True):
                likely = ideal_likelihood(cross_entropy(logits, tokens).item())
                assert likely is not None, row
                found[row] = WeighedText(likely, bool((logits.argmax(1) == tokens).all()))
    return found


class Writer:
    """Writes greedily with the project's own engine, and only what no draft foretells."""

    def __init__(self, base: Base) -> None:
        self._base = base
        self._engine = Transformers(lambda: base.folder, Device("cpu", "bfloat16", "any"))
        self._drafts: defaultdict[str, list[str]] = defaultdict(list)
        """Texts that other adapters wrote for an input: they often write the same."""

    def know(self, texts: Mapping[str, str]) -> None:
        """Take the texts of an adapter as drafts for the next ones."""
        for asked, text in texts.items():
            if text and text not in self._drafts[asked]:
                self._drafts[asked].append(text)

    def write(
        self, name: str, adapter: Path | None, cases: Sequence[LadderCase]
    ) -> tuple[dict[str, str], dict[Row, WeighedText]]:
        """Return the text for every input, and the weights of ideals and drafts."""
        drafts = [(case.input, text) for case in cases for text in self._drafts[case.input]]
        weighed = weigh(
            self._base, adapter, [*((case.input, case.ideal) for case in cases), *drafts]
        )
        texts = {asked: text for (asked, text), found in weighed.items() if found.greedy}
        left = [case.input for case in cases if case.input not in texts]
        prompts = [Prompt(str(n), self._base.turns(asked)) for n, asked in enumerate(left)]
        mounted = Mounted(name, name, adapter)
        # One wide batch: a small base on a CPU writes 200 rows in little more time than 32.
        how = Generation(max_new_tokens=MOST, batch=max(1, len(left)))
        for outputs in self._engine.generate(mounted, prompts, how):
            texts |= {left[int(output.case)]: output.text for output in outputs}
        self.know(texts)
        return texts, weighed


def compare_with_plain(folder: Path, adapter: Path, system: str, rows: Sequence[Row]) -> float:
    """Return how far a likelihood is at most from plain transformers and PEFT, in float32."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    ours = weigh(Base(folder, system, "float32"), adapter, rows)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = PeftModel.from_pretrained(model, str(adapter)).eval()
    apart = 0.0
    for asked, text in rows:
        turns = [{"role": "system", "content": system}, {"role": "user", "content": asked}]
        prompt = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        ids = tokenizer(prompt, add_special_tokens=False).input_ids
        tail = [*tokenizer(text, add_special_tokens=False).input_ids, tokenizer.eos_token_id]
        with torch.inference_mode():
            logits = model(input_ids=torch.tensor([[*ids, *tail]])).logits[0, len(ids) - 1 : -1]
        nll = torch.nn.functional.cross_entropy(logits, torch.tensor(tail))
        apart = max(apart, abs(ours[asked, text].likelihood - float(torch.exp(-nll))))
    return apart
