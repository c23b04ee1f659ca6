"""Scans are handed out to their owner and to the staff they were sent to, as files to be saved."""

from django.db.models import Q
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from kualik.accounts.queries import applicant_of, person_of
from kualik.accounts.services.looks import record_look
from kualik.cases.models import Attachment
from kualik.core import clock
from kualik.core.access import applicant, role_of, staff
from kualik.rules.lifecycle import READERS, Role

# Whatever a browser may think of it: it runs nothing and loads nothing.
SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"
HANDLERS = READERS - {Role.INSPECTOR}


@staff(*HANDLERS)
@require_safe
def attachment(request: HttpRequest, pk: int) -> FileResponse:
    """A scan of a request, correction or power of attorney at the own provider."""
    user = person_of(request)
    if user.provider_id is None:
        raise Http404
    sent_to = (
        Q(request__provider=user.provider_id)
        | Q(correction__provider=user.provider_id)
        | Q(mandate__provider=user.provider_id)
    )
    rows = Attachment.objects.select_related("person", "request", "correction", "mandate")
    found = get_object_or_404(rows.filter(sent_to), pk=pk)
    actor = user.acting_as(role_of(user, HANDLERS))
    about = _about(found)
    record_look(person=found.person, what="attachment", about=about, actor=actor, now=clock.now())
    return _handed(found)


@applicant
@require_safe
def own_attachment(request: HttpRequest, pk: int) -> FileResponse:
    """A scan that the person sent."""
    return _handed(get_object_or_404(Attachment, pk=pk, person=applicant_of(request)))


def _about(found: Attachment) -> str:
    """The number of what the scan came with."""
    if found.request is not None:
        return found.request.number
    if found.correction is not None:
        return found.correction.number
    return f"{found.mandate_id}"


def _handed(found: Attachment) -> FileResponse:
    response = FileResponse(
        found.content.open("rb"),
        as_attachment=True,
        filename=found.filename,
        content_type=found.media_type,
    )
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response
