"""Entering with eGov Mobile: the page with a code, where it stands, and what came of it."""

from datetime import datetime
from functools import partial

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache

from kualik.accounts.services import session_secret
from kualik.core import clock
from kualik.core.access import came_for, public
from kualik.core.methods import post_only
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.signatures.services.challenges import answer_challenge, offer_challenge
from kualik.signatures.services.phone import (
    LIFE,
    TAKING,
    Document,
    Organisation,
    Standing,
    offer_signing,
    standing_of,
    take_result,
)
from kualik.signatures.services.phone_judging import Method
from kualik.signatures.services.phone_page import PhonePage, phone_page
from kualik.signatures.services.trusting import installation_fetcher, installation_trust
from kualik.signatures.services.verdicts import SignerVerdict
from kualik.signatures.views.entry import (
    STAFF,
    Purpose,
    address_with,
    answered,
    count_offer,
    other_ways,
    place_already,
    purpose_of,
)

EGOV_MOBILE = "egov-mobile"
# Where the session keeps the tokens of its offers, by purpose.
KEPT = "phone_entering"
HTTP_NOT_FOUND = 404
SITE = "Сайт"
# What is signed at the last moment of the code is still taken.
ENTRY_LIFE = LIFE + TAKING
ENTRY = {
    Purpose.APPLICANT: Text(
        "«Куәлік» жүйесіндегі кабинетке кіру",
        "Вход в кабинет системы «Куәлік»",
        "Entry to the cabinet of Kualik",
    ),
    Purpose.STAFF: Text(
        "Қызметкердің «Куәлік» жүйесіне кіруі",
        "Вход сотрудника в систему «Куәлік»",
        "Staff sign-in to Kualik",
    ),
}


@public
@never_cache
def by_phone(request: HttpRequest) -> HttpResponse:
    """The code, and where it stands; by POST a new one."""
    if not settings.EGOV_MOBILE:
        raise Http404
    if request.method == "POST":
        purpose = purpose_of(request.POST)
        _forget(request, purpose)
        return redirect(address_with("signatures:phone", request, purpose))
    purpose, now = purpose_of(request.GET), clock.now()
    place = place_already(request, purpose)
    if place:
        return redirect(place)
    token, standing = _standing(request, purpose, now) or _offered(request, purpose, now)
    page = phone_page(token=token, standing=standing, now=now)
    return render(request, "signatures/phone.html", _context(request, page, purpose))


@public
@never_cache
def phone_state(request: HttpRequest) -> HttpResponse:
    """Where the browser's own code stands, for the page's script."""
    now = clock.now()
    found = _standing(request, purpose_of(request.GET), now)
    if found is None:
        return JsonResponse({"stage": "unknown"}, status=HTTP_NOT_FOUND)
    token, standing = found
    return JsonResponse(phone_page(token=token, standing=standing, now=now).to_record())


@public
@never_cache
@post_only("signatures:enter")
def phone_answer(request: HttpRequest) -> HttpResponse:
    """Enter by what the phone signed; a refusal leads back to a new code and says why."""
    purpose, now = purpose_of(request.POST), clock.now()
    judge = partial(_verdict, request, purpose, now)
    onward, fault = answered(request, judge=judge, purpose=purpose, way=EGOV_MOBILE, now=now)
    if fault and fault != "phone_offer_not_signed":
        _forget(request, purpose)
    return redirect(onward or address_with("signatures:phone", request, purpose))


def _context(request: HttpRequest, page: PhonePage, purpose: Purpose) -> dict[str, object]:
    return {
        "phone": page,
        "state_url": _state_address(purpose),
        "answer_url": reverse("signatures:phone_answer"),
        "hidden": _hidden(request, purpose),
        "reloads": request.GET.get("reload") != "no",
        "for_staff": purpose is Purpose.STAFF,
        "is_staff": request.user.is_authenticated,
        "other_ways": other_ways(request, purpose),
    }


def _standing(request: HttpRequest, purpose: Purpose, now: datetime) -> tuple[str, Standing] | None:
    """The code of this browser with where it stands; None without one, or when it is forgotten."""
    token = request.session.get(KEPT, {}).get(purpose, "")
    try:
        secret = session_secret(request) if token else ""
        return token, standing_of(token=token, session_secret=secret, now=now)
    except RuleViolation:
        return None


def _offered(request: HttpRequest, purpose: Purpose, now: datetime) -> tuple[str, Standing]:
    count_offer(request, now=now)
    secret, host = session_secret(request), request.get_host()
    challenge = offer_challenge(
        purpose=purpose,
        session_secret=secret,
        host=host,
        language=get_language() or "kk",
        now=now,
        life=ENTRY_LIFE,
    )
    name, content = ENTRY[purpose], challenge.text.encode()
    offer = offer_signing(
        documents=[Document(name=name, content=content, mime="text/plain", meta=[(SITE, host)])],
        method=Method.CMS_WITH_DATA,
        purpose="login",
        description=f"{name.kk} / {name.ru}",
        organisation=_operator(),
        about={"challenge": challenge.token},
        session_secret=secret,
        now=now,
    )
    request.session[KEPT] = {**request.session.get(KEPT, {}), purpose: offer.token}
    return offer.token, standing_of(token=offer.token, session_secret=secret, now=now)


def _operator() -> Organisation:
    """Who keeps the installation: before the entry no provider asks."""
    told = settings.OPERATOR
    return Organisation(name=Text(told["kk"], told["ru"], told["en"]), bin=told["bin"])


def _verdict(request: HttpRequest, purpose: Purpose, now: datetime) -> SignerVerdict:
    token, secret = request.session.get(KEPT, {}).get(purpose, ""), session_secret(request)
    result = take_result(token=token, session_secret=secret, now=now)
    return answer_challenge(
        token=result.about["challenge"],
        signature=result.signatures[0],
        session_secret=secret,
        purpose=purpose,
        trust=installation_trust(),
        fetcher=installation_fetcher(),
        now=now,
    )


def _forget(request: HttpRequest, purpose: Purpose) -> None:
    kept = request.session.get(KEPT, {})
    # A visitor without a code gets no session by asking for another.
    if purpose in kept:
        request.session[KEPT] = {name: token for name, token in kept.items() if name != purpose}


def _state_address(purpose: Purpose) -> str:
    query = f"?{urlencode({'as': STAFF})}" if purpose is Purpose.STAFF else ""
    return reverse("signatures:phone_state") + query


def _hidden(request: HttpRequest, purpose: Purpose) -> dict[str, str]:
    """What the forms of the page send along."""
    kept = {"as": STAFF} if purpose is Purpose.STAFF else {}
    return kept | {"next": came_for(request)}
