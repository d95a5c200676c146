"""Make synthetic reviews, labelled as such, so that a fresh clone has a trend to show.

Thirteen weeks in which edits of the first adapter slowly grow, then the first day of the promoted
one. Same seed and history, same file:  python perf/synthetic_reviews.py
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

REPORTS = Path(__file__).parents[1] / "reports"
TASK = "outreach"
WEEKS, A_WEEK, FIRST_DAY = 13, 43, 42
SEED = 20

PEOPLE = (
    "Ada",
    "Bo",
    "Carla",
    "Deniz",
    "Emre",
    "Fay",
    "Gil",
    "Hedda",
    "Ivan",
    "Jo",
    "Kaya",
    "Lars",
)
REVIEWERS = ("Maren", "Tobias", "Yusuf", "Lotte")
WHY = ("names the wrong company", "invents a number", "not our tone", "answers another question")


@dataclass(frozen=True)
class Field:
    """The customers of one industry."""

    companies: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    """What they have, and what to ask about."""


FIELDS = {
    "logistics": Field(
        ("Brackwater Freight", "Tollgate Lines", "Sandmark Haulage", "Ostby Cargo"),
        (("runs 70 trucks", "empty miles"), ("moves 900 pallets a day", "late pickups")),
    ),
    "healthcare": Field(
        ("Willowmere Clinics", "Harrow Lane Care", "Calder Wards", "Northfold Health"),
        (("runs 12 clinics", "missed appointments"), ("opened 3 wards", "night rotas")),
    ),
    "manufacturing": Field(
        ("Dunholm Castings", "Arkwell Presses", "Vesper Steel", "Lindqvist Tools"),
        (("runs 14 presses", "unplanned stops"), ("works 3 shifts", "scrap parts")),
    ),
    "retail": Field(
        ("Fernhill Home", "Copperleaf Stores", "Bexley Foods", "Marlow Shoes"),
        (("has 58 shops", "stock counts"), ("opened 6 shops", "returns")),
    ),
    "software": Field(
        ("Quillstack", "Larkbyte", "Ambercode", "Fjordly"),
        (("runs 40 services", "service owners"), ("has 9 teams on call", "false alerts")),
    ),
}

Drawn = tuple[str, str, str]
"""Kind, input, and what should be sent."""


def reviews(promoted: str, before: str, since: datetime) -> Iterator[dict[str, object]]:
    """Yield reviews, the oldest first."""
    draw = random.Random(SEED)
    start = since - timedelta(weeks=WEEKS)
    for week in range(WEEKS):
        for _ in range(A_WEEK + draw.randint(-6, 6)):
            at = start + timedelta(weeks=week, minutes=draw.randrange(7 * 24 * 60))
            yield review(draw, before, at, tired=week / WEEKS)
    for minute in sorted(draw.sample(range(1, 60), FIRST_DAY)):
        yield review(draw, promoted, since + timedelta(minutes=minute), tired=0.0)


def review(draw: random.Random, adapter: str, at: datetime, tired: float) -> dict[str, object]:
    """Return one output with a plausible treatment; `tired` adapters make more mistakes."""
    industry = draw.choice(list(FIELDS))
    kind, asked, ideal = drawn(draw, industry)
    worse = 0.12 if industry == "logistics" else 0.0
    chance = draw.random()
    made: dict[str, object] = {
        "at": at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "task": TASK,
        "adapter": adapter,
        "input": asked,
        "reviewer": draw.choice(REVIEWERS),
        "slices": {"kind": kind, "industry": industry},
        "source": "synthetic",
    }
    rejected, edited = 0.03 + 0.07 * tired, 0.33 + 0.4 * tired
    if chance < rejected:
        said = f"{draw.choice(PEOPLE)}, I hope this finds you well. Let us talk soon!"
        return made | {"output": said, "decision": "rejected", "reason": draw.choice(WHY)}
    if chance < rejected + edited + worse:
        return made | {"output": slip(draw, ideal, tired), "decision": "edited", "final": ideal}
    return made | {"output": ideal, "decision": "accepted", "final": ideal}


def drawn(draw: random.Random, industry: str) -> Drawn:
    """Return an input of the benchmark's form, about another customer."""
    field = FIELDS[industry]
    name, company = draw.choice(PEOPLE), draw.choice(field.companies)
    fact, about = draw.choice(field.facts)
    written: tuple[Drawn, ...] = (
        (
            "opener",
            f"Write: opener\nTo: {name}, {company} ({industry})\nFact: {fact}\nAsk about: {about}",
            f"Hi {name}, {company} {fact}; who looks after {about}?",
        ),
        (
            "subject",
            f"Write: subject\nCompany: {company} ({industry})\nFact: {fact}\nTopic: {about}",
            f"{about} at {company}",
        ),
        (
            "objection",
            f"Write: objection\nFrom: {name}, {company} ({industry})\nSays: We have no time now."
            f"\nFact: the trial takes 2 hours\nNext step: a call about {about}",
            f"Fair point, {name}, you have no time now. The trial takes 2 hours."
            f" Shall we plan a call about {about}?",
        ),
        (
            "terminology",
            f"Rewrite: The client {fact} and wants a pilot for {about}.",
            f"The customer {fact} and wants a trial for {about}.",
        ),
    )
    return draw.choice(written)


def slip(draw: random.Random, ideal: str, tired: float) -> str:
    """Return a text with a mistake of the kind that editors correct."""
    terms = (("trial", "pilot"), ("customer", "client"), ("Shall we", "Maybe we could"))
    slipped = ideal
    for good, bad in terms:
        slipped = slipped.replace(good, bad)
    way = draw.random() - 0.4 * tired
    if way < 0.15:
        slipped = f"I hope this finds you well. {slipped}"
    elif way < 0.3:
        words = slipped.split()
        slipped = " ".join(words[: max(3, len(words) // 2)])
    elif slipped == ideal:
        slipped = f"{ideal.rstrip('?.')}, as others do"
    return slipped


def production(history: Path) -> tuple[str, str, datetime]:
    """Return the promoted adapter, the first promoted one, and when the former was promoted."""
    lines = (json.loads(line) for line in history.read_text(encoding="utf-8").split("\n") if line)
    made = [line["record"] for line in lines if line["kind"] == "decision"]
    stands = [d for d in made if d["task"] == TASK and d["kind"] in ("promote", "rollback")]
    last = stands[-1]
    at = datetime.fromisoformat(last["at"]).astimezone(UTC)
    return last["adapter"], stands[0]["adapter"], at.replace(second=0, microsecond=0)


def main() -> None:
    """Write the file that `make dashboard` imports."""
    made = sorted(reviews(*production(REPORTS / "history.jsonl")), key=lambda one: str(one["at"]))
    lines = [json.dumps({"id": f"synthetic-{n:04}", **one}) for n, one in enumerate(made, start=1)]
    file = REPORTS / "reviews_synthetic.jsonl"
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
    print(f"{file}: {len(lines)} synthetic reviews")


if __name__ == "__main__":
    main()
