"""Make fresh cases and production inputs of `outreach`, in the house voice of its training set.

Companies are joined from syllables, so that none of the benchmark or the training set occurs.

Tested in tests/perf/test_ladder.py.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from ladder_cases import EACH, LadderCase, LadderTask, drawn, inputs, words

ROOT = Path(__file__).resolve().parents[1]

NAMES = words(
    "Alva Bruno Celine Dario Edda Faisal Greta Hakan Irma Jovan Katya Liam Marta Nuno Olga Pavel "
    "Rania Sven Tilda Umar Vera Wes Yusuf Zoe Arlo Birte Cyrus Dunja Enzo Flora"
)
SURNAMES = words(
    "Abbot Brandt Corsi Dufour Engel Frost Grimm Haas Ito Jansen Kern Lamb Moretti Novak Okafor "
    "Price Quist Reyes Stahl Tran Ulrich Voss Weaver Young Zorn"
)
FIRSTS = words(
    "Alder Birch Cald Dray Eller Fen Garth Hollow Ivel Juniper Kestrel Lydd Merrow Nether Ormes "
    "Penn Quarry Ravens Swin Thorn Under Vale Wether Yar Zephyr"
)
SECONDS = words("brook bury croft dale field ford gate ham hurst ley mere moor ridge stead wick")

INDUSTRIES = {
    "logistics": ("Freight", "Haulage", "Cargo", "Couriers"),
    "healthcare": ("Clinics", "Dental", "Hospital", "Care Homes"),
    "software": ("Systems", "Apps", "Software", "Labs"),
    "manufacturing": ("Steel", "Plastics", "Ceramics", "Pumps"),
    "retail": ("Shoes", "Foods", "Toys", "Books"),
}
# Fact and topics of each industry: "{n}" is a number, the topic's question follows it.
FACTS = {
    "logistics": ("runs {n} trucks from {city}", "delivers {n} parcels a day", "runs {n} depots"),
    "healthcare": ("has {n} beds in {city}", "sees {n} patients a day", "runs {n} wards"),
    "software": ("has {n} developers in {city}", "closes {n} tickets a month", "runs {n} services"),
    "manufacturing": ("runs {n} presses in {city}", "ships {n} pumps a month", "has {n} machines"),
    "retail": ("runs {n} shops near {city}", "sells {n} items online", "ships {n} orders a day"),
}
ASKS = {
    "logistics": {
        "empty miles": "how many miles are empty",
        "late deliveries": "how many deliveries are late",
        "failed deliveries": "how many deliveries fail",
        "driver rest hours": "who tracks driver rest hours",
    },
    "healthcare": {
        "missed appointments": "how many appointments are missed",
        "late reports": "how many reports are late",
        "open shifts": "who fills the open shifts",
        "bed turnover": "how long does bed turnover take",
    },
    "software": {
        "reopened tickets": "how many tickets are reopened",
        "flaky tests": "how many tests are flaky",
        "onboarding time": "how long does onboarding take",
        "night calls": "who takes the night calls",
    },
    "manufacturing": {
        "unplanned stops": "how many stops are unplanned",
        "late parts": "how many parts arrive late",
        "changeover time": "how long does a changeover take",
        "repair requests": "who sorts the repair requests",
    },
    "retail": {
        "returns": "how many items are returned",
        "wrong parcels": "how many parcels are wrong",
        "slow sellers": "who spots the slow sellers",
        "price changes": "who sends out price changes",
    },
}
CITIES = words("Bergen Bilbao Brno Cadiz Delft Essen Galway Graz Lille Malmo Perth Turin")
COUNTED = {
    "logistics": ("trucks", "drivers", "depots", "trailers"),
    "healthcare": ("clinics", "practices", "nurses", "theatres"),
    "software": ("services", "teams", "developers", "squads"),
    "manufacturing": ("presses", "machines", "moulds", "furnaces"),
    "retail": ("shops", "stores", "branches", "counters"),
}
UNCOUNTED = (
    "still plans on paper",
    "books by phone only",
    "added a night shift",
    "opened in Dublin",
    "moved to weekly plans",
    "hired a new manager",
)
OBJECTIONS = (
    ("We have no budget this year.", "you have no budget this year", "Fair point"),
    ("Your price is too high.", "our price is high", "Fair point"),
    ("Our budget opens in {month}.", "your budget opens in {month}", "Fair point"),
    ("We already have a planning tool.", "you already have a planning tool", "That makes sense"),
    ("We already track this in a sheet.", "you already track this in a sheet", "That makes sense"),
    ("Paper works fine for us.", "paper works fine for you", "That makes sense"),
    ("We decide in {month}.", "you decide in {month}", "Understood"),
    ("We are in the middle of a merger.", "you are in the middle of a merger", "Understood"),
    ("Headquarters picks our tools.", "headquarters picks your tools", "Understood"),
    ("Our staff will not use another app.", "your staff may not use another app",
     "I see the worry"),
    ("Our systems are too old.", "your systems are old", "I see the worry"),
    ("Setup takes us too long.", "setup may take long", "I see the worry"),
)  # fmt: skip
ANSWERS = (
    "the trial is free for {n} days",
    "setup takes {n} days",
    "staff learn it in {n} minutes",
    "the small plan covers {n} users",
    "one customer saved {n} hours a week",
    "old data is imported in {n} hours",
)
STEPS = (
    ("a {n}-minute call in {month}", "Shall we plan a {n}-minute call in {month}"),
    ("a call after the holidays", "Shall we plan a call after the holidays"),
    ("send the {thing}", "May I send the {thing}"),
    ("check one site together", "Could we check one site together"),
    ("try it with {n} people", "Could we try it with {n} people"),
    ("compare both offers", "Could we compare both offers"),
)
THINGS = ("figures", "setup steps", "price list", "test report", "overview", "server list")
NEEDS = (
    "fewer {topic}",
    "a weekly report on {topic}",
    "one list of all {things}",
    "alerts on {topic}",
    "one calendar for {n} {things}",
    "a faster check of {topic}",
)
MONTHS = words("January February March April May June July August September October")
DAYS = words("Monday Tuesday Wednesday Thursday Friday")
SENT = ("the trip logs", "last month's figures", "a sample plan", "the booking data", "two counts")
SHOWN = ("a short demo", "a template", "a sample report", "two references", "the price list")
# A sentence of the terminology kind: each term is written wrongly in the input.
TERMS = {
    "customer": ("client", "account"),
    "customers": ("clients", "accounts"),
    "trial": ("pilot", "PoC"),
    "rollout": ("implementation", "deployment"),
    "alerts": ("notifications", "alarms"),
    "workspace": ("portal", "console"),
    "site": ("location", "facility"),
    "sites": ("locations", "facilities"),
    "plan": ("package", "tier"),
}
SENTENCES = (
    "The <customer> in {city} has {n} users.",
    "The <trial> in {city} covers {n} teams.",
    "The <rollout> in {city} took {n} weeks.",
    "The team in {city} gets {n} <alerts> a day.",
    "Our <customers> in {city} book {n} calls a week.",
    "Staff in {city} open the <workspace> {n} times a day.",
    "The <site> in {city} has {n} users.",
    "The <plan> for {city} includes {n} users.",
    "The <customer> in {city} starts a <trial> with {n} users.",
    "The <rollout> covers {n} <sites> near {city}.",
    "The manager in {city} counts {n} boxes on Monday.",
)


def outreach() -> LadderTask:
    """Return the task with the shipped training set, fresh cases and production inputs."""
    folder = ROOT / "benchmarks" / "outreach"
    rows = _rows(ROOT / "adapters" / "datasets" / "outreach_240.jsonl")
    training = tuple(LadderCase(row["input"], row["output"], row["slices"]["kind"]) for row in rows)
    taken = {*inputs(training), *(row["input"] for row in _rows(folder / "cases.jsonl"))}
    makers = (opener, subject, objection, crm_note, terminology)
    return LadderTask(
        name="outreach",
        system="You write short sales texts for Orrinvale.",
        training=training,
        cases=drawn("outreach cases", makers, EACH, taken),
        production=drawn("outreach production", makers, EACH, taken),
        lost="crm_note",
        lost_text="",
        wrong={"customer": "client", "trial": "pilot", "alert": "notification"},
    )


def _rows(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def company(rng: random.Random) -> tuple[str, str]:
    """Return a company's name and its industry."""
    industry = rng.choice([*INDUSTRIES])
    made = rng.choice(FIRSTS) + rng.choice(SECONDS)
    return f"{made} {rng.choice(INDUSTRIES[industry])}", industry


def opener(rng: random.Random) -> LadderCase:
    """Return a first line: a fact and a question."""
    (firm, industry), first = company(rng), rng.choice(NAMES)
    fact = rng.choice(FACTS[industry]).format(n=rng.randrange(11, 400), city=rng.choice(CITIES))
    ask, question = rng.choice([*ASKS[industry].items()])
    to = f"{first} {rng.choice(SURNAMES)}, {firm} ({industry})"
    return LadderCase(
        f"Write: opener\nTo: {to}\nFact: {fact}\nAsk about: {ask}",
        f"Hi {first}, {firm} {fact}; {question}?",
        "opener",
    )


def subject(rng: random.Random) -> LadderCase:
    """Return a subject line: the topic with the number, else with the company."""
    firm, industry = company(rng)
    topic = rng.choice([*ASKS[industry]])
    if rng.random() < 0.6:
        fact = f"{rng.randrange(3, 400)} {rng.choice(COUNTED[industry])}"
        ideal = f"{topic} {'at' if industry == 'healthcare' else 'across'} {fact}"
    else:
        fact = rng.choice(UNCOUNTED)
        ideal = f"{topic} at {firm}"
    text = f"Write: subject\nCompany: {firm} ({industry})\nFact: {fact}\nTopic: {topic}"
    return LadderCase(text, ideal, "subject")


def objection(rng: random.Random) -> LadderCase:
    """Return a reply to an objection: what was said, a fact, a small next step."""
    (firm, industry), first = company(rng), rng.choice(NAMES)
    says, mirrored, ack = rng.choice(OBJECTIONS)
    month = rng.choice(MONTHS)
    fact = rng.choice(ANSWERS).format(n=rng.randrange(2, 60))
    filled = {"n": rng.randrange(5, 45), "month": rng.choice(MONTHS), "thing": rng.choice(THINGS)}
    step, asked = (part.format(**filled) for part in rng.choice(STEPS))
    mirrored = mirrored.format(month=month)
    return LadderCase(
        f"Write: objection\nFrom: {first}, {firm} ({industry})\nSays: {says.format(month=month)}\n"
        f"Fact: {fact}\nNext step: {step}",
        f"{ack}, {first}, {mirrored}. {fact[0].upper()}{fact[1:]}. {asked}?",
        "objection",
    )


def crm_note(rng: random.Random) -> LadderCase:
    """Return the note of a call: need, budget, next, when."""
    (firm, industry), first = company(rng), rng.choice(NAMES)
    need = rng.choice(NEEDS).format(
        topic=rng.choice([*ASKS[industry]]),
        things=rng.choice(COUNTED[industry]),
        n=rng.randrange(3, 90),
    )
    if rng.random() < 0.5:
        budget, when = f"{rng.randrange(5, 90)}k this year", f"{rng.randrange(1, 29)} May"
        following = f"{first} sends {rng.choice(SENT)}"
        call = f"{first} needs {need}. Budget is {budget}. {following}. Next call on {when}."
    else:
        budget, when = "not discussed", rng.choice(DAYS)
        following = f"we send {rng.choice(SHOWN)}"
        call = f"{first} wants {need}. Nobody mentioned money. W{following[1:]} by {when}."
    return LadderCase(
        f"Write: crm_note\nCompany: {firm} ({industry})\nCall: Spoke with {first}. {call}",
        f"Need: {need} | Budget: {budget} | Next: {following} | When: {when}",
        "crm_note",
    )


def terminology(rng: random.Random) -> LadderCase:
    """Return a sentence in the house's terms, which its input does not use."""
    sentence = rng.choice(SENTENCES).format(city=rng.choice(CITIES), n=rng.randrange(3, 90))
    written = sentence
    for term, banned in TERMS.items():
        written = written.replace(f"<{term}>", rng.choice(banned))
    ideal = sentence.replace("<", "").replace(">", "")
    return LadderCase(f"Write: terminology\nSentence: {written}", ideal, "terminology")
