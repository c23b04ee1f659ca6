"""The two addresses that eGov Mobile calls (API №1 and API №2)."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.http.request import UnreadablePostError
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from kualik.core import clock, errors
from kualik.core.access import public
from kualik.core.throttle import Limit, address_of, check_limit, count_miss
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES
from kualik.signatures.services.phone import (
    BODY_LIMIT_BYTES,
    MEGABYTE,
    WRONG_SIGNATURES,
    accept_signed,
    describe,
    hand_documents,
)
from kualik.signatures.services.trusting import installation_fetcher, installation_trust

Answer = dict[str, object]
Api = Callable[[HttpRequest, str], Answer]
View = Callable[[HttpRequest, str], HttpResponse]
# Many phones share the address of a mobile network; only calls that lead nowhere are counted.
STRANGERS = Limit("egov-mobile", 60)
# Judging a signature costs time, so a network bears so many that do not hold, as a code does.
WRONG_OF_NETWORK = Limit("egov-mobile-signature of a network", 100)
GUESSES = frozenset({"phone_offer_unknown", "phone_token_wrong"})
SUCCESS: Answer = {"message": "success"}
HTTP_UNAUTHORISED, HTTP_FORBIDDEN = 401, 403


def for_phones(*methods: str) -> Callable[[Api], View]:
    """Answer in JSON, refusals too, in the language the phone asks for."""

    def mark(view: Api) -> View:
        @wraps(view)
        def answered(request: HttpRequest, token: str) -> HttpResponse:
            if not settings.EGOV_MOBILE:
                raise Http404
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            try:
                check_limit(STRANGERS, address_of(request), now=clock.now())
                check_limit(WRONG_SIGNATURES, token, now=clock.now())
                check_limit(WRONG_OF_NETWORK, address_of(request), now=clock.now())
                told = view(request, token)
            except RuleViolation as violation:
                return _refused(request, token, violation)
            return JsonResponse(told, json_dumps_params={"ensure_ascii": False})

        return never_cache(csrf_exempt(answered))

    return mark


@public
@for_phones("GET")
def phone_card(request: HttpRequest, token: str) -> Answer:
    """API №1: who asks, what for, and where the documents are."""
    documents = settings.PUBLIC_URL + reverse("signatures:phone_documents", args=[token])
    return describe(token=token, documents_url=documents, now=clock.now())


@public
@for_phones("GET", "PUT")
def phone_documents(request: HttpRequest, token: str) -> Answer:
    """API №2: the documents; by PUT the signatures, or that the person refused."""
    auth_token, now = _bearer(request), clock.now()
    if request.method == "GET":
        return hand_documents(token=token, auth_token=auth_token, now=now)
    accept_signed(
        token=token,
        auth_token=auth_token,
        body=_body(request),
        trust=installation_trust(),
        fetcher=installation_fetcher(),
        now=now,
    )
    return SUCCESS


def _refused(request: HttpRequest, token: str, violation: RuleViolation) -> JsonResponse:
    status, now = errors.status(violation), clock.now()
    if violation.code in GUESSES:
        count_miss(STRANGERS, address_of(request), now=now)
    elif status == HTTP_FORBIDDEN:
        count_miss(WRONG_SIGNATURES, token, now=now)
        count_miss(WRONG_OF_NETWORK, address_of(request), now=now)
    text = errors.message(violation, _language(request))
    response = JsonResponse(
        {"code": violation.code, "message": text},
        status=status,
        json_dumps_params={"ensure_ascii": False},
    )
    if status == HTTP_UNAUTHORISED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _bearer(request: HttpRequest) -> str:
    kind, _, auth_token = request.headers.get("Authorization", "").partition(" ")
    return auth_token.strip() if kind.lower() == "bearer" else ""


def _body(request: HttpRequest) -> bytes:
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > BODY_LIMIT_BYTES:
        raise RuleViolation("phone_body_too_large", limit=BODY_LIMIT_BYTES // MEGABYTE)
    try:
        return request.body
    except UnreadablePostError as error:
        raise RuleViolation("phone_body_unreadable") from error


def _language(request: HttpRequest) -> str:
    """The first language of the phone that we speak; newer applications tell it."""
    accepted = request.headers.get("Accept-Language", "").lower().split(",")
    return next((one.strip()[:2] for one in accepted if one.strip()[:2] in LANGUAGES), "kk")
