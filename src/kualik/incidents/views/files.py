"""Files of a report: the draft for the operator, the protocol, the archive of the whole."""

from io import BytesIO

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from kualik.accounts.queries import person_of
from kualik.core import clock
from kualik.core.access import role_of, staff
from kualik.incidents.models import Report
from kualik.incidents.queries import report_visible_to
from kualik.incidents.services.archiving import take_archive
from kualik.incidents.services.drafting import draft_pdf, draft_words
from kualik.incidents.services.signing import protocol_content
from kualik.rules.lifecycle import READERS, Role

SEERS = frozenset({*READERS, Role.PLATFORM_ADMIN})


@staff(*SEERS)
@require_safe
def draft(request: HttpRequest, number: str, code: str) -> FileResponse:
    """The draft of the protocol as PDF."""
    report = _visible(request, number, code)
    content = draft_pdf(report=report, now=clock.now())
    return _file(content, f"{report.incident.number}-{code}-draft.pdf", "application/pdf")


@staff(*SEERS)
@require_safe
def draft_text(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """The draft of the protocol as plain text, to be pasted into the operator's form."""
    report = _visible(request, number, code)
    words = draft_words(report=report, now=clock.now())
    return HttpResponse(words, content_type="text/plain; charset=utf-8")


@staff(*SEERS)
@require_safe
def protocol(request: HttpRequest, number: str, code: str) -> FileResponse:
    """The operator's protocol as it was uploaded."""
    report = _visible(request, number, code)
    if not report.protocol:
        raise Http404
    name = f"{report.incident.number}-{code}-protocol.pdf"
    return _file(protocol_content(report), name, "application/pdf")


@staff(*SEERS)
@require_safe
def archive(request: HttpRequest, number: str, code: str) -> FileResponse:
    """Draft, proof of the notice, protocol and signature with a list of digests."""
    report, user = _visible(request, number, code), person_of(request)
    actor = user.acting_as(role_of(user, SEERS))
    content = take_archive(report=report, actor=actor, now=clock.now())
    return _file(content, f"{report.incident.number}-{code}.zip", "application/zip")


def _visible(request: HttpRequest, number: str, code: str) -> Report:
    found = report_visible_to(person_of(request), number=number, code=code)
    if found is None:
        raise Http404
    return found


def _file(content: bytes, name: str, media_type: str) -> FileResponse:
    response = FileResponse(
        BytesIO(content), filename=name, content_type=media_type, as_attachment=True
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
