"""The status of a request for other programs, docs/status.md."""

import json
from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from kualik.cases.services.following import follow, to_record
from kualik.cases.services.looking import look_up
from kualik.core import clock, errors
from kualik.core.access import public
from kualik.core.throttle import address_of
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES

MOST_BYTES = 2048


@public
@never_cache
@csrf_exempt
@require_POST
def status(request: HttpRequest) -> HttpResponse:
    """The course of a request to whoever has its number and code, within the limits of the page.

    Exempt from the CSRF token: nothing is changed and no session is looked at.
    """
    now = clock.now()
    try:
        number, code = _asked(request)
        found = look_up(number=number, code=code, address=address_of(request), now=now)
    except RuleViolation as violation:
        refusal = {"error": violation.code, "message": _said(violation)}
        return _answer(refusal, status=errors.status(violation))
    return _answer(to_record(follow(found, now=now)))


def _asked(request: HttpRequest) -> tuple[str, str]:
    """Number and code of the body. Raises ``status_body_unreadable``."""
    body = request.read(MOST_BYTES + 1)
    try:
        sent = json.loads(body) if len(body) <= MOST_BYTES else None
    except (ValueError, RecursionError) as error:
        raise RuleViolation("status_body_unreadable") from error
    match sent:
        case {"number": str(number), "code": str(code)}:
            return number, code
    raise RuleViolation("status_body_unreadable")


def _said(violation: RuleViolation) -> dict[str, str]:
    said = {}
    for language in LANGUAGES:
        with translation.override(language):
            said[language] = errors.message(violation)
    return said


def _answer(record: Mapping[str, object], status: int = 200) -> JsonResponse:
    return JsonResponse(record, status=status, json_dumps_params={"ensure_ascii": False})
