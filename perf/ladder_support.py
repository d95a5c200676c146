"""Make the support-reply task of the ladder: training set, fresh cases and production inputs.

Tallowmere, an invented vendor of booking software, answers in a voice of its own: a greeting by
name, the problem said back, one cause or way, one small promise; never an apology without a fact.
A colleague's note is rewritten in the house's terms. Every ideal follows from its input.

Tested in tests/perf/test_ladder.py.
"""

from __future__ import annotations

import random

from ladder_cases import EACH, LadderCase, LadderTask, drawn, words

TRAINED = 240
NAMES = words(
    "Ada Bashir Cleo Dmitri Elin Farah Gus Hedda Ilse Jorge Kofi Lena Milan Noor Otis Petra Quinn "
    "Rosa Selim Tova Ugo Vida Wim Xenia Yara Zeno Aylin Boris Carys Dov"
)
MONTHS = words("January February March April May June July August September October")
THINGS = ("calendar", "booking form", "guest list", "payment page", "room planner", "mail reminder")
CAUSES = (
    "a full disk",
    "a failed update",
    "an expired certificate",
    "a broken cable at our host",
    "a wrong setting of ours",
    "too many requests at once",
)
WRONGS = (
    ("I was charged twice for {month}.", "you were charged twice for {month}"),
    ("I cancelled in {month} but paid again.", "you cancelled in {month} but paid again"),
    ("My discount for {month} is missing.", "your discount for {month} is missing"),
    ("A guest of mine paid {n} euro too much.", "a guest of yours paid {n} euro too much"),
    ("The invoice of {month} has {n} seats too many.",
     "the invoice of {month} has {n} seats too many"),
)  # fmt: skip
FAILURES = (
    ("The {thing} is down since {hour}.", "the {thing} is down since {hour}"),
    ("The {thing} shows an empty page.", "the {thing} shows an empty page"),
    ("The {thing} takes {n} seconds to open.", "the {thing} takes {n} seconds to open"),
    ("I cannot save the {thing}.", "the {thing} cannot be saved"),
)
WAYS = (
    ("How do I add a room?", "Rooms", "Add", "give it a name"),
    ("How do I close a week?", "Calendar", "Block", "pick the week"),
    ("How do I print the guest list?", "Guests", "Export", "choose paper"),
    ("How do I change the deposit?", "Prices", "Deposit", "set the share"),
    ("How do I move a booking?", "Bookings", "Move", "drag it to its new day"),
    ("How do I invite a colleague?", "Team", "Invite", "enter the address"),
    ("How do I add a holiday price?", "Prices", "Seasons", "enter the dates"),
    ("How do I merge two guests?", "Guests", "Merge", "mark both"),
)
LIMITS = (
    "up to {n} can be made at once",
    "it can be undone for {n} days",
    "it takes about {n} seconds",
    "plans below Harbour allow {n}",
    "guests see it after {n} minutes",
)
LOCKS = (
    ("I cannot sign in.", "you cannot sign in", "the password expired", "set a new one"),
    ("My code does not arrive.", "your code does not arrive", "the phone number changed",
     "add the new number"),
    ("My colleague was locked out.", "your colleague was locked out",
     "{n} wrong codes were entered", "wait {n} minutes"),
    ("I see no bookings any more.", "you see no bookings any more", "your role was changed",
     "ask {name} for the role"),
    ("The link in the mail fails.", "the link in the mail fails", "it was {n} days old",
     "ask for a new link"),
)  # fmt: skip
# The house's terms, and what colleagues write instead.
TERMS = {
    "stay": "reservation",
    "host": "landlord",
    "seat": "licence",
    "desk": "helpline",
    "hold": "prebooking",
    "outage": "incident",
}
NOTES = (
    "The <host> in {place} has {n} <seat>s.",
    "One <stay> in {place} was paid {n} days late.",
    "The <desk> answered {n} calls about the <outage>.",
    "The <host> in {place} lost {n} <hold>s.",
    "Each <seat> allows {n} <stay>s a week in {place}.",
    "The <outage> in {place} lasted {n} minutes.",
    "A <hold> in {place} ends after {n} hours.",
    "The <desk> called the <host> in {place} after {n} days.",
    "The room in {place} sleeps {n} people.",
)
PLACES = words("Arles Bruges Como Dover Evora Faro Ghent Hanover Izmir Jena Kiruna Lugano")


def support() -> LadderTask:
    """Return the task; the three sets share no input."""
    taken: set[str] = set()
    makers = (refund, outage, howto, access, terminology)
    return LadderTask(
        name="support",
        system="You answer the guests' desk of Tallowmere.",
        training=drawn("support training", makers, TRAINED, taken),
        cases=drawn("support cases", makers, EACH, taken),
        production=drawn("support production", makers, EACH, taken),
        lost="outage",
        lost_text="Thank you for your message. We have received it and will come back to you soon.",
        wrong={"stay": "booking", "seat": "user", "host": "owner"},
    )


def _hour(rng: random.Random) -> str:
    return f"{rng.randrange(6, 22)}:{rng.choice(('00', '15', '30', '45'))}"


def refund(rng: random.Random) -> LadderCase:
    """Return the reply to a wrong payment: it goes back, by a day."""
    name, (says, mirrored) = rng.choice(NAMES), rng.choice(WRONGS)
    filled = {"month": rng.choice(MONTHS), "n": rng.randrange(2, 60)}
    amount, days = rng.randrange(8, 400), rng.randrange(2, 15)
    return LadderCase(
        f"Reply: refund\nFrom: {name}\nSays: {says.format(**filled)}\n"
        f"Amount: {amount} euro\nDays: {days}",
        f"Hello {name}, you are right, {mirrored.format(**filled)}. The {amount} euro are on "
        f"their way and reach you within {days} days.",
        "refund",
    )


def outage(rng: random.Random) -> LadderCase:
    """Return the reply to a failure: the cause, the time, a promise to write."""
    name, (says, mirrored) = rng.choice(NAMES), rng.choice(FAILURES)
    filled = {"thing": rng.choice(THINGS), "n": rng.randrange(5, 90), "hour": _hour(rng)}
    cause, back = rng.choice(CAUSES), _hour(rng)
    return LadderCase(
        f"Reply: outage\nFrom: {name}\nSays: {says.format(**filled)}\nCause: {cause}\nBack: {back}",
        f"Hello {name}, we see it too: {mirrored.format(**filled)}. The cause is {cause}. "
        f"Expect it back by {back}; I will write to you then.",
        "outage",
    )


def howto(rng: random.Random) -> LadderCase:
    """Return the way to do something, in three steps, with what to know."""
    name, (says, menu, item, step) = rng.choice(NAMES), rng.choice(WAYS)
    note = rng.choice(LIMITS).format(n=rng.randrange(2, 90))
    return LadderCase(
        f"Reply: howto\nFrom: {name}\nSays: {says}\nWhere: {menu} > {item}\n"
        f"Step: {step}\nNote: {note}",
        f"Hello {name}, open {menu}, press {item} and {step}. Good to know: {note}.",
        "howto",
    )


def access(rng: random.Random) -> LadderCase:
    """Return the reply to a locked door: why, what to do, and a way back to us."""
    name, lock = rng.choice(NAMES), rng.choice(LOCKS)
    filled = {"n": rng.randrange(2, 60), "name": rng.choice(NAMES)}
    says, mirrored, cause, step = (part.format(**filled) for part in lock)
    number = rng.randrange(1000, 9999)
    return LadderCase(
        f"Reply: access\nFrom: {name}\nSays: {says}\nCause: {cause}\nStep: {step}\n"
        f"Ticket: {number}",
        f"Hello {name}, {mirrored} because {cause}. Please {step}. If the door stays shut, "
        f"answer with {number}.",
        "access",
    )


def terminology(rng: random.Random) -> LadderCase:
    """Return a colleague's note in the house's terms."""
    note = rng.choice(NOTES).format(place=rng.choice(PLACES), n=rng.randrange(2, 90))
    written = note
    for term, banned in TERMS.items():
        written = written.replace(f"<{term}>", banned)
    ideal = note.replace("<", "").replace(">", "")
    return LadderCase(f"Reply: terminology\nNote: {written}", ideal, "terminology")
