"""The authorised person signs what is prepared with the own key, all of it in one go (A57.10-2)."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from datetime import date
from io import BytesIO
from itertools import chain

from django.conf import settings
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.http.request import UnreadablePostError
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kualik.accounts.queries import person_of
from kualik.cases.services.sealing import accept_signatures
from kualik.cases.views.acts import SEALERS
from kualik.cases.views.faults import signing_advice
from kualik.cases.views.prepared import content_of, letter_look, own_row, portion_for
from kualik.certificates.models import Letter, PersonSignature
from kualik.certificates.queries import SignedDay, letters_signed_on, signed_days, signed_on
from kualik.certificates.services.letters import SIGNERS
from kualik.certificates.services.packing import packed
from kualik.certificates.services.signing import SignatureOutcome
from kualik.core import clock, errors
from kualik.core.access import staff
from kualik.core.headers import reaching
from kualik.core.methods import post_only
from kualik.signatures.services.trusting import installation_fetcher, installation_trust

# In one call of NCALayer; more are signed after these.
BATCH = 300
# In one request of the page, so that none of them lasts long whatever the algorithm.
SLICE = 15
BAD_REQUEST = 400


@staff(*SIGNERS)
@require_safe
def sign(request: HttpRequest) -> HttpResponse:
    """Look at the prepared documents, confirm, sign them with NCALayer."""
    user = person_of(request)
    portion = portion_for(user, BATCH, clock.now())
    context = {
        "portion": portion,
        "prepared": portion.now,
        "may_seal": user.has_role(SEALERS),
        "ncalayer": settings.NCALAYER_URL,
        "chain": "test" if settings.DEMO else "production",
        "bin": user.provider.bin if user.provider else "",
        "slice": SLICE,
        "has_phone": settings.EGOV_MOBILE,
    }
    return reaching(render(request, "cases/sign.html", context), settings.NCALAYER_URL)


@staff(*SIGNERS)
@require_safe
def prepared_file(request: HttpRequest, number: str) -> FileResponse:
    """A prepared document as it will be signed, to look at."""
    row = own_row(person_of(request), number)
    response = FileResponse(
        BytesIO(content_of(row, clock.now())),
        filename=f"{row.number}.pdf",
        content_type="application/pdf",
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


@staff(*SIGNERS)
@post_only("cases:sign")
def signatures(request: HttpRequest) -> HttpResponse:
    """Take signatures as JSON, number of the document → CMS in base64; what became of each."""
    try:
        given = _given(request.body)
    except (ValueError, UnreadablePostError):
        return JsonResponse({"error": _("The signatures cannot be read.")}, status=BAD_REQUEST)
    outcomes = accept_signatures(
        user=person_of(request),
        signatures=given,
        trust=installation_trust(),
        fetcher=installation_fetcher(),
        now=clock.now(),
    )
    return JsonResponse({"outcomes": [_told(outcome) for outcome in outcomes]})


@staff(*SIGNERS)
@require_safe
def signed(request: HttpRequest) -> HttpResponse:
    """What I signed, day by day: the notice after the act (Digital Code, article 50)."""
    user = person_of(request)
    days = signed_days(user)
    day = _chosen_day(request, days)
    context = {
        "days": days,
        "day": day,
        "signatures": signed_on(user, day) if day else [],
        "letters": [letter_look(row) for row in letters_signed_on(user, day)] if day else [],
        "may_seal": user.has_role(SEALERS),
        "is_today": day == clock.local_day(clock.now()),
    }
    return render(request, "cases/signed.html", context)


@staff(*SIGNERS)
@require_safe
def signed_files(request: HttpRequest) -> HttpResponseBase:
    """The documents of a day with their signatures, as an archive."""
    user = person_of(request)
    day = _chosen_day(request, signed_days(user))
    if day is None:
        return redirect("cases:signed")
    certificates = signed_on(user, day).order_by("pk").iterator()
    letters = letters_signed_on(user, day).order_by("pk").iterator()
    found: Iterator[PersonSignature | Letter] = chain(certificates, letters)
    response = StreamingHttpResponse(packed(found), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="signed-{day:%Y-%m-%d}.zip"'
    return response


def _chosen_day(request: HttpRequest, days: list[SignedDay]) -> date | None:
    """The day asked for when something was signed on it, else the last one."""
    known = {f"{one.day:%Y-%m-%d}": one.day for one in days}
    return known.get(request.GET.get("day", ""), days[0].day if days else None)


def _given(body: bytes) -> Mapping[str, bytes]:
    """Raises ValueError for anything but a portion of signatures."""
    try:
        sent = json.loads(body)
    except RecursionError as error:
        raise ValueError("too deep") from error
    rows = sent.get("signatures") if isinstance(sent, dict) else None
    if not isinstance(rows, dict) or not 0 < len(rows) <= SLICE:
        raise ValueError("not a portion of signatures")
    if not all(isinstance(text, str) for text in rows.values()):
        raise ValueError("a signature is a text")
    try:
        return {str(number): base64.b64decode(text, validate=True) for number, text in rows.items()}
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _told(outcome: SignatureOutcome) -> dict[str, object]:
    text = errors.message(outcome.violation) if outcome.violation else _("Signed and issued")
    advice = signing_advice(outcome.code)
    return {
        "number": outcome.number,
        "issued": outcome.is_issued,
        "text": text,
        "advice": advice.text,
        "again": advice.may_help,
    }
