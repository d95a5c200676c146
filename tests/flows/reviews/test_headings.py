"""Headings are understood by their words in four languages, whatever their order and spelling."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.flows.reviews.headings import meaning

HEADINGS = {
    "output": (
        "AI draft|Draft|Generated text|draft_text|AI Draft (v2)|Model output|AI response|"
        "Suggested reply|Draft by the model|What the model wrote|Entwurf|KI-Entwurf|"
        "Entwurfstext|Generierte Nachricht|Vorschlag der KI|Brouillon|Brouillon de l'IA|"
        "Texte généré|Réponse suggérée|Borrador|Borrador de IA|Texto generado|"
        "Respuesta sugerida"
    ),
    "final": (
        "Final version|Sent text|Final e-mail|Edited draft|What you sent|Agent wrote|"
        "Corrected text|Endfassung|Gesendeter Text|Gesendete E-Mail|Endgültiger Text|"
        "Überarbeitete Fassung|UEBERARBEITETE FASSUNG|Freigegebener Text|Version finale|"
        "Texte envoyé|Version corrigée|Texte relu|Versión final|Texto enviado|"
        "Mensaje corregido"
    ),
    "at": (
        "Date|Created at (UTC)|Timestamp|Sent at|Reviewed on|Review date|Datum|Zeitstempel|"
        "Gesendet am|Bearbeitungsdatum|Geprüft am|Horodateur|Date d'envoi|Envoyé le|"
        "Date de relecture|Fecha|Marca temporal|Fecha de envío|Enviado el|Hora"
    ),
    "reviewer": (
        "Reviewer|User|Reviewer email|Editor|Reviewed by|Edited by|Bearbeiter|Bearbeitet von|"
        "Prüferin|Relecteur|Relu par|Revisor|Editado por|Usuario"
    ),
    "decision": (
        "Status|Decision|Review status|Rating|Entscheidung|Bewertung|Statut|Décision|Estado|"
        "Resultado de la revisión"
    ),
    "input": (
        "Prompt|User message|User prompt|Input|Customer message|Anfrage|Kundenanfrage|"
        "Kundennachricht|Eingabe|Demande|Demande du client|Message du client|Entrée|Consulta|"
        "Consulta del cliente|Solicitud"
    ),
    "reason": (
        "Comment|Rejection reason|Reviewer notes|Bemerkung|Begründung|Grund der Ablehnung|"
        "Commentaire|Motif du rejet|Comentarios|Motivo del rechazo"
    ),
    "adapter": ("Model|Model version|AI model|Modell|Modellname|Modèle|Modelo|Adaptador"),
    "task": ("Task|Use case|Aufgabe|Tâche|Tarea"),
    "id": ("Review ID|Draft id|Identifiant"),
}


@pytest.mark.parametrize(
    ("heading", "field"),
    [(one.strip(), field) for field, some in HEADINGS.items() for one in some.split("|")],
)
@pytest.mark.parametrize("change", [str, str.upper, str.lower, "  {}: ".format, "**{}**".format])
def test_a_heading_means_its_field_in_any_spelling(
    heading: str, field: str, change: Callable[[str], str]
) -> None:
    found = meaning(change(heading))
    assert found is not None and found.field == field


@pytest.mark.parametrize(("heading", "field"), [("draftText", "output"), ("sentAt", "at")])
def test_words_in_camel_case_are_apart(heading: str, field: str) -> None:
    found = meaning(heading)
    assert found is not None and found.field == field


@pytest.mark.parametrize(
    "heading",
    ["", "Text", "Review", "Original", "Draft length", "Final score", "Ticket ID", "Customer ID",
     "Sent by DHL", "Draft tokens", "Subject", "Company", "Ana, Delta Freight (logistics)", "Nr.",
     "Date (CET)", "2026-11-03", "Hi Ana, how are you", "Ticket status", "ß" * 500],
)  # fmt: skip
def test_what_is_not_understood_is_not_guessed(heading: str) -> None:
    found = meaning(heading)
    assert found is None or not found.field


@pytest.mark.parametrize(
    ("heading", "asked"),
    [("Sent as is?", "accepted"), ("Approved", "accepted"), ("Edited?", "edited"),
     ("Rejected", "rejected"), ("Sent", "sent"), ("Used?", "sent"),
     ("Unverändert übernommen", "accepted"), ("Bearbeitet?", "edited"), ("Verworfen", "rejected"),
     ("Gesendet?", "sent"), ("Envoyé tel quel", "accepted"), ("Modifié ?", "edited"),
     ("Rejetée", "rejected"), ("Enviado sin cambios", "accepted"), ("¿Editado?", "edited"),
     ("Rechazado", "rejected")],
)  # fmt: skip
def test_a_heading_says_what_yes_and_no_answer(heading: str, asked: str) -> None:
    found = meaning(heading)
    assert found is not None and found.asked == asked


def test_of_several_times_that_of_the_decision_comes_first() -> None:
    found = [meaning(one) for one in ("Reviewed at", "Sent at", "Date", "Created at")]
    ranks = [one.rank for one in found if one]
    assert ranks == sorted(ranks) and len(set(ranks)) == 4
