"""Entering: a cabinet by the person, the office by a member of staff, never both at once."""

from datetime import datetime

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib import auth
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest
from django.middleware.csrf import rotate_token

from kualik.accounts.models import Person, User
from kualik.accounts.services.persons import PersonFacts, register_persons
from kualik.core import journal
from kualik.core.access import APPLICANT_KEY
from kualik.core.journal import Actor
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

BACKEND = "django.contrib.auth.backends.ModelBackend"


@transaction.atomic
def enter_person(
    *, facts: PersonFacts, way: str, level: str, serial: str = "", now: datetime
) -> Person:
    """The person who proved to be at the browser; one not known yet is registered.

    ``way`` says how ("ncalayer", "egov-mobile" …), ``level`` how strongly ("eds", "otp", "idp"),
    ``serial`` by which certificate; the journal keeps all three and no IIN.
    """
    person = register_persons(people=[facts], now=now)[facts.iin]
    name = f"person:{person.pk}"
    data = {"way": way, "level": level, "certificate": serial}
    journal.record(
        subject=name,
        action="accounts.entered",
        actor=Actor(name=name, role=Role.APPLICANT.value),
        now=now,
        data=data,
    )
    return person


def open_cabinet(
    *, request: HttpRequest, person: Person, way: str, level: str, now: datetime
) -> None:
    """Give the browser a new session in which ``person`` is the applicant; the old one ends.

    ``core.access`` ends it 8 hours later (settings.SESSION_COOKIE_AGE) however busy it is.
    """
    request.session.flush()
    request.user = AnonymousUser()
    request.session[APPLICANT_KEY] = {
        "person": person.pk,
        "level": level,
        "way": way,
        "since": now.isoformat(),
    }
    rotate_token(request)


def leave_cabinet(*, request: HttpRequest) -> None:
    """End the applicant's session; that of a member of staff goes on."""
    if APPLICANT_KEY in request.session:
        request.session.flush()


def open_office(*, request: HttpRequest, user: User) -> None:
    """Give the browser a new session in which ``user`` has shown the first factor."""
    request.session.flush()
    auth.login(request, user, backend=BACKEND)


def open_office_by_signature(
    *, request: HttpRequest, user: User, serial: str, now: datetime
) -> None:
    """The same for a signature in place of the password; journalled with the certificate.

    Wrong passwords that lock the account at this address stop this way too: ``too_many_tries``.
    """
    if not AxesProxyHandler.is_allowed(request, {User.USERNAME_FIELD: user.email}):
        raise RuleViolation("too_many_tries", minutes=round(settings.AXES_COOLOFF_TIME * 60))
    journal.record(
        subject=f"user:{user.pk}",
        action="accounts.signature_accepted",
        actor=Actor(name=f"user:{user.pk}"),
        now=now,
        data={"certificate": serial},
    )
    open_office(request=request, user=user)
