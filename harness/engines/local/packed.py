"""Writing and weighing with packed sequences: what is shared is read once, a free row is refilled.

Prompts that begin alike (the same system turn, the same examples) share the reading of it; ideals
are weighed on what was read for the prompt; and when a text ends, the next prompt takes its row.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from harness.engines.local.attention import KVCache, ReadingAttention
from harness.engines.local.base import Base
from harness.engines.local.decoding import ReadPrompt, decode, room_for
from harness.engines.local.packing import SHARERS, Chunk, Segment, pack
from harness.engines.protocol import Mounted, Weighed
from harness.errors import EngineFailed
from harness.records import Generation, Output, Prompt

WINDOW = 4096
"""So many tokens of prompts are read ahead of the writing."""
MEMORY = 256 * 2**20
"""So many bytes of prompts stay read, for the weighing that follows the writing."""
OPENING = 32
"""A shorter beginning is not worth a pass of its own."""


Asked = tuple[Prompt, tuple[int, ...]]
"""A prompt with its tokens."""


class Packed:
    """One loaded base; whatever it is asked with is the model that the adapter is mounted on."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self._openings: OrderedDict[tuple[str, tuple[int, ...]], KVCache] = OrderedDict()
        self._known: OrderedDict[tuple[str, tuple[int, ...]], ReadPrompt] = OrderedDict()
        self._bytes = 0

    def write(
        self, model: Any, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Output, ...]]:
        """One output per prompt, as they end; those that need as much room after one another.

        Of these the longest first, so that none of them is still written when all rows are free.
        """
        room = room_for(generation)
        asked = sorted(
            self._tokens(prompts), key=lambda one: (room(len(one[1])), -_expected(one[0]))
        )
        reads = (read for some in self._windows(model, adapter, asked) for read in some)
        return decode(self.base, model, adapter.name, reads, generation)

    def weigh(
        self, model: Any, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        """The mean NLL of every ideal; `generation` changes nothing here."""
        for reads in self._windows(model, adapter, self._tokens(prompts)):
            asked = [(read, i) for read in reads for i in range(len(read.prompt.ideals))]
            found = tuple(self._weighed(model, asked))
            wrong = [w.case for w in found if w.nll is None or w.nll != w.nll]
            if wrong:
                raise EngineFailed(f"{adapter.name}: no likelihood for {wrong[0]} (NaN logits)")
            yield found

    def _weighed(self, model: Any, asked: Sequence[tuple[ReadPrompt, int]]) -> Iterator[Weighed]:
        import torch

        tails = [self.base.ideal(read.prompt, i) for read, i in asked]
        firsts = [read.last[None] for read, _ in asked]
        longer = [place for place, tail in enumerate(tails) if tail[1:]]
        segments = [Segment(tails[place][:-1], asked[place][0].pasts) for place in longer]
        nlls = {p: _nll(firsts[p], tails[p]) for p in range(len(tails)) if not tails[p][1:]}
        for number, logits in self._ideals(model, segments):
            place = longer[number]
            nlls[place] = _nll(torch.cat([firsts[place], logits]), tails[place])
        for place, (read, i) in enumerate(asked):
            yield Weighed(read.prompt.case, i, nlls[place])

    def _ideals(self, model: Any, segments: Sequence[Segment]) -> Iterator[tuple[int, Any]]:
        """The number of every segment, and the logits of each of its tokens."""
        for chunk in pack(segments):
            logits = self._pass(model, chunk, ReadingAttention(chunk, self.base.device), 0)
            for number, (_, start, stop) in zip(chunk.numbers, chunk.places, strict=True):
                yield number, logits[start:stop]

    # --- prompts are read ----------------------------------------------------------------------

    def _tokens(self, prompts: Sequence[Prompt]) -> list[Asked]:
        return [(prompt, self.base.ids(prompt.messages)) for prompt in prompts]

    def _windows(
        self, model: Any, adapter: Mounted, asked: Sequence[Asked]
    ) -> Iterator[list[ReadPrompt]]:
        """Prompts as read, some at a time: neither all at once nor one by one."""
        window: list[Asked] = []
        taken = 0
        for prompt, ids in asked:
            window.append((prompt, ids))
            taken += len(ids)
            if taken >= WINDOW:
                yield self._window(model, adapter, window)
                window, taken = [], 0
        if window:
            yield self._window(model, adapter, window)

    def _window(self, model: Any, adapter: Mounted, asked: Sequence[Asked]) -> list[ReadPrompt]:
        known: dict[tuple[int, ...], ReadPrompt] = {}
        new: dict[tuple[int, ...], tuple[Prompt, Segment]] = {}
        for prompt, ids in asked:
            if (adapter.digest, ids) in self._known:
                known[ids] = self._known[adapter.digest, ids]
            elif ids not in new:
                new[ids] = (prompt, self._segment(model, adapter, prompt, ids))
        for ids, read in zip(new, self._reads(model, new.values()), strict=True):
            known[ids] = read
            self._remember((adapter.digest, ids), read)
        return [ReadPrompt(prompt, known[ids].pasts, known[ids].last) for prompt, ids in asked]

    def _segment(
        self, model: Any, adapter: Mounted, prompt: Prompt, ids: tuple[int, ...]
    ) -> Segment:
        opening = self.base.opening(prompt.messages, ids)
        if len(opening) < OPENING:
            return Segment(ids)
        key = (adapter.digest, opening)
        if key not in self._openings:
            (read,) = self._reads(model, [(prompt, Segment(opening, alone=True))])
            self._openings[key] = read.pasts[0]
            if len(self._openings) > 8:
                self._openings.popitem(last=False)
        return Segment(ids[len(opening) :], (self._openings[key],))

    def _reads(self, model: Any, asked: Iterable[tuple[Prompt, Segment]]) -> list[ReadPrompt]:
        asked = list(asked)
        found: dict[int, ReadPrompt] = {}
        for chunk in pack([segment for _, segment in asked]):
            reading = ReadingAttention(chunk, self.base.device)
            logits = self._pass(model, chunk, reading, _lasts(chunk))
            for place, (number, past) in enumerate(
                zip(chunk.numbers, reading.pasts(), strict=True)
            ):
                pasts = (*chunk.segments[place].pasts, past)
                found[number] = ReadPrompt(asked[number][0], pasts, logits[place].clone())
        return [found[number] for number in range(len(asked))]

    def _remember(self, key: tuple[str, tuple[int, ...]], read: ReadPrompt) -> None:
        self._known[key] = read
        self._bytes += read.pasts[-1].bytes
        while self._bytes > MEMORY:
            _, old = self._known.popitem(last=False)
            self._bytes -= old.pasts[-1].bytes

    def last_logits(self, model: Any, prompt: Prompt) -> Any:
        """What comes after a prompt, read for this alone and not remembered."""
        alone = Segment(self.base.ids(prompt.messages), alone=True)
        (read,) = self._reads(model, [(prompt, alone)])
        return read.last

    def _pass(
        self, model: Any, chunk: Chunk, reading: ReadingAttention, keep: int | list[int]
    ) -> Any:
        """One forward pass; the logits of some places, or of all with `keep` 0."""
        import torch

        ids, places = [self.base.pad] * chunk.width, [0] * chunk.width
        for segment, start, stop in chunk.places:
            ids[start:stop] = segment.ids
            places[start:stop] = range(segment.before, segment.before + len(segment.ids))
        device = self.base.device
        kept = keep if isinstance(keep, int) else torch.tensor(keep, device=device)
        return model(
            input_ids=torch.tensor([ids], device=device),
            position_ids=torch.tensor([places], device=device),
            use_cache=False,
            logits_to_keep=kept,
            reader=reading,
        ).logits[0]


def _expected(prompt: Prompt) -> int:
    """How long its text may become, by what was written down for it; a guess is enough."""
    return max((len(ideal) for ideal in prompt.ideals), default=0)


def _nll(logits: Any, ids: Sequence[int]) -> float:
    """The mean over the tokens, each after those before it."""
    import torch

    wanted = torch.tensor(ids, device=logits.device)
    losses = torch.nn.functional.cross_entropy(logits.float(), wanted, reduction="none")
    return float(losses.double().mean())


def _lasts(chunk: Chunk) -> list[int]:
    """The last place of every segment, always as many: their number chooses a kernel as well."""
    lasts = [stop - 1 for _, _, stop in chunk.places]
    return lasts + [0] * (SHARERS - len(lasts))
