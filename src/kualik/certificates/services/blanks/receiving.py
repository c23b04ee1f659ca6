"""Deliveries of blanks, and blanks given out of the safe and brought back (A57.4, A303.4)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import IntegrityError, transaction

from kualik.accounts.models import User
from kualik.certificates.models import Blank, BlankReceipt
from kualik.certificates.services.blanks.moving import (
    HOLDERS,
    State,
    book_of,
    check_answerable,
    check_keeper,
    move,
)
from kualik.core import journal
from kualik.core.clock import local_day
from kualik.core.journal import Actor
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

MOST: Final = 5000
SERIES: Final = re.compile(r"[0-9A-ZА-ЯЁӘҒҚҢӨҰҮҺІ]{1,8}")
BATCH: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A delivery: the numbers ``first`` to ``last`` of ``series``, printed with ``digits``, by
    which paper and on which day."""

    series: str
    first: int
    last: int
    document: str
    received_on: date
    digits: int = 6


@transaction.atomic
def receive_blanks(
    *, provider: Provider, delivery: Delivery, user: User, role: Role, now: datetime
) -> BlankReceipt:
    """Enter a delivery; its blanks lie in the safe.

    Raises ``blank_series_wrong``, ``blank_numbers_wrong`` (none, over 5,000, or more digits than
    printed), ``blank_document_missing``, ``blank_day_ahead``, ``blank_known`` (a number was
    received before), ``not_permitted``.
    """
    actor = check_keeper(user, provider, role)
    series = delivery.series.strip().upper()
    _check(delivery, series, today=local_day(now))
    receipt = BlankReceipt.objects.create(
        provider=provider,
        series=series,
        first=delivery.first,
        last=delivery.last,
        digits=delivery.digits,
        document=delivery.document.strip(),
        received_on=delivery.received_on,
        entered_at=now,
        entered_by=user,
    )
    blanks = (
        Blank(provider=provider, receipt=receipt, series=series, number=number, changed_at=now)
        for number in range(delivery.first, delivery.last + 1)
    )
    try:
        with transaction.atomic():
            Blank.objects.bulk_create(blanks, batch_size=BATCH)
    except IntegrityError as error:
        raise RuleViolation("blank_known", series=series) from error
    _record(receipt, actor=actor, now=now)
    return receipt


def _record(receipt: BlankReceipt, *, actor: Actor, now: datetime) -> None:
    journal.record(
        subject=book_of(receipt.provider),
        action="certificates.blanks_received",
        actor=actor,
        now=now,
        data={
            "series": receipt.series,
            "first": receipt.first,
            "last": receipt.last,
            "document": receipt.document,
            "received_on": receipt.received_on.isoformat(),
        },
    )


def _check(delivery: Delivery, series: str, *, today: date) -> None:
    if not SERIES.fullmatch(series):
        raise RuleViolation("blank_series_wrong")
    count = delivery.last - delivery.first + 1
    digits = len(str(delivery.last))
    if delivery.first < 1 or not 1 <= count <= MOST or not digits <= delivery.digits <= 9:
        raise RuleViolation("blank_numbers_wrong", most=MOST)
    if not delivery.document.strip():
        raise RuleViolation("blank_document_missing")
    if delivery.received_on > today:
        raise RuleViolation("blank_day_ahead")


def pick_blanks(*, provider: Provider, series: str, first: int, count: int) -> list[Blank]:
    """``count`` blanks in a row out of the safe. Raises ``blanks_not_in_stock``."""
    series = series.strip().upper()
    numbers = (first, first + count - 1)
    found = Blank.objects.filter(
        provider=provider, series=series, number__range=numbers, state=State.IN_STOCK
    )
    rows = list(found.select_related("receipt", "provider").order_by("number"))
    if count < 1 or len(rows) != count:
        raise RuleViolation("blanks_not_in_stock", series=series, first=first, count=count)
    return rows


@transaction.atomic
def give_blanks(
    *, blanks: Sequence[Blank], holder: User, user: User, role: Role, now: datetime
) -> None:
    """Give blanks out of the safe to a member of staff, who answers for them from then on.

    Raises ``holder_unfit`` (of another provider, left, or with no work at the counter),
    ``blank_state_wrong``, ``blank_conflict``, ``not_permitted``.
    """
    for blank in blanks:
        actor = check_keeper(user, blank.provider, role)
        is_staff = holder.provider_id == blank.provider_id and holder.is_active
        if not is_staff or not holder.has_role(HOLDERS):
            raise RuleViolation("holder_unfit")
        move(
            blank,
            frm=(State.IN_STOCK,),
            to=State.GIVEN,
            action="certificates.blank_given",
            actor=actor,
            now=now,
            data={"to": f"user:{holder.pk}"},
            holder=holder,
        )


@transaction.atomic
def take_back(*, blank: Blank, user: User, role: Role, now: datetime) -> Blank:
    """A clean blank goes back into the safe.

    Raises ``blank_at_printer`` (nobody said yet what came out), ``blank_state_wrong``,
    ``blank_conflict``, ``blank_of_another``, ``not_permitted``.
    """
    actor = check_answerable(blank, user, role)
    check_not_at_printer(blank)
    return move(
        blank,
        frm=(State.GIVEN,),
        to=State.IN_STOCK,
        action="certificates.blank_returned",
        actor=actor,
        now=now,
        data={"from": f"user:{blank.holder_id}"},
        holder=None,
    )


def check_not_at_printer(blank: Blank) -> None:
    """Raises ``blank_at_printer`` while nobody said what a print on it came to."""
    if blank.printings.filter(outcome="").exists():
        raise RuleViolation("blank_at_printer", blank=blank.label)
