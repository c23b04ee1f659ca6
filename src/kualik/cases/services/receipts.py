"""The receipt of a filed request (A57.7.2, A303.7.2)."""

from kualik.cases.models import Request
from kualik.cases.queries import clock_of, status_code
from kualik.papers.services import ReceiptFacts, render_receipt
from kualik.rules import standards
from kualik.rules.language import LANGUAGES, Text


def make_receipt(*, request: Request, status_url: str) -> bytes:
    """The receipt as PDF in the language of the application; the same bytes at every call."""
    standard = standards.get(request.edition, request.edition_version)
    provider, holder = request.provider, request.holder
    applicant = Text(holder.kk, holder.ru, holder.ru)
    clock = clock_of(request)
    lines = {name: [step.text.get(name) for step in clock.steps] for name in LANGUAGES}
    facts = ReceiptFacts(
        request_number=request.number,
        provider_name=provider.name,
        applicant=applicant.get(request.language),
        service=standard.title,
        filed_at=request.filed_at,
        accepted_at=request.accepted_at,
        due_at=request.due_at,
        clock=Text(*("\n".join(lines[name]) for name in LANGUAGES)),
        status_url=status_url,
        status_code=status_code(request),
    )
    return render_receipt(facts=facts, language=request.language)
