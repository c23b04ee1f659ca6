"""The authorised person signs the operator's protocol: with NCALayer, or by a file made outside."""

import base64
import binascii

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from kualik.accounts.queries import person_of
from kualik.core import clock, errors
from kualik.core.access import staff
from kualik.core.headers import reaching
from kualik.core.uploads import is_any_too_large, takes_scans
from kualik.incidents.forms import SignatureForm
from kualik.incidents.models import Report
from kualik.incidents.services.signing import sign_protocol
from kualik.incidents.views.acting import own
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from kualik.signatures.services import installation_fetcher, installation_trust

MOST_BYTES = 300_000


@staff(Role.AUTHORISED_PERSON)
@takes_scans
def sign(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Look at the protocol, sign it; the signature is checked before it is kept."""
    report = own(request, number, code)
    form = SignatureForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            _take(request, report, _signature(request, form))
        except RuleViolation as violation:
            form.add_error(None, errors.message(violation))
        else:
            messages.success(request, gettext("The protocol is signed."))
            return redirect("incidents:incident", report.incident.number)
    context = {
        "form": form,
        "report": report,
        "incident": report.incident,
        "is_open": report.state == Report.State.TO_SIGN,
        "ncalayer": settings.NCALAYER_URL,
        "chain": "test" if settings.DEMO else "production",
    }
    return reaching(render(request, "incidents/sign.html", context), settings.NCALAYER_URL)


def _take(request: HttpRequest, report: Report, signature: bytes) -> None:
    sign_protocol(
        report=report,
        signature=signature,
        user=person_of(request),
        trust=installation_trust(),
        fetcher=installation_fetcher(),
        now=clock.now(),
    )


def _signature(request: HttpRequest, form: SignatureForm) -> bytes:
    """What was sent, as bytes. Raises RuleViolation for nothing, too much, or no signature."""
    file, typed = form.cleaned_data["file"], form.cleaned_data["signature"]
    if is_any_too_large(request) or (file and file.size > MOST_BYTES):
        raise RuleViolation("signature_too_large", limit=MOST_BYTES)
    if file:
        found: bytes = file.read()
        return found
    if not typed:
        raise RuleViolation("signature_empty")
    try:
        return base64.b64decode(typed, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RuleViolation("signature_malformed") from error
