"""The open check: by code, by number, by file; no sign-in, no session, nothing kept.

Every answer is about one document that the visitor holds in some form. Misses are counted by
network address over all three ways together; looking at a file is work, so each one counts.
"""

from typing import TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from kualik.accounts.forms import NOT_BY_IIN
from kualik.certificates.forms import CheckCodeForm, CheckFileForm, CheckNumberForm
from kualik.certificates.services import checking
from kualik.certificates.services.answers import Check
from kualik.certificates.services.recording import to_record
from kualik.certificates.services.wording import COMPARED, sides
from kualik.core import clock, errors
from kualik.core.access import public
from kualik.core.throttle import Limit, address_of, check_limit, count_miss
from kualik.core.uploads import UploadInMemory
from kualik.rules import identifiers
from kualik.rules.errors import RuleViolation

Answer = TypeVar("Answer", bound=HttpResponseBase)
GUESSES = Limit("certificate", 20)
FILES = Limit("certificate file", 30)
REFUSED = "refused"
FORM_DATA = "multipart/form-data"
NOT_FOUND = 404


@public
@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """The three ways. Exempt from the CSRF token: nothing here is changed or kept, and so an
    upload can be bounded before its first byte is read and the page needs no cookie."""
    if request.method == "POST" and request.content_type == FORM_DATA:
        return _by_file(request)
    if request.method == "POST":
        return _by_typed_code(request)
    if "code" in request.GET:
        return _by_old_link(request)
    if "number" in request.GET:
        return _by_number(request)
    return _ways(request, refused=NOT_BY_IIN if REFUSED in request.GET else "")


@public
@never_cache
@require_safe
def by_code(request: HttpRequest, code: str) -> HttpResponse:
    """The page behind the QR of a document; two queries of the database."""
    canonical = canonical_code(code)
    if canonical and canonical != code:
        query = f"?{request.GET.urlencode()}" if request.GET else ""
        return redirect(reverse("certificates:by_code", args=[canonical]) + query)
    found = guarded_check(request, code)
    return _answer(request, found, code=code)


@public
@never_cache
@require_safe
def by_code_data(request: HttpRequest, code: str) -> HttpResponseBase:
    """The same answer for machines, open to scripts of other sites."""
    try:
        found = guarded_check(request, code)
    except RuleViolation as violation:
        refusal = {"error": violation.code, "message": errors.message(violation)}
        response = JsonResponse(refusal, status=errors.status(violation))
    else:
        response = JsonResponse(
            to_record(found),
            status=NOT_FOUND if found.verdict == "unknown" else 200,
            json_dumps_params={"ensure_ascii": False},
        )
    response["Access-Control-Allow-Origin"] = "*"
    return unlisted(response)


def guarded_check(request: HttpRequest, code: str) -> Check:
    """The answer about a code, a miss counted. Raises ``too_many_tries``, ``facts_changed``."""
    address, now = address_of(request), clock.now()
    check_limit(GUESSES, address, now=now)
    found = checking.check_code(code)
    # A code that cannot be read is a slip of the hand, not a guess.
    if found.verdict == "unknown" and canonical_code(code):
        count_miss(GUESSES, address, now=now)
    return found


def _by_old_link(request: HttpRequest) -> HttpResponse:
    """A code in an address, as the form once sent it; a person's number does not stay there."""
    form = CheckCodeForm(request.GET)
    if identifiers.holds_iin(request.GET["code"]):
        return redirect(f"{reverse('certificates:check')}?{REFUSED}=iin")
    if form.is_valid():
        return redirect("certificates:by_code", code=form.cleaned_data["code"])
    return _ways(request, code_form=form)


def _by_typed_code(request: HttpRequest) -> HttpResponse:
    """Only what is a code comes into an address: people type other numbers here too."""
    form = CheckCodeForm(request.POST)
    if form.is_valid():
        return redirect("certificates:by_code", code=form.cleaned_data["code"])
    return _ways(request, code_form=form)


def _by_number(request: HttpRequest) -> HttpResponse:
    form = CheckNumberForm(request.GET)
    if form.has_error("number", "iin"):
        return redirect(f"{reverse('certificates:check')}?{REFUSED}=iin")
    if not form.is_valid():
        return _ways(request, number_form=form)
    address, now = address_of(request), clock.now()
    check_limit(GUESSES, address, now=now)
    number = form.cleaned_data["number"]
    exists = checking.check_number(number)
    if not exists:
        count_miss(GUESSES, address, now=now)
    return _ways(request, number_form=form, number=number, exists=exists)


def _by_file(request: HttpRequest) -> HttpResponse:
    address, now = address_of(request), clock.now()
    for limit in (GUESSES, FILES):
        check_limit(limit, address, now=now)
    intake = UploadInMemory(request)
    request.upload_handlers = [intake]
    form = CheckFileForm(request.POST, request.FILES)
    if intake.is_too_large:
        form.refuse("too_large")
    if not form.is_valid():
        return _ways(request, file_form=form)
    count_miss(FILES, address, now=now)
    found = checking.check_file(content=form.cleaned_data["file"].read(), now=now)
    if not found.is_ours:
        count_miss(GUESSES, address, now=now)
    return _answer(request, found, is_file=True)


def _ways(request: HttpRequest, **context: object) -> HttpResponse:
    """The page of the three ways; a form with an error or an answer takes the place of its own."""
    forms = {
        "code_form": CheckCodeForm(),
        "number_form": CheckNumberForm(),
        "file_form": CheckFileForm(),
    }
    return unlisted(render(request, "certificates/check.html", forms | context))


def _answer(
    request: HttpRequest, found: Check, *, code: str = "", is_file: bool = False
) -> HttpResponse:
    context = {
        "check": found,
        "compared": COMPARED,
        "sides": sides(found.facts) if found.facts else (),
        "code": code,
        "is_file": is_file,
        "public_url": settings.PUBLIC_URL,
    }
    missing = found.verdict == "unknown" and not is_file
    status = NOT_FOUND if missing else 200
    return unlisted(render(request, "certificates/answer.html", context, status=status))


def canonical_code(code: str) -> str:
    """The code in its one spelling, empty when it cannot be read."""
    try:
        return identifiers.parse_code(code)
    except RuleViolation:
        return ""


def unlisted(response: Answer) -> Answer:
    """Search engines are asked to keep nobody's document."""
    response["X-Robots-Tag"] = "noindex"
    return response
