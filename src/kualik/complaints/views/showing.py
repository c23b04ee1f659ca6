"""A complaint as its pages show it, and the files it brings."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _

from kualik.cases.queries.timeline import Step
from kualik.certificates.models import Letter
from kualik.certificates.queries import letters_about
from kualik.complaints.models import Complaint, ComplaintDecision, ComplaintFile
from kualik.complaints.queries import (
    EFFECT_LABELS,
    FOR_STAFF_ALONE,
    Way,
    Words,
    answer_clock,
    bodies,
    body,
    clocks_of,
    forward_clock,
    handlers_for,
    label_of,
    registered_at,
    timeline,
    words,
)
from kualik.complaints.services.handling import AT_THE_PROVIDER
from kualik.complaints.services.receipts import make_receipt
from kualik.rules.complaints import TermClock, law
from kualik.rules.language import Text

CHANNELS: dict[str, str | Promise] = {
    Complaint.Channel.WEB: _("On the site"),
    Complaint.Channel.COUNTER: _("At the counter or by post"),
    Complaint.Channel.PHONE: _("By phone"),
}
LANGUAGES = {"kk": _("Kazakh"), "ru": _("Russian")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A term with where it stands: in_time, soon, late, kept or missed."""

    term: TermClock
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A decision in words, with its paper once that is signed."""

    row: ComplaintDecision
    body: Text
    name: Text
    findings: Text
    is_upheld: bool
    effect: Text
    letter: Letter | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Everything that a page says of one complaint.

    ``answer`` and ``forward`` are the terms that run; ``has_nobody``: nobody independent is left at
    the provider, so that it is satisfied in full or sent on (APPC, article 91, part 4).
    """

    complaint: Complaint
    label: Text
    subject: Text
    channel: str | Promise
    language: str | Promise
    registered_at: datetime
    is_registered: bool
    answer: TermClock | None
    forward: TermClock | None
    has_nobody: bool
    forwarded_to: Text | None
    clocks: list[Clock]
    answers: list[Answer]
    steps: list[Step]
    added: list[ComplaintFile]
    words: Words
    outside: tuple[Way, ...]


def shown(complaint: Complaint, *, now: datetime, is_staff: bool = False) -> Shown:
    """A complaint at one moment; the complainant sees no step that is of the office alone."""
    steps, registered = timeline(complaint, now=now), registered_at(complaint)
    is_here = complaint.state in AT_THE_PROVIDER
    return Shown(
        complaint=complaint,
        label=label_of(complaint, now=now),
        subject=law().subject(complaint.subject).name,
        channel=CHANNELS[complaint.channel],
        language=LANGUAGES.get(complaint.language, complaint.language),
        registered_at=registered,
        is_registered=registered <= now,
        answer=answer_clock(complaint),
        forward=forward_clock(complaint),
        has_nobody=is_here and not handlers_for(complaint).exists(),
        forwarded_to=body(complaint.forwarded_to).name if complaint.forwarded_to else None,
        clocks=[Clock(term=term, stage=term.stage(now)) for term in clocks_of(complaint)],
        answers=answers_of(complaint),
        steps=[step for step in steps if is_staff or step.action not in FOR_STAFF_ALONE],
        added=list(complaint.files.filter(purpose=ComplaintFile.Purpose.ADDED).order_by("pk")),
        words=words(),
        outside=bodies().outside,
    )


def answers_of(complaint: Complaint) -> list[Answer]:
    """The decisions on a complaint, the provider's own first."""
    letters = {letter.number: letter for letter in letters_about(f"complaint:{complaint.number}")}
    rows = complaint.decisions.select_related("decided_by").order_by("pk")
    return [
        Answer(
            row=row,
            body=law().term(row.body).name,
            name=law().decision(row.kind).name,
            is_upheld=law().decision(row.kind).satisfies,
            findings=Text(row.findings_kk, row.findings_ru),
            effect=EFFECT_LABELS[row.effect],
            letter=letters.get(row.letter_number),
        )
        for row in rows
    ]


def receipt_of(complaint: Complaint) -> HttpResponse:
    """The receipt as a file that the browser shows."""
    address = f"{settings.PUBLIC_URL}{reverse('complaints:status')}"
    content = make_receipt(complaint=complaint, status_url=address)
    headers = {"Content-Disposition": f'inline; filename="receipt-{complaint.number}.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


def file_of(complaint: Complaint, pk: int) -> HttpResponse:
    """A file of the complaint, never opened as a page of ours; 404 for another's."""
    found = complaint.files.filter(pk=pk).first()
    if found is None:
        raise Http404
    with found.content.open("rb") as content:
        response = HttpResponse(content.read(), content_type=found.media_type)
    disposition = content_disposition_header(as_attachment=True, filename=found.filename)
    response.headers["Content-Disposition"] = str(disposition)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
