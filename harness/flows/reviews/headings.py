"""Understand the headings of review tables by their words, in English, German, French and Spanish.

A heading is taken apart into words, each word stands for something (`Entwurf` for a draft, `AI` for
a machine), and together they say which field it is: "KI-Entwurf" is the output, "AI draft sent on"
a time. A heading with a word that is unknown here is not understood.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from functools import lru_cache

from harness.flows.reviews.treatments import inflected
from harness.workspace.importers.folding import folded

_WORDS = {
    "empty": (
        "the a an of in for to was were is our this that and it what you we they who"
        " der die das des dem den ein eine"
        " zu zum zur im vom und la les l un une de du d et los las lo del una y se en"
    ),
    "place": "at on am um le el",
    "text": (
        "text texts copy body content wording message messages nachricht inhalt wortlaut texte"
        " contenu texto contenido mensaje cuerpo"
    ),
    "mail": "email emails mail mails courriel courrier correo",
    "version": "version versions fassung versión",
    "answer": "response reply answer antwort réponse respuesta",
    "machine": "ai ki ia gpt llm bot chatbot machine maschine automatic automatisch copilot",
    "wrote": "wrote written writes geschrieben écrit escrito",
    "draft": (
        "draft drafts suggestion suggested proposal proposed generated generation output completion"
        " mt entwurf vorschlag vorgeschlagen vorgeschlagene vorgeschlagener generiert generierte"
        " generierter generierung erzeugt ausgabe brouillon proposition proposé suggéré généré"
        " génération sortie borrador propuesta propuesto sugerencia sugerido generado generación"
        " salida"
    ),
    "final": (
        "final finals finale finaler finales endfassung endversion endtext endgültig endgültige"
        " endgültiger schlussfassung definitiv definitive définitif definitivo published"
        " veröffentlicht veröffentlichte publié publicado"
    ),
    "edit": (
        "edited edit edits editing corrected correction revised rewritten changed modified post pe"
        " bearbeitet bearbeitete bearbeiteter bearbeitung korrigiert korrigierte korrigierter"
        " geändert geänderte überarbeitet überarbeitete édité modifié modification corrigé révisé"
        " editado modificado corregido edición corrección"
    ),
    "sent": (
        "sent sending send sende gesendet gesendete gesendeter versendet versendete versendeter"
        " versand verschickt verschickte abgeschickt envoyé envoi expédié enviado envío"
    ),
    "human": "human person mensch menschlich menschliche humain humaine humano humana",
    "review": (
        "review reviewed reviewing check checked geprüft geprüfte prüfung relu revu relecture revue"
        " vérifié revisado revisión"
    ),
    "event": (
        "created creation create updated update submitted submission completed closed solved"
        " decided last first erstellt erstellung aktualisiert abgeschlossen entschieden letzte créé"
        " création soumis dernière creado creación actualizado cerrado última"
    ),
    "accepted": (
        "accepted approved angenommen angenommene übernommen freigegeben freigegebene freigabe"
        " genehmigt akzeptiert accepté approuvé validé aceptado aprobado"
    ),
    "unchanged": (
        "asis unchanged unedited unverändert unveränderte telquel inchangé sincambios talcual"
    ),
    "used": "used use verwendet genutzt utilisé usado utilizado",
    "rejected": (
        "rejected discarded dismissed abgelehnt verworfen rejeté refusé écarté rechazado descartado"
    ),
    "rejection": "rejection ablehnung rejet refus rechazo",
    "decision": (
        "status state action outcome verdict decision disposition result rating zustand aktion"
        " entscheidung ergebnis bewertung urteil statut état décision résultat évaluation estado"
        " acción decisión resultado valoración calificación evaluación"
    ),
    "date": (
        "date day time ts timestamp datetime when datum tag zeit uhrzeit zeitpunkt zeitstempel wann"
        " jour heure horodatage horodateur quand fecha día hora cuándo"
    ),
    "by": "by von durch par por",
    "reviewer": (
        "reviewer editor annotator agent teammate assignee operator bearbeiter bearbeiterin prüfer"
        " prüferin redakteur redakteurin mitarbeiter mitarbeiterin sachbearbeiter lektor"
        " lektorin relecteur relectrice réviseur réviseuse éditeur éditrice rédacteur rédactrice"
        " revisor revisora redactor redactora editora"
    ),
    "user": "user users benutzer benutzerin utilisateur utilisatrice usuario usuaria",
    "reason": (
        "reason reasons comment comments note notes remark remarks feedback grund begründung"
        " kommentar kommentare bemerkung bemerkungen anmerkung anmerkungen notiz notizen"
        " rückmeldung raison motif commentaire commentaires remarque remarques motivo razón"
        " comentario comentarios observaciones observación"
    ),
    "input": (
        "input prompt prompts question request instruction instructions brief briefing source"
        " eingabe frage anfrage anweisung anweisungen quelle quelltext entrée invite consigne"
        " demande entrada pregunta consulta solicitud petición instrucción instrucciones"
    ),
    "customer": (
        "customer client lead contact ticket incoming kunde kunden kundin eingehende eingehend"
        " cliente contacto entrante entrant"
    ),
    "model": "model models adapter lora checkpoint modell modèle adaptateur modelo adaptador",
    "name": "name names nom nombre",
    "task": "task usecase aufgabe anwendungsfall tâche tarea",
    "id": "id uuid kennung identifiant identificador",
}
_PHRASES = {
    "as is": "asis", "tel quel": "telquel", "telle quelle": "telquel", "sin cambios": "sincambios",
    "tal cual": "talcual", "ohne anderung": "unverandert", "ohne anderungen": "unverandert",
    "without changes": "unchanged", "without edits": "unchanged", "sans modification": "inchange",
    "sans modifications": "inchange", "use case": "usecase", "cas d usage": "usecase",
    "caso de uso": "usecase", "marca temporal": "timestamp", "marca de tiempo": "timestamp",
    "time stamp": "timestamp", "e mail": "email",
}  # fmt: skip
_STANDS_FOR: dict[str, str] = {
    spelling: meaning
    for meaning, words in _WORDS.items()
    for word in words.split()
    for spelling in inflected(word)
}
_ENDS = ("e", "er", "es", "en", "em")
"""Endings of German adjectives: `freigegebener Text`."""
_UTC = re.compile(r"\((?:utc|gmt)\)", re.IGNORECASE)
"""The zone that is taken for a time without one."""
_TEXTS = {"text", "mail", "version", "answer"}
_MADE = {"machine", "draft", "model", "wrote"}
_CHANGED = {"final", "edit", "sent", "human", "review", "accepted"}
_DONE = {*_CHANGED, "event", "decision", "rejected", "rejection", "used"}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a heading stands for."""

    field: str
    """The field; empty where only the cells can tell."""
    asked: str = ""
    """What a column of yes and no below it asks: accepted, edited, rejected or sent."""
    rank: int = 0
    """Of several times the one with the lowest rank is when a person decided."""


@lru_cache(4096)
def meaning(heading: str) -> Meaning | None:
    """Return what a heading stands for; None where it is not understood."""
    words = _words_of(heading)
    if words is None and (zoned := _UTC.sub(" ", heading)) != heading:
        return meaning(zoned)
    if words is None:
        bare = _together(_words_of(re.sub(r"\([^()]*\)", " ", heading)))
        # What stands in brackets behind a time may be its zone, and must not be passed over.
        return None if bare is None or bare.field == "at" else bare
    return _together(words)


def _together(words: list[str] | None) -> Meaning | None:
    """Return what words stand for together."""
    if not words:
        return None
    found = set(words) - {"empty", "place"}
    # `Sent at` and `Gesendet am`, but not the article of `le texte`.
    if words and words[-1] == "place" and found & _DONE:
        found |= {"date"}
    field = _field(found)
    asked = _asked(found)
    return Meaning(field, asked, _rank(found)) if field or asked else None


def _words_of(heading: str) -> list[str] | None:
    """Return what the words of a heading stand for, in order; None if one is unknown."""
    # The words in camelCase are apart too; `AI` is one word.
    text = folded(re.sub(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ][a-zà-ÿ])", " ", heading[:200]))
    for phrase, word in _PHRASES.items():
        text = re.sub(rf"\b{phrase}\b", word, text)
    found: list[str] = []
    for word in text.split():
        parts = _parts(word)
        if not parts:
            return None
        found += parts
    return found


def _parts(word: str) -> list[str]:
    """Return what a word stands for; a German compound stands for its two words."""
    for end in ("", *_ENDS):
        stem = word.removesuffix(end)
        if word.endswith(end) and stem in _STANDS_FOR and (not end or len(stem) > 4):
            return [_STANDS_FOR[stem]]
    for cut in range(2, len(word) - 2):
        first, second = word[:cut], word[cut:]
        if second in _STANDS_FOR and len(second) > 2:
            for joint in ("", "s", "n", "en", "es"):
                known = first.removesuffix(joint)
                if first.endswith(joint) and known in _STANDS_FOR:
                    return [_STANDS_FOR[known], _STANDS_FOR[second]]
    return []


def _field(found: Set[str]) -> str:
    """Return the field that words stand for together, from the surest words down."""
    if "reason" in found:
        rest = found - {"reason", "reviewer", "user", "human", *_TEXTS, *_DONE}
        return "" if rest else "reason"
    if "id" in found:
        return "id" if found <= {"id", "review", "draft"} else ""
    if "task" in found:
        return "task" if found <= {"task", "name"} else ""
    if "date" in found:
        rest = found - {"date", *_TEXTS, *_DONE, *_MADE}
        return "" if rest else "at"
    if "input" in found:
        allowed = {"input", "customer", "user", *_TEXTS, *_MADE} - {"draft"}
        return "input" if found <= allowed else ""
    if "by" in found and found & {"machine", "model"}:
        return _text_field(found - {"by"})
    if "by" in found:
        return "reviewer" if found & _DONE and found <= {"by", "name", *_TEXTS, *_DONE} else ""
    if "wrote" in found and found <= {"wrote", "reviewer", "human", *_TEXTS}:
        return "final" if found & {"reviewer", "human"} else ""
    if found & {"reviewer", "user"} and found <= {"reviewer", "user", "human", "name", "mail"}:
        return "reviewer"
    if "decision" in found:
        return "decision" if found <= {"decision", "human", *_MADE, *_DONE} - {"model"} else ""
    if found & {"customer", "user"}:
        return "input" if found & _TEXTS and found <= {"customer", "user", *_TEXTS} else ""
    return _text_field(found)


def _text_field(found: Set[str]) -> str:
    """Return output or final for the words of a text, adapter for the name of what wrote it."""
    if "model" in found and found <= {"model", "name", "version", "machine", "used"}:
        return "adapter"
    if found & {"unchanged", "rejected", "rejection"} or not found <= {*_TEXTS, *_MADE, *_CHANGED}:
        return ""
    if found & {"final", "edit", "sent"}:
        return "final"
    # A draft that was approved is what was sent; `Review` alone may be anything.
    if found & {"human", "review", "accepted"}:
        return "final" if found & {"draft", *_TEXTS} else ""
    return "output" if found & {"draft", "machine", "answer"} or found > {"model"} else ""


def _asked(found: Set[str]) -> str:
    """Return what a column of yes and no asks under these words."""
    if not found <= {"sent", "edit", "accepted", "rejected", "unchanged", "used", *_MADE, *_TEXTS}:
        return ""
    if found & {"accepted", "unchanged"}:
        return "accepted"
    if "edit" in found:
        return "edited"
    if "rejected" in found:
        return "rejected"
    return "sent" if found & {"sent", "used"} else ""


def _rank(found: Set[str]) -> int:
    """Return how near a time is to the decision of a person: reviewed, sent, any, created."""
    if found & {"review", "decision", "edit", "accepted", "rejected"}:
        return 0
    if found & {"final", "sent", "used"}:
        return 1
    return 3 if found & {"event", *_MADE} else 2
