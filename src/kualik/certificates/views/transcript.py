"""The transcript of the visitor: all documents, hours and credits of five years."""

import csv
from io import StringIO

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from kualik.accounts.queries import applicant_of
from kualik.accounts.services import applicant as acting
from kualik.certificates.models import Letter
from kualik.certificates.services.transcripts import (
    can_be_sealed,
    csv_lines,
    how_counted,
    order_transcript,
    sealed_transcript,
    to_record,
    transcript_of,
)
from kualik.core import clock, errors
from kualik.core.access import applicant
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text

BYTE_ORDER_MARK = "\ufeff"


@applicant
@require_http_methods(["GET", "HEAD", "POST"])
def transcript(request: HttpRequest) -> HttpResponse:
    """The list with its totals; a POST has the sealed PDF made."""
    if request.method == "POST":
        return _ordered(request)
    person, now = applicant_of(request), clock.now()
    found = transcript_of(person, today=clock.local_day(now))
    letter = sealed_transcript(found, person)
    context = {
        "person": person,
        "transcript": found,
        "counting": how_counted(),
        "letter": letter,
        "is_sealed": letter is not None and letter.state == Letter.State.SIGNED,
        "can_be_sealed": can_be_sealed(now),
        "operator": Text(settings.OPERATOR["kk"], settings.OPERATOR["ru"], settings.OPERATOR["en"]),
    }
    return render(request, "certificates/transcript.html", context)


@applicant
@require_safe
def transcript_csv(request: HttpRequest) -> HttpResponse:
    """The list for a spreadsheet, not sealed."""
    today = clock.local_day(clock.now())
    found = transcript_of(applicant_of(request), today=today)
    lines = StringIO()
    csv.writer(lines, delimiter=";").writerows(csv_lines(found, get_language() or "kk"))
    content = BYTE_ORDER_MARK + lines.getvalue()
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="transcript-{today:%Y-%m-%d}.csv"'
    return response


@applicant
@require_safe
def transcript_json(request: HttpRequest) -> HttpResponse:
    """The list for programs, not sealed."""
    today = clock.local_day(clock.now())
    found = transcript_of(applicant_of(request), today=today)
    params = {"ensure_ascii": False, "indent": 1}
    response = JsonResponse(to_record(found), json_dumps_params=params)
    response["Content-Disposition"] = f'attachment; filename="transcript-{today:%Y-%m-%d}.json"'
    return response


def _ordered(request: HttpRequest) -> HttpResponse:
    person = applicant_of(request)
    try:
        order_transcript(person=person, actor=acting(person), now=clock.now())
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    return redirect("certificates:transcript")
