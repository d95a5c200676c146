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
ROUNDS = 5
"""Corrections of a draft before the engine writes the text."""
SOON = 5
"""Tokens of a draft among which the right one is looked for."""
CLOSE = 1e-4
"""What float32's own rounding may change in a likelihood."""


@dataclass(frozen=True, slots=True)
class WeighedText:
    """A text after its input, under one adapter."""

    likelihood: float
    tokens: tuple[int, ...]
    first: tuple[int, ...]
    """The most likely token at each of its places."""

    @property
    def agreed(self) -> int:
        """Return how many of its first tokens greedy decoding writes too."""
        pairs = zip(self.tokens, self.first, strict=True)
        return next((n for n, (one, other) in enumerate(pairs) if one != other), len(self.tokens))


def weigh(base: Base, adapter: Path | None, rows: Sequence[Row]) -> dict[Row, WeighedText]:
    """Return the likelihood of every text under an adapter, as the harness measures it."""
    with base.with_adapter(adapter):
        return weigh_here(base, rows)


def weigh_here(base: Base, rows: Sequence[Row]) -> dict[Row, WeighedText]:
    """Return the likelihood of every text under what is merged now."""
    import torch
    from torch.nn.functional import cross_entropy

    base.read(rows)
    ordered = sorted(set(rows), key=base.length)
    found = {}
    with base.upper(), torch.no_grad():
        for start in range(0, len(ordered), READ):
            batch = ordered[start : start + READ]
            logits, tokens, sizes = base.logits(batch)
            nlls = cross_entropy(logits, tokens, reduction="none").split(sizes)
            parts = zip(nlls, tokens.split(sizes), logits.argmax(1).split(sizes), strict=True)
            for row, (nll, own, first) in zip(batch, parts, strict=True):
                likely = ideal_likelihood(nll.mean().item())
                assert likely is not None, row
                found[row] = WeighedText(likely, tuple(own.tolist()), tuple(first.tolist()))
    return found


class Writer:
    """Writes greedily: drafts are corrected where they differ, the engine writes the rest.

    Greedy decoding writes a draft if each of its tokens is the most likely one. Where one is not,
    the right one takes its place and the rest is tried again, which is exact and, with drafts that
    are nearly right, several times as fast as writing token by token.
    """

    def __init__(self, base: Base) -> None:
        self._base = base
        self._engine = Transformers(lambda: base.folder, Device("cpu", base.dtype, "any"))
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
        """Return the text for every input, and the weights of the ideals and other drafts."""
        ideals: list[Row] = [(case.input, case.ideal) for case in cases]
        drafts: list[Row] = [(one.input, text) for one in cases for text in self._drafts[one.input]]
        with self._base.with_adapter(adapter):
            weighed = weigh_here(self._base, ideals + drafts)
            texts = self._corrected(weighed)
        left = [case.input for case in cases if case.input not in texts]
        prompts = [Prompt(str(n), self._base.turns(asked)) for n, asked in enumerate(left)]
        how = Generation(max_new_tokens=MOST, batch=32)
        for outputs in self._engine.generate(Mounted(name, name, adapter), prompts, how):
            texts |= {left[int(output.case)]: output.text for output in outputs}
        self.know(texts)
        return texts, weighed

    def _corrected(self, weighed: Mapping[Row, WeighedText]) -> dict[str, str]:
        """Return what is written, for the inputs where a few corrections of a draft suffice."""
        best: dict[str, WeighedText] = {}
        for (asked, _), found in weighed.items():
            if asked not in best or found.agreed > best[asked].agreed:
                best[asked] = found
        texts: dict[str, str] = {}
        for _ in range(ROUNDS):
            tried: list[Row] = []
            for asked, found in best.items():
                tokens, over = corrected(found)
                if over:
                    texts[asked] = self._base.text(tokens)
                else:
                    tried.append((asked, tokens))
            best = {row[0]: found for row, found in weigh_here(self._base, tried).items()}
            self._base.forget(tried)
        return texts


def corrected(found: WeighedText) -> tuple[tuple[int, ...], bool]:
    """Return a draft with its first wrong token put right, and whether that is the whole text.

    A whole text comes without its end token, a draft with it. Where the right token follows soon,
    the draft has too much before it; else it takes the wrong token's place.
    """
    own, agreed = found.tokens, found.agreed
    end, kept = own[-1], own[:agreed]
    if agreed == len(own):
        return own[:-1], True
    right = found.first[agreed]
    if right == end or agreed >= MOST:
        return kept[:MOST], True
    soon = own[agreed + 1 : agreed + 1 + SOON]
    rest = own[agreed + 1 + (soon.index(right) + 1 if right in soon else 0) : -1]
    return (*(*kept, right, *rest)[:MOST], end), False


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
