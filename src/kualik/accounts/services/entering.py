"""Entering: a cabinet by the person, the office by a member of staff, never both at once."""

import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib import auth
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest
from django.middleware.csrf import rotate_token

from kualik.accounts.models import Person, User
from kualik.accounts.queries.looks import ENTERED
from kualik.accounts.services.codes import Purpose, check_code
from kualik.accounts.services.persons import PersonFacts, register_persons
from kualik.accounts.services.phones import confirm_phone, keep_registered
from kualik.core import journal
from kualik.core.access import APPLICANT_KEY
from kualik.core.journal import Actor
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

BACKEND = "django.contrib.auth.backends.ModelBackend"
SECRET_KEY = "challenge_secret"  # noqa: S105 - where the session keeps it
CODE_WAY, CODE_LEVEL = "code", "otp"


@transaction.atomic
def enter_person(
    *, facts: PersonFacts, way: str, level: str, serial: str = "", now: datetime
) -> Person:
    """The person who proved to be at the browser; one not known yet is registered.

    ``way`` says how ("ncalayer", "egov-mobile" …), ``level`` how strongly ("eds", "otp", "idp"),
    ``serial`` by which certificate; the journal keeps all three and no IIN.
    """
    person = register_persons(people=[facts], now=now)[facts.iin]
    _record_entry(person, {"way": way, "level": level, "certificate": serial}, now)
    return person


@transaction.atomic
def enter_by_identity(
    *, facts: PersonFacts, phone: str, way: str, level: str, now: datetime
) -> Person:
    """The same for who comes from an identity provider, with the number that it confirms.

    A number that cannot be kept (too many, no number) does not stop the entry.
    """
    person = enter_person(facts=facts, way=way, level=level, now=now)
    actor = applicant(person)
    if phone:
        with suppress(RuleViolation):
            confirm_phone(
                person=person, phone=phone, how=level, evidence={"way": way}, actor=actor, now=now
            )
    return person


def enter_by_code(*, token: str, code: str, session_secret: str, now: datetime) -> Person:
    """The person whose confirmed phone got the code (A303.10.a); level "otp".

    The errors of ``check_code``, and ``otp_unknown`` when the number is theirs no more.
    """
    row = check_code(
        token=token, code=code, session_secret=session_secret, purpose=Purpose.ENTER, now=now
    )
    with transaction.atomic():
        person = row.person
        if person is None or not keep_registered(person=person, phone=row.phone, now=now):
            raise RuleViolation("otp_unknown")
        _record_entry(person, {"way": CODE_WAY, "level": CODE_LEVEL, "phone": row.phone[-4:]}, now)
    return person


def applicant(person: Person) -> Actor:
    """The person acting in the own cabinet, as the journal names them."""
    return Actor(name=f"person:{person.pk}", role=Role.APPLICANT.value)


def session_secret(request: HttpRequest) -> str:
    """The secret of this browser's session, made at the first call."""
    found: str = request.session.setdefault(SECRET_KEY, secrets.token_urlsafe(32))
    return found


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


def _record_entry(person: Person, data: Mapping[str, str], now: datetime) -> None:
    actor = applicant(person)
    journal.record(subject=actor.name, action=ENTERED, actor=actor, now=now, data=data)
