"""Blanks of the demonstration: a delivery in the safe, some with the staff, one printer."""

from datetime import datetime
from typing import Final

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.cases.services.delivery import ask_for_paper
from kualik.certificates.services.blanks import (
    Delivery,
    count_evening,
    give_blanks,
    pick_blanks,
    receive_blanks,
    set_printer,
)
from kualik.core.clock import local_day
from kualik.providers.models import Provider
from kualik.rules.lifecycle import Role, State

SERIES: Final = "AA"
RECEIVED: Final = 60
GIVEN: Final = 20


def stock_blanks(provider: Provider, *, now: datetime) -> None:
    """Sixty blanks, twenty of them with the clerk and as many with the registrar; counted."""
    head = _staff(provider, Role.OFFICE_HEAD)
    clerk, registrar = _staff(provider, Role.CLERK), _staff(provider, Role.REGISTRAR)
    paper = Delivery(
        series=SERIES,
        first=1,
        last=RECEIVED,
        document="Жүкқұжат № 214 / Накладная № 214",
        received_on=local_day(now),
    )
    role = Role.OFFICE_HEAD
    receive_blanks(provider=provider, delivery=paper, user=head, role=role, now=now)
    for first, holder in ((1, clerk), (1 + GIVEN, registrar)):
        rows = pick_blanks(provider=provider, series=SERIES, first=first, count=GIVEN)
        give_blanks(blanks=rows, holder=holder, user=head, role=role, now=now)
    count_evening(provider=provider, counted=RECEIVED, remark="", user=head, role=role, now=now)
    set_printer(
        provider=provider,
        name="Терезе 1 / Окно 1",
        right=0,
        down=0,
        user=clerk,
        role=Role.CLERK,
        now=now,
    )


def ask_on_paper(provider: Provider, *, now: datetime) -> None:
    """One of the documents that are ready is asked for on paper as well."""
    ready = Request.objects.filter(provider=provider, state=State.ISSUED).order_by("-pk").first()
    if ready is not None:
        clerk = _staff(provider, Role.CLERK)
        ask_for_paper(request=ready, user=clerk, role=Role.CLERK, now=now)


def _staff(provider: Provider, role: Role) -> User:
    return User.objects.get(provider=provider, grants__role=role)
