"""Entering by eGov IDP: the way there with a state, and the way back."""

import hmac
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_safe

from kualik.accounts.adapters.idp import Identity, authorization_url, fetch_identity
from kualik.accounts.models import Person
from kualik.accounts.queries import visiting_person
from kualik.accounts.services import PersonFacts, enter_by_identity, open_cabinet
from kualik.core import clock
from kualik.core.access import came_for, public
from kualik.core.errors import message
from kualik.core.throttle import Limit, address_of, check_limit, count_miss
from kualik.rules.errors import RuleViolation
from kualik.rules.identifiers import parse_iin

WAY = LEVEL = "idp"
LIFE = timedelta(minutes=10)
# Where the session keeps the state of the way back.
KEPT = "idp_state"
NAME_LENGTH = 100
# All people of one network together, as for the other ways.
OFFERED = Limit("ways to eGov IDP", 200)


@public
@never_cache
@require_safe
def idp(request: HttpRequest) -> HttpResponse:
    """Lead to the provider with a new state, which this browser must bring back."""
    if not settings.IDP_URL:
        raise Http404
    if visiting_person(request) is not None:
        return redirect(came_for(request) or "cases:cabinet")
    now, state = clock.now(), secrets.token_urlsafe(32)
    check_limit(OFFERED, address_of(request), now=now)
    count_miss(OFFERED, address_of(request), now=now)
    request.session[KEPT] = {"state": state, "at": now.isoformat(), "next": came_for(request)}
    language = get_language() or "kk"
    return redirect(authorization_url(state=state, redirect_uri=_way_back(), language=language))


@public
@never_cache
@require_safe
def idp_back(request: HttpRequest) -> HttpResponse:
    """Take what the provider sends along; a refusal leads to the ways of entering and says why."""
    if not settings.IDP_URL:
        raise Http404
    now = clock.now()
    # Whatever comes back, the state has served.
    kept = request.session.pop(KEPT, None) or {}
    wanted = str(kept.get("next", ""))
    try:
        _check_state(request, kept, now)
        person = _entered(request, now)
    except RuleViolation as violation:
        messages.error(request, message(violation))
        page = reverse("signatures:enter")
        return redirect(page + (f"?{urlencode({'next': wanted})}" if wanted else ""))
    open_cabinet(request=request, person=person, way=WAY, level=LEVEL, now=now)
    return redirect(wanted or resolve_url("cases:cabinet"))


def _way_back() -> str:
    return settings.PUBLIC_URL + reverse("accounts:idp_back")


def _check_state(request: HttpRequest, kept: dict[str, str], now: datetime) -> None:
    state = request.GET.get("state", "")
    if not kept or not hmac.compare_digest(kept["state"].encode(), state.encode()):
        raise RuleViolation("idp_state_wrong")
    if now >= datetime.fromisoformat(kept["at"]) + LIFE:
        raise RuleViolation("idp_expired")
    if request.GET.get("error") or not request.GET.get("code"):
        raise RuleViolation("idp_refused")


@sensitive_variables()
def _entered(request: HttpRequest, now: datetime) -> Person:
    identity = fetch_identity(code=request.GET["code"], redirect_uri=_way_back())
    facts, phone = _facts(identity), identity.phone
    return enter_by_identity(facts=facts, phone=phone, way=WAY, level=LEVEL, now=now)


def _facts(identity: Identity) -> PersonFacts:
    """Raises ``idp_answer_wrong`` for who has no IIN or no name at all."""
    try:
        iin = parse_iin(identity.iin).value
    except RuleViolation as violation:
        raise RuleViolation("idp_answer_wrong") from violation
    names = (identity.family_name, identity.given_name, identity.patronymic)
    if not any(names[:2]):
        raise RuleViolation("idp_answer_wrong")
    return PersonFacts(iin, *(name[:NAME_LENGTH] for name in names))
