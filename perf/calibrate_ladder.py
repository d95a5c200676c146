"""Judge real adapters again and again on cases drawn from the ladder's scores.

A draw takes 25 of a task's 200 cases, 30 more as the reserve, and 200 of its finals with
replacement. Each re-seed was promoted once, and every adapter was the candidate: the other re-seeds
are unchanged adapters, the rest is worse. Graded harm is mixed: a re-seed whose scores are, for a
share of the cases, those of a worse adapter.

Tested in tests/perf/test_calibrate_ladder.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from ladder_scores import LadderScores, read_scores
from numpy.typing import NDArray
from peer_rules import PEERS
from scipy.special import ndtr, ndtri

from harness.judge.paired import Paired, memberships
from harness.judge.policy import default_rules
from harness.judge.rule2.decide import Trial, decide
from harness.judge.rule2.finals import Finals
from harness.records import BASE, Policy

Floats = NDArray[np.float64]
LIKELIHOOD, EDIT = "ideal_likelihood", "edit_similarity"
MARGIN = 0.03
CASES, RESERVE, SENT = 25, 30, 200
WAYS = ("cases", "reserve", "finals", "both", "verbatim", "texts")
"""Cases alone; with a reserve of 30; with 200 finals; with both; with finals all verbatim; cases
alone of an engine without likelihoods."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A candidate against a promoted adapter, with its scores on every case and final."""

    name: str
    promoted: str
    likelihood: Floats
    similarity: Floats
    sent: Floats
    verbatim: Floats


@dataclass(slots=True)
class Tally:
    """Outcomes of one kind of rung, by way of judging, and each pair's own."""

    draws: int = 0
    drop: list[float] = field(default_factory=list)
    """Mean difference over all of the task's cases, of every rung."""
    ways: dict[str, Counter[str]] = field(default_factory=dict)
    pairs: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    peers: Counter[str] = field(default_factory=Counter)
    scatter: list[float] = field(default_factory=list)
    """Standard deviation of the difference over the cases, of every rung."""

    def most(self, n: int) -> tuple[float, float]:
        """Return how many of the rungs a test of n cases could promote at most, and of the worst.

        The test is told each rung's scatter, looks at a normal mean, and promotes 5 % of adapters
        that are worse by the margin: by Neyman and Pearson no other promotes more.
        """
        found = [
            100 * float(ndtr((MARGIN + drop) / (sd / np.sqrt(n)) - ndtri(0.95)))
            for drop, sd in zip(self.drop, self.scatter, strict=True)
        ]
        return float(np.mean(found)), min(found)

    def share(self, way: str, outcome: str) -> float:
        """Return the per cent of draws with an outcome."""
        return 100 * self.ways[way][outcome] / max(self.draws, 1)

    def worst(self, way: str) -> tuple[float, float]:
        """Return the lowest share of promotions of any pair, and the highest of rejections."""
        found = [count for (_, one), count in self.pairs.items() if one == way]
        promoted = [100 * c["promote"] / c.total() for c in found]
        return min(promoted), max(100 * c["reject"] / c.total() for c in found)


def rungs(scores: LadderScores) -> Iterator[tuple[str, Rung]]:
    """Yield every candidate of the task against each re-seed, by the kind of its truth."""
    rng = np.random.default_rng(19)
    for promoted in scores.reseeds:
        for name, kind in zip(scores.names, scores.kinds, strict=True):
            if name != promoted and kind != "base":
                plain = _rung(scores, name, promoted)
                yield ("unchanged" if kind == "reseed" else _KINDS[kind]), plain
        other = scores.reseeds[(scores.reseeds.index(promoted) + 1) % len(scores.reseeds)]
        for drop in (1.0, 1.5, 2.0, 2.5):
            yield f"worse by {drop:g} margins", _worse(scores, other, promoted, drop * MARGIN)
        for share in (0.02, 0.04, 0.06):
            yield f"{share:.0%} of inputs lost", _lost(scores, other, promoted, share, None, rng)
        kind = scores.slices[0]
        yield "a slice lost (20 % of it)", _lost(scores, other, promoted, 0.2, kind, rng)


_KINDS = {
    "under": "under-trained",
    "slice": "without a slice",
    "terms": "wrong terms",
    "hot": "hotter rate",
}


def _rung(scores: LadderScores, name: str, promoted: str) -> Rung:
    row, found = scores.row(name), scores.finals[promoted]
    return Rung(
        name,
        promoted,
        scores.likelihood[row],
        scores.similarity[row],
        found.sent[row],
        found.verbatim[row],
    )


def _worse(scores: LadderScores, name: str, promoted: str, drop: float) -> Rung:
    """Blend a re-seed with the under-trained adapter until the cases' mean drop is `drop`."""
    good = _rung(scores, name, promoted)
    bad = _rung(scores, scores.names[scores.kinds.index("under")], promoted)
    reference = scores.likelihood[scores.row(promoted)].mean()
    before, after = (one.likelihood.mean() - reference for one in (good, bad))
    weight = float((before + drop) / (before - after))
    return Rung(
        good.name,
        promoted,
        *(
            np.clip((1 - weight) * getattr(good, what) + weight * getattr(bad, what), 0, 1)
            for what in ("likelihood", "similarity", "sent", "verbatim")
        ),
    )


def _lost(
    scores: LadderScores,
    name: str,
    promoted: str,
    share: float,
    kind: str | None,
    rng: np.random.Generator,
) -> Rung:
    """Give a re-seed the base's scores on a share of the inputs, or of one slice's.

    The base weighed no finals: there the scores are those of cases of the same slice.
    """
    good, base = _rung(scores, name, promoted), scores.row("base")
    cases, sent = (_picked(kinds, share, kind, rng) for kinds in (scores.slices, scores.production))
    of_kind = {one: np.flatnonzero(np.array(scores.slices) == one) for one in scores.production}
    like = np.array([rng.choice(of_kind[one]) for one in scores.production])
    return Rung(
        good.name,
        promoted,
        np.where(cases, scores.likelihood[base], good.likelihood),
        np.where(cases, scores.similarity[base], good.similarity),
        *(
            np.where(sent, np.minimum(mine, scores.likelihood[base][like]), mine)
            for mine in (good.sent, good.verbatim)
        ),
    )


def _picked(
    kinds: tuple[str, ...], share: float, kind: str | None, rng: np.random.Generator
) -> NDArray[np.bool_]:
    there = np.flatnonzero([kind is None or one == kind for one in kinds])
    chosen = rng.permutation(there)[: max(1, round(share * len(there)))]
    return np.isin(np.arange(len(kinds)), chosen)


def outcomes(scores: LadderScores, draws: int, seed: int) -> dict[str, Tally]:
    """Judge `draws` draws of every rung in every way."""
    found: dict[str, Tally] = {}
    for place, (truth, rung) in enumerate(rungs(scores)):
        tally = found.setdefault(truth, Tally(ways={way: Counter() for way in WAYS}))
        reference = scores.likelihood[scores.row(rung.promoted)]
        d = rung.likelihood - reference
        tally.drop.append(float(d.mean()))
        tally.scatter.append(float(d.std(ddof=1)))
        rng = np.random.default_rng([seed, place])
        for _ in range(draws):
            _draw(scores, rung, tally, rng)
    return found


def _draw(scores: LadderScores, rung: Rung, tally: Tally, rng: np.random.Generator) -> None:
    picked = rng.permutation(len(scores.slices))[: CASES + RESERVE]
    sent = rng.integers(len(scores.production), size=SENT)
    tally.draws += 1
    for way in WAYS:
        outcome = decide(trial(scores, rung, picked, sent, way)).outcome
        tally.ways[way][outcome] += 1
        pair = (f"{rung.name} after {rung.promoted}", way)
        tally.pairs.setdefault(pair, Counter())[outcome] += 1
    own = picked[:CASES]
    d = rung.likelihood[own] - scores.likelihood[scores.row(rung.promoted)][own]
    kinds = np.unique([scores.slices[i] for i in own], return_inverse=True)[1]
    for name, rule in PEERS.items():
        tally.peers[name] += rule(d, kinds)


def trial(
    scores: LadderScores,
    rung: Rung,
    picked: NDArray[np.int64],
    sent: NDArray[np.int64],
    way: str,
) -> Trial:
    """Return a draw as the judge takes it."""
    spare = way in ("reserve", "both")
    taken = picked if spare else picked[:CASES]
    row, base = scores.row(rung.promoted), scores.row(BASE)
    names, members = memberships([[f"kind={scores.slices[i]}"] for i in taken])
    cases = tuple(f"case-{i:03d}" for i in taken)
    paired = Paired(
        cases=cases,
        metrics=(EDIT, LIKELIHOOD),
        candidate=np.array([rung.similarity[taken], rung.likelihood[taken]]),
        references={
            name: np.array([scores.similarity[one][taken], scores.likelihood[one][taken]])
            for name, one in (("promoted", row), (BASE, base))
        },
        slices=names,
        members=members,
        critical=np.zeros(len(taken), dtype=np.bool_),
    )
    if way == "texts":
        paired = without_likelihood(paired)
    finals = None
    if way in ("finals", "both", "verbatim"):
        weighed = scores.finals[rung.promoted]
        theirs = weighed.verbatim if way == "verbatim" else weighed.sent
        mine = rung.verbatim if way == "verbatim" else rung.sent
        kinds, within = memberships([[f"kind={scores.production[i]}"] for i in sent])
        finals = Finals(
            ids=tuple(f"sent-{place:03d}" for place in range(len(sent))),
            candidate=mine[sent],
            promoted=theirs[row][sent],
            # In the order of time, as the production inputs are.
            at=tuple(f"{i:04d}" for i in sent),
            slices=kinds,
            members=within,
        )
    return Trial(
        paired,
        default_rules(paired.metrics),
        Policy(),
        Policy().alpha,
        reserve=cases[CASES:],
        available=len(taken) - CASES,
        finals=finals,
    )


def without_likelihood(paired: Paired) -> Paired:
    """Return the same scores as an engine without likelihoods has them."""
    kept = [row for row, name in enumerate(paired.metrics) if name != LIKELIHOOD]
    return replace(
        paired,
        metrics=tuple(paired.metrics[row] for row in kept),
        candidate=paired.candidate[kept],
        references={name: table[kept] for name, table in paired.references.items()},
    )


def ladder_table(task: str, draws: int, seed: int) -> None:
    """Print a line for each kind of truth, then the rules of other tools on the same draws."""
    found = outcomes(read_scores(task), draws, seed)
    print(f"real adapters on `{task}`: promote / inconclusive / reject, per cent of {draws} draws")
    print(
        f"a pair; n = {CASES}, reserve {RESERVE}, {SENT} finals, margin {MARGIN} or half the gain"
    )
    print(f"{'truth':28}{'mean d':>8}" + "".join(f"{way:>20}" for way in WAYS))
    for truth, tally in found.items():
        line = f"{truth:28}{np.mean(tally.drop):>8.3f}"
        for way in WAYS:
            shares = (tally.share(way, one) for one in ("promote", "inconclusive", "reject"))
            line += f"{' / '.join(f'{share:.1f}' for share in shares):>20}"
        print(line, flush=True)
        if truth == "unchanged":
            worst = [f"{low:.1f} / – / {high:.1f}" for low, high in map(tally.worst, WAYS)]
            print(f"{'  the worst pairs':28}{'':>8}" + "".join(f"{one:>20}" for one in worst))
            most = [tally.most(n) for n in (CASES, CASES + RESERVE)]
            told = "".join(f"{f'{mean:.1f} (worst {least:.1f})':>20}" for mean, least in most)
            print(f"{'  a test could promote':36}{told}")
    _peers(found)


def _peers(found: dict[str, Tally]) -> None:
    """Print the two errors of each rule: unchanged not promoted, worse promoted."""
    worse = [tally for truth, tally in found.items() if truth.startswith("worse by")]
    print(f"\n{'rule':28}{'unchanged rejected':>20}{'worse promoted':>20}{'together':>12}")
    rules = [(f"this one, {way}", way, "") for way in WAYS[:4]] + [(p, "", p) for p in PEERS]
    for name, way, peer in rules:
        same, total = found["unchanged"], sum(tally.draws for tally in worse)
        if peer:
            wrong = 100 - 100 * same.peers[peer] / same.draws
            passed = 100 * sum(tally.peers[peer] for tally in worse) / total
        else:
            wrong = same.share(way, "reject")
            passed = 100 * sum(tally.ways[way]["promote"] for tally in worse) / total
        print(f"{name:28}{wrong:>20.1f}{passed:>20.1f}{wrong + passed:>12.1f}")
    print()
