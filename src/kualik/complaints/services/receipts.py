"""The receipt of a complaint: number, code, terms, and who may see what next (A57.17-2)."""

from kualik.complaints.models import Complaint
from kualik.complaints.queries import clocks_of, registered_at, status_code, words
from kualik.complaints.services.filing import clock_due
from kualik.papers.services import ReceiptFacts, printed, render_receipt
from kualik.rules.complaints import law
from kualik.rules.language import LANGUAGES, Text

WORDING = "complaint-receipt"
DAYS = {"kk": "жұмыс күні", "ru": "рабочих дней", "en": "working days"}


def make_receipt(*, complaint: Complaint, status_url: str) -> bytes:
    """The receipt as PDF in the language of the complaint; the same bytes at every call."""
    facts = ReceiptFacts(
        request_number=complaint.number,
        provider_name=complaint.provider.name,
        applicant=printed(complaint.complainant),
        service=_subject(complaint),
        filed_at=complaint.received_at,
        accepted_at=registered_at(complaint),
        due_at=clock_due(complaint, "provider"),
        clock=Text(*["\n".join(_lines(complaint, language)) for language in LANGUAGES]),
        status_url=status_url,
        status_code=status_code(complaint),
    )
    return render_receipt(facts=facts, language=complaint.language, wording=WORDING)


def _subject(complaint: Complaint) -> Text:
    name = law().subject(complaint.subject).name
    number = complaint.request.number if complaint.request else complaint.named_number
    if not number:
        return name
    return Text(*[f"{name.get(language)}, № {printed(number)}" for language in LANGUAGES])


def _lines(complaint: Complaint, language: str) -> list[str]:
    """The provider's two terms as they ran from the registration, and what lateness means."""
    lines = [
        f"{clock.term.name.get(language)}: {clock.term.days} {DAYS[language]}, "
        f"{clock.due_at:%d.%m.%Y %H:%M}"
        for clock in clocks_of(complaint)[:2]
    ]
    late = [words().late.get(language)] if complaint.is_late else []
    return [*lines, *late]
