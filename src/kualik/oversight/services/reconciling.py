"""The nightly look at the books: a difference becomes a task, an even book closes it."""

from datetime import datetime

from django.db import transaction

from kualik.core.jobs import Payload
from kualik.core.journal import SYSTEM
from kualik.core.tasks import Task, close_task, open_task
from kualik.oversight.queries.books import Balance, books_of
from kualik.providers.models import Provider
from kualik.rules.lifecycle import Role

BOOKS_JOB = "oversight.books"
# A task names so many rows; the page of the books shows them all.
NAMED = 10


def run_books_job(_payload: Payload, now: datetime) -> None:
    """Compare the books of every provider."""
    for provider in Provider.objects.order_by("pk"):
        reconcile(provider=provider, now=now)


@transaction.atomic
def reconcile(*, provider: Provider, now: datetime) -> list[Balance]:
    """Open a task of the head of the office for each book that differs; what is even now closes
    its task. All balances."""
    balances = books_of(provider, now=now)
    for balance in balances:
        key = f"books:{provider.code}:{balance.code}"
        if balance.is_even:
            close_task(key=key, actor=SYSTEM, now=now)
        else:
            open_task(_task(key, balance, provider), now=now)
    return balances


def _task(key: str, balance: Balance, provider: Provider) -> Task:
    named = ", ".join(balance.rows[:NAMED])
    return Task(
        key=key,
        kind=f"books_{balance.code}",
        subject=f"books:{provider.code}",
        scope=provider.code,
        role=Role.OFFICE_HEAD,
        params={"count": len(balance.rows), "rows": named + (" …" if balance.rows[NAMED:] else "")},
    )
