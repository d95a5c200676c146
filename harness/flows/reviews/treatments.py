"""Understand what people did with an output: by a word, by yes or no, or by the texts.

Words are understood in English, German, French and Spanish.

Tested in tests/flows/reviews/test_importing.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import get_args

from harness.records import Treatment
from harness.text.blanks import is_blank
from harness.workspace.importers.folding import folded, spellings

_WORDS: dict[Treatment, str] = {
    "accepted": (
        "accept approve approved sent send kept keep ok okay as_is unchanged used unedited"
        " angenommen annehmen akzeptiert übernommen übernehmen genehmigt freigegeben unverändert"
        " gesendet verwendet"
        " accepté accepter approuvé validé envoyé inchangé tel_quel conservé"
        " aceptado aceptar aprobado enviado sin_cambios tal_cual usado"
    ),
    "edited": (
        "edit change changed modified revised corrected rewritten adjusted accepted_with_edits"
        " approved_with_edits sent_with_edits"
        " bearbeitet bearbeiten geändert angepasst überarbeitet korrigiert editiert"
        " modifié modifier édité corrigé révisé remanié adapté"
        " editado editar modificado corregido revisado cambiado ajustado"
    ),
    "rejected": (
        "reject discard discarded dismissed declined deleted thrown thrown_away not_sent unused"
        " abgelehnt ablehnen verworfen verwerfen zurückgewiesen gelöscht nicht_gesendet"
        " nicht_verwendet"
        " rejeté rejeter refusé supprimé écarté non_envoyé"
        " rechazado rechazar descartado eliminado no_enviado"
    ),
}
_YES = "yes y true 1 x ja j wahr oui o vrai sí si s verdadero"
_NO = "no n false 0 nein falsch non faux falso"
_SIGNS = {"✓": True, "✔": True, "✅": True, "☑": True, "✗": False, "✘": False, "❌": False}


def inflected(word: str) -> Iterator[str]:
    """Yield the spellings of a word, and of a French or Spanish participle in every form."""
    word = word.replace("_", " ")
    ends = [""]
    if word.endswith(("é", "du", "lu", "vu")):
        ends = ["", "e", "s", "es"]
    elif word.endswith(("ado", "ido")):
        word, ends = word[:-1], ["o", "a", "os", "as"]
    for end in ends:
        yield from spellings(word + end)


DECISIONS: dict[str, Treatment] = {
    spelling: kind
    for kind, words in _WORDS.items()
    for word in (kind, *words.split())
    for spelling in inflected(word)
}
ANSWERS = {
    spelling: answer
    for words, answer in ((_YES, True), (_NO, False))
    for word in words.split()
    for spelling in spellings(word)
} | _SIGNS
FLAGS = ("true", "false", "0", "1")
"""Values that are no final: they show that a column is a flag, such as `edited`."""
POSSIBLE: dict[str, frozenset[Treatment]] = {
    **{kind: frozenset([kind]) for kind in get_args(Treatment)},
    "sent": frozenset(["accepted", "edited"]),
}
"""What yes means in a column that asks whether an output was accepted, edited, rejected or sent."""


def answer(text: str) -> bool | None:
    """Return whether a cell says yes; None where it says neither yes nor no."""
    text = text.strip()
    return ANSWERS.get(text, ANSWERS.get(folded(text))) if len(text) < 20 else None


@lru_cache(1024)  # a column has few words, and many rows
def decision(word: str) -> Treatment | None:
    """Return the decision that a word stands for; None for an unknown word."""
    return DECISIONS.get(folded(word)) if len(word) < 60 else None


def treated(word: str, output: str, final: str, asked: str = "") -> tuple[Treatment, str | None]:
    """Return the decision and the final, as the row says or as its texts show.

    `asked` is what a column of yes and no asks: accepted, edited, rejected or sent.
    """
    same = output.split() == final.split()  # white space is no edit
    if final.strip().lower() in FLAGS and not same:
        raise ValueError(f"`final` is {_shown(final)}, a text is needed: --map final=COLUMN")
    shown: Treatment = "rejected" if is_blank(final) else "accepted" if same else "edited"
    if is_blank(word):
        return shown, None if is_blank(final) else final
    found = decision(word)
    said = answer(word) if asked and found is None else None
    if said is not None:
        found = _by_answer(said, asked, shown)
    if found is None:
        allowed = ", ".join(get_args(Treatment))
        raise ValueError(f"`decision` is {_shown(word)}, allowed are {allowed}")
    return found, _checked(found, output, final, same)


def _checked(found: Treatment, output: str, final: str, same: bool) -> str | None:
    """Return the final of a decision; refuse a final that contradicts it."""
    if found == "accepted":
        if not is_blank(final) and not same:
            raise ValueError("accepted, but the final differs from the output: that is edited")
        return output if is_blank(final) else final
    if found == "edited" and is_blank(final):
        raise ValueError("edited, but there is no final: what was sent is needed")
    if found == "rejected" and not is_blank(final):
        raise ValueError("rejected, but there is a final: rejected is what was never sent")
    return final if found == "edited" else None


def _by_answer(yes: bool, asked: str, shown: Treatment) -> Treatment:
    """Return the decision that a yes or no leaves open, by what the texts show."""
    possible = POSSIBLE[asked] if yes else frozenset(get_args(Treatment)) - POSSIBLE[asked]
    if len(possible) == 1:
        return next(iter(possible))
    words = "yes" if yes else "no"
    if shown == "rejected" and "accepted" in possible:
        raise ValueError(
            f"`decision` says {words} to {asked}, and without a final that may be accepted or"
            " rejected: fill in the final of what was sent"
        )
    if shown not in possible:
        raise ValueError(
            f"`decision` says {words} to {asked}, but the texts say {shown}: correct one of them"
        )
    return shown


def _shown(text: str) -> str:
    return repr(text.strip()[:40])
