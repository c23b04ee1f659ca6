"""Entering: the ways there are, and the one by NCALayer."""

from base64 import b64encode
from datetime import datetime
from functools import partial

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from kualik.accounts.queries import visiting_person
from kualik.accounts.services import leave_cabinet, session_secret
from kualik.core import clock
from kualik.core.access import came_for, public
from kualik.core.headers import reaching
from kualik.core.methods import post_only
from kualik.signatures.models import Challenge
from kualik.signatures.services.challenges import answer_challenge, offer_challenge
from kualik.signatures.services.trusting import installation_fetcher, installation_trust
from kualik.signatures.services.verdicts import SignerVerdict
from kualik.signatures.views.entry import (
    Purpose,
    address_with,
    answered,
    count_offer,
    other_ways,
    place_already,
    purpose_of,
)

NCALAYER = "ncalayer"


@public
@never_cache
def enter(request: HttpRequest) -> HttpResponse:
    """The ways into the own cabinet (A303.10.b)."""
    if visiting_person(request) is not None:
        return redirect(came_for(request) or "cases:cabinet")
    context = {
        "by_key": address_with("signatures:eds", request, Purpose.APPLICANT),
        "has_phone": settings.EGOV_MOBILE,
        "has_idp": bool(settings.IDP_URL),
        "has_code": bool(settings.SMS_URL),
        "next": came_for(request),
        "is_staff": request.user.is_authenticated,
    }
    return render(request, "signatures/enter.html", context)


@public
@never_cache
def eds(request: HttpRequest) -> HttpResponse:
    """A challenge to be signed by a key on this computer."""
    purpose = purpose_of(request.GET)
    place = place_already(request, purpose)
    if place:
        return redirect(place)
    challenge = _offered(request, purpose)
    context = {
        "challenge": challenge,
        "content": b64encode(challenge.text.encode()).decode(),
        "ncalayer": settings.NCALAYER_URL,
        "chain": "test" if settings.DEMO else "production",
        "next": came_for(request),
        "for_staff": purpose is Purpose.STAFF,
        "is_staff": request.user.is_authenticated,
        "other_ways": other_ways(request, purpose),
    }
    return reaching(render(request, "signatures/eds.html", context), settings.NCALAYER_URL)


@public
@never_cache
@sensitive_post_parameters("signature")
@post_only("signatures:enter")
def eds_answer(request: HttpRequest) -> HttpResponse:
    """Take the signed challenge; a refusal leads back to a new one and says why."""
    purpose, now = purpose_of(request.POST), clock.now()
    judge = partial(_verdict, request, purpose, now)
    onward, _ = answered(request, judge=judge, purpose=purpose, way=NCALAYER, now=now)
    return redirect(onward or address_with("signatures:eds", request, purpose))


@public
@post_only("home")
def leave(request: HttpRequest) -> HttpResponse:
    """End the applicant's session in this browser."""
    leave_cabinet(request=request)
    messages.success(request, gettext("You have left the cabinet."))
    return redirect("home")


def _offered(request: HttpRequest, purpose: Purpose) -> Challenge:
    """A new challenge, within the limit of this address."""
    now = clock.now()
    count_offer(request, now=now)
    return offer_challenge(
        purpose=purpose,
        session_secret=session_secret(request),
        host=request.get_host(),
        language=get_language() or "kk",
        now=now,
    )


def _verdict(request: HttpRequest, purpose: Purpose, now: datetime) -> SignerVerdict:
    return answer_challenge(
        token=request.POST.get("token", ""),
        signature=request.POST.get("signature", "").encode(),
        session_secret=session_secret(request),
        purpose=purpose,
        trust=installation_trust(),
        fetcher=installation_fetcher(),
        now=now,
    )
