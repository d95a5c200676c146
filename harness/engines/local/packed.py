"""Generate and weigh with packed sequences: shared openings are read once, free rows refilled.

Prompts that begin alike (the same system turn, the same examples) share the reading of it; ideals
are weighed on the cached prompt; and when an output ends, the next prompt takes its row.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.engines.local.attention import KVCache, PrefillAttention
from harness.engines.local.base import Base
from harness.engines.local.cores import on_single_cores
from harness.engines.local.decoding import ReadPrompt, capacity, decode
from harness.engines.local.layout import Layout
from harness.engines.local.models import CausalModel
from harness.engines.local.packing import MAX_SHARERS, WIDTH, Chunk, Segment, pack
from harness.engines.protocol import Mounted, Weighed
from harness.errors import EngineFailed
from harness.records import Generation, Output, Prompt

if TYPE_CHECKING:
    from torch import Tensor

WINDOW = 4096
"""New tokens of prompts that are read before their outputs are generated."""
LAY_OUT = 1024
"""Tokens of ideals from which on laying the weights out takes less time than it saves."""
MEMORY = 256 * 2**20
"""Bytes of read prompts that are kept, for the weighing that follows the generation."""
OPENING = 32
"""A shorter opening is not worth a separate pass."""
MAX_OPENINGS = 8
"""Openings that are kept."""


TokenizedPrompt = tuple[Prompt, tuple[int, ...]]
"""A prompt with its token ids."""


@dataclass(frozen=True, slots=True)
class IdealRows:
    """Ideals of a prompt that follow the same tokens."""

    prompt: Prompt
    ids: tuple[int, ...]
    """The prompt's tokens."""
    tails: tuple[tuple[int, tuple[int, ...]], ...]
    """Each ideal's number and tokens."""


class Packed:
    """Generation and weighing on a loaded base, with the adapter that is mounted on it."""

    def __init__(self, base: Base[CausalModel]) -> None:
        self.base = base
        # By digest and tokens, oldest first.
        self._openings: OrderedDict[tuple[str, tuple[int, ...]], KVCache] = OrderedDict()
        self._known: OrderedDict[tuple[str, tuple[int, ...]], ReadPrompt] = OrderedDict()
        self._bytes = 0

    def generate(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Output, ...]]:
        """Yield an output per prompt as it ends; prompts of the same capacity follow each other.

        Of these the longest expected output first, so that it does not run on alone at the end.
        """
        asked = sorted(
            self._tokens(adapter, prompts),
            key=lambda one: (
                capacity(len(one[1]), generation),
                -max((len(ideal) for ideal in one[0].ideals), default=0),
            ),
        )
        reads = (read for some in self._windows(adapter, asked) for read in some)
        return decode(self.base, adapter, reads, generation)

    def likelihood(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        """Yield the mean NLL of every ideal; `generation` does not affect it."""
        rows = [row for prompt in prompts for row in self._ideals(adapter, prompt)]
        steps, used = self._weighed_windows(adapter, rows), self._laid_out(rows)
        while True:
            with used():
                found = next(steps, None)
            if found is None:
                return
            yield found

    def _laid_out(self, rows: Sequence[IdealRows]) -> Callable[[], AbstractContextManager[None]]:
        """Lay the weights out for chunks where there are enough of them to make it worth while."""
        if sum(len(tail) for row in rows for _, tail in row.tails) < LAY_OUT:
            return nullcontext
        made = on_single_cores(
            lambda width: Layout(self.base.model, width, MAX_SHARERS), [WIDTH], self.base.device
        )
        return made[0].used

    def _weighed_windows(
        self, adapter: Mounted, rows: Sequence[IdealRows]
    ) -> Iterator[tuple[Weighed, ...]]:
        left = iter(rows)
        for reads in self._windows(adapter, [(row.prompt, row.ids) for row in rows]):
            asked = [
                (read, i, tail)
                for read, row in zip(reads, left, strict=False)
                for i, tail in row.tails
            ]
            found = tuple(self._weighed(asked))
            wrong = [w.case for w in found if w.nll is None or w.nll != w.nll]
            if wrong:
                raise EngineFailed(f"{adapter.name}: no likelihood for {wrong[0]} (NaN logits)")
            yield found

    def _ideals(self, adapter: Mounted, prompt: Prompt) -> Iterator[IdealRows]:
        """Yield a prompt's ideals by the prompt's tokens before them, which differ rarely."""
        form = self.base.form(adapter, prompt)
        found: dict[tuple[int, ...], list[tuple[int, tuple[int, ...]]]] = {}
        for place, ideal in enumerate(prompt.ideals):
            ids, tail = form.pair(prompt.messages, ideal)
            found.setdefault(ids, []).append((place, tail))
        for ids, tails in found.items():
            yield IdealRows(prompt, ids, tuple(tails))

    def _weighed(
        self, asked: Sequence[tuple[ReadPrompt, int, tuple[int, ...]]]
    ) -> Iterator[Weighed]:
        import torch

        tails = [tail for _, _, tail in asked]
        firsts = [read.last[None] for read, _, _ in asked]
        # The prompt's last logits weigh an ideal's first token: single tokens need no pass.
        longer = [place for place, tail in enumerate(tails) if tail[1:]]
        segments = [Segment(tails[place][:-1], asked[place][0].pasts) for place in longer]
        nlls = {p: mean_nll(firsts[p], tails[p]) for p in range(len(tails)) if not tails[p][1:]}

        def weigh(chunk: Chunk) -> dict[int, float]:
            logits = self._pass(chunk, PrefillAttention(chunk, self.base.device), 0)
            parts = zip(chunk.numbers, chunk.places, strict=True)
            found = ((longer[number], logits[start:stop]) for number, (_, start, stop) in parts)
            return {p: mean_nll(torch.cat([firsts[p], part]), tails[p]) for p, part in found}

        for some in on_single_cores(weigh, list(pack(segments, sharers=WIDTH)), self.base.device):
            nlls |= some
        for place, (read, i, _) in enumerate(asked):
            yield Weighed(read.prompt.case, i, nlls[place])

    # --- reading prompts -----------------------------------------------------------------------

    def _tokens(self, adapter: Mounted, prompts: Sequence[Prompt]) -> list[TokenizedPrompt]:
        return [(p, self.base.form(adapter, p).ids(p.messages)) for p in prompts]

    def _windows(
        self, adapter: Mounted, asked: Sequence[TokenizedPrompt]
    ) -> Iterator[list[ReadPrompt]]:
        """Read prompts a window at a time: neither all at once nor each alone."""
        window: list[TokenizedPrompt] = []
        taken = 0
        for prompt, ids in asked:
            window.append((prompt, ids))
            # A shared opening is read once, however many prompts follow it.
            taken += len(ids) - len(self._opening(adapter, prompt, ids))
            if taken >= WINDOW:
                yield self._window(adapter, window)
                window, taken = [], 0
        if window:
            yield self._window(adapter, window)

    def _window(self, adapter: Mounted, asked: Sequence[TokenizedPrompt]) -> list[ReadPrompt]:
        known: dict[tuple[int, ...], ReadPrompt] = {}
        new: dict[tuple[int, ...], tuple[Prompt, Segment]] = {}
        # Samples of a case share their tokens, so each prompt is read once.
        for prompt, ids in asked:
            if (adapter.digest, ids) in self._known:
                known[ids] = self._known[adapter.digest, ids]
            elif ids not in new:
                new[ids] = (prompt, self._segment(adapter, prompt, ids))
        for ids, read in zip(new, self._reads(new.values()), strict=True):
            known[ids] = read
            self._remember((adapter.digest, ids), read)
        return [ReadPrompt(prompt, known[ids].pasts, known[ids].last) for prompt, ids in asked]

    def _segment(self, adapter: Mounted, prompt: Prompt, ids: tuple[int, ...]) -> Segment:
        opening = self._opening(adapter, prompt, ids)
        if not opening:
            return Segment(ids)
        key = (adapter.digest, opening)
        if key not in self._openings:
            # Alone: it is read before its prompts, and needs no chunk of full width.
            (read,) = self._reads([(prompt, Segment(opening, alone=True))])
            self._openings[key] = read.pasts[0]
            if len(self._openings) > MAX_OPENINGS:
                self._openings.popitem(last=False)
        return Segment(ids[len(opening) :], (self._openings[key],))

    def _opening(self, adapter: Mounted, prompt: Prompt, ids: tuple[int, ...]) -> tuple[int, ...]:
        """Return a prompt's tokens that are read once for all prompts that begin with them."""
        opening = self.base.form(adapter, prompt).opening(prompt.messages, ids)
        return opening if len(opening) >= OPENING else ()

    def _reads(self, asked: Iterable[tuple[Prompt, Segment]]) -> list[ReadPrompt]:
        asked = list(asked)

        def read(chunk: Chunk) -> dict[int, ReadPrompt]:
            reading = PrefillAttention(chunk, self.base.device)
            # Always as many last places: their number chooses a matrix kernel as well.
            lasts = [stop - 1 for _, _, stop in chunk.places]
            logits = self._pass(chunk, reading, lasts + [0] * (MAX_SHARERS - len(lasts)))
            parts = zip(chunk.numbers, chunk.segments, reading.pasts(), logits, strict=False)
            return {
                # The clone lets the logits of the whole chunk go.
                number: ReadPrompt(asked[number][0], (*segment.pasts, past), last.clone())
                for number, segment, past, last in parts
            }

        found: dict[int, ReadPrompt] = {}
        chunks = list(pack([segment for _, segment in asked]))
        for some in on_single_cores(read, chunks, self.base.device):
            found |= some
        return [found[number] for number in range(len(asked))]

    def _remember(self, key: tuple[str, tuple[int, ...]], read: ReadPrompt) -> None:
        self._known[key] = read
        self._bytes += read.pasts[-1].bytes
        while self._bytes > MEMORY:
            _, old = self._known.popitem(last=False)
            self._bytes -= old.pasts[-1].bytes

    def last_logits(self, prompt: Prompt, ids: tuple[int, ...]) -> Tensor:
        """Return the next token's logits after a prompt, read separately and not kept."""
        (read,) = self._reads([(prompt, Segment(ids, alone=True))])
        return read.last

    def _pass(self, chunk: Chunk, reading: PrefillAttention, keep: int | list[int]) -> Tensor:
        """Run a forward pass; return the logits of some places, or of all with `keep` 0."""
        import torch

        ids, places = [self.base.pad] * chunk.width, [0] * chunk.width
        for segment, start, stop in chunk.places:
            ids[start:stop] = segment.ids
            places[start:stop] = range(segment.before, segment.before + len(segment.ids))
        device = self.base.device
        kept = keep if isinstance(keep, int) else torch.tensor(keep, device=device)
        return self.base.model(
            input_ids=torch.tensor([ids], device=device),
            position_ids=torch.tensor([places], device=device),
            use_cache=False,
            logits_to_keep=kept,
            reader=reading,
        ).logits[0]


def mean_nll(logits: Tensor, ids: Sequence[int]) -> float:
    """Return the mean NLL of tokens, each given the tokens before it."""
    import torch

    wanted = torch.tensor(ids, device=logits.device)
    # Losses in float32 and their mean in float64, whatever the model's precision.
    losses = torch.nn.functional.cross_entropy(logits.float(), wanted, reduction="none")
    return float(losses.double().mean())
