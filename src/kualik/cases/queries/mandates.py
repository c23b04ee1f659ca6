"""Powers of attorney: who may act for whom, and at which provider."""

import tomllib
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

from django.db.models import QuerySet

from kualik.accounts.models import Person, User
from kualik.cases.models import Mandate, Request
from kualik.core.clock import local_day
from kualik.providers.models import Provider
from kualik.rules.language import Text

DATA = Path(__file__).resolve().parents[1] / "data" / "mandate_reasons.toml"
OTHER_REASON = "other"


@cache
def refusal_reasons() -> Mapping[str, Text]:
    """Why a power of attorney may be refused, by code."""
    rows = tomllib.loads(DATA.read_text(encoding="utf-8"))
    return {code: Text(**row) for code, row in rows.items()}


def acting_for(person: Person, *, now: datetime) -> list[Mandate]:
    """The powers of attorney by which ``person`` may act at ``now``, first ending first.

    One whose principal nobody knows yet is left out: such a person completed nothing here.
    """
    rows = _related().filter(
        representative=person, state=Mandate.State.CHECKED, valid_until__gte=local_day(now)
    )
    return _with_principals(rows.order_by("valid_until", "pk"))


def mandate_for(
    person: Person, principal: Person, provider: Provider, *, now: datetime
) -> Mandate | None:
    """The power of attorney by which ``person`` may act for ``principal`` at ``provider``."""
    return next(
        (
            row
            for row in acting_for(person, now=now)
            if row.principal_hash == principal.iin_hash and row.provider_id == provider.pk
        ),
        None,
    )


def mandates_held(person: Person) -> QuerySet[Mandate]:
    """What ``person`` entered to act for somebody, the newest first."""
    return _related().filter(representative=person).order_by("-created_at", "-pk")


def mandates_given(person: Person) -> QuerySet[Mandate]:
    """Those that name ``person`` as the principal, the newest first."""
    return _related().filter(principal_hash=person.iin_hash).order_by("-created_at", "-pk")


def mandates_visible_to(user: User) -> QuerySet[Mandate]:
    """Those addressed to the provider of a member of staff; none for the others."""
    if user.provider_id is None:
        return Mandate.objects.none()
    return _related().filter(provider=user.provider_id)


def principal_of(mandate: Mandate) -> Person | None:
    """The person a power of attorney was given by, once known to us."""
    return mandate.principal or Person.objects.filter(iin_hash=mandate.principal_hash).first()


def filed_by(person: Person) -> QuerySet[Request]:
    """The requests that ``person`` filed for others, the last first."""
    requests = Request.objects.filter(mandate__representative=person)
    related = ("provider", "mandate", "completion__programme")
    return requests.select_related(*related).order_by("-filed_at", "-id")


def _related() -> QuerySet[Mandate]:
    return Mandate.objects.select_related("provider", "principal", "representative")


def _with_principals(rows: Iterable[Mandate]) -> list[Mandate]:
    found = []
    for row in rows:
        row.principal = principal_of(row)
        if row.principal is not None:
            found.append(row)
    return found
