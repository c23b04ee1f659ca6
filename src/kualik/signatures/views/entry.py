"""What every way of entering by a signature does before and after the signature itself."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, QueryDict
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.http import urlencode

from kualik.accounts import services
from kualik.accounts.models import User
from kualik.accounts.queries import visiting_person
from kualik.core.access import came_for
from kualik.core.errors import message
from kualik.core.throttle import Limit, address_of, check_limit, count_miss
from kualik.rules.errors import RuleViolation
from kualik.signatures.models import Challenge
from kualik.signatures.services.holders import holder_iin, private_person
from kualik.signatures.services.verdicts import SignerVerdict

Purpose = Challenge.Purpose
# All people of one network together, as for passwords.
REFUSED = Limit("entering by a signature", 100)
OFFERED = Limit("offered challenges", 500)
LEVEL = "eds"
STAFF = "staff"


def purpose_of(asked: QueryDict) -> Purpose:
    """What the visitor wants to enter: ``as=staff`` or the own cabinet."""
    return Purpose.STAFF if asked.get("as") == STAFF else Purpose.APPLICANT


def address_with(page: str, request: HttpRequest, purpose: Purpose) -> str:
    """The address of a page that keeps what is entered and the page that was wanted."""
    kept = {"as": STAFF} if purpose is Purpose.STAFF else {}
    wanted = came_for(request)
    kept |= {"next": wanted} if wanted else {}
    return reverse(page) + (f"?{urlencode(kept)}" if kept else "")


def other_ways(request: HttpRequest, purpose: Purpose) -> str:
    """The address of the page with all ways of entering the same."""
    page = "accounts:login" if purpose is Purpose.STAFF else "signatures:enter"
    return address_with(page, request, Purpose.APPLICANT)


def place_already(request: HttpRequest, purpose: Purpose) -> str:
    """Where a visitor is led who is in already; empty for others."""
    if purpose is Purpose.STAFF:
        return other_ways(request, purpose) if request.user.is_authenticated else ""
    is_in = visiting_person(request) is not None
    return came_for(request) or resolve_url("cases:cabinet") if is_in else ""


def count_offer(request: HttpRequest, *, now: datetime) -> None:
    """Take one of the challenges that a network may ask for. Error: ``too_many_tries``."""
    check_limit(OFFERED, address_of(request), now=now)
    count_miss(OFFERED, address_of(request), now=now)


def answered(
    request: HttpRequest,
    *,
    judge: Callable[[], SignerVerdict],
    purpose: Purpose,
    way: str,
    now: datetime,
) -> tuple[str, str]:
    """Let in by the signature that ``judge`` accepts: the address to go on to, and no fault.

    What stops it is told to the visitor and counted: no address, and the code of the fault.
    """
    try:
        check_limit(REFUSED, address_of(request), now=now)
        return let_in(request, verdict=judge(), purpose=purpose, way=way, now=now), ""
    except RuleViolation as violation:
        if violation.code != "too_many_tries":
            count_miss(REFUSED, address_of(request), now=now)
        messages.error(request, message(violation))
        return "", violation.code


def let_in(
    request: HttpRequest, *, verdict: SignerVerdict, purpose: Purpose, way: str, now: datetime
) -> str:
    """Open the cabinet or take the first factor of a member of staff; the address to go on to.

    Errors: ``certificate_without_iin``, ``certificate_of_organisation``, ``staff_unknown``,
    ``staff_account_unclear``, ``too_many_tries``.
    """
    wanted = came_for(request)
    if purpose is Purpose.STAFF:
        user, serial = _staff(verdict), verdict.serial
        services.open_office_by_signature(request=request, user=user, serial=serial, now=now)
        # The page of the sign-in leads on to the second factor.
        return reverse("accounts:login") + (f"?{urlencode({'next': wanted})}" if wanted else "")
    person = services.enter_person(
        facts=private_person(verdict), way=way, level=LEVEL, serial=verdict.serial, now=now
    )
    services.open_cabinet(request=request, person=person, way=way, level=LEVEL, now=now)
    return wanted or resolve_url("cases:cabinet")


def _staff(verdict: SignerVerdict) -> User:
    """The account of the signer: at the organisation of the key, else the only one there is."""
    found = services.find_staff(iin=holder_iin(verdict), bin=verdict.bin)
    if not found:
        raise RuleViolation("staff_unknown")
    if len(found) > 1:
        raise RuleViolation("staff_account_unclear")
    return found[0]
