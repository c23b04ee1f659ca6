"""The nightly look at the books: a difference becomes a task, an even book closes it."""

from datetime import datetime

from django.db import transaction

from kualik.core import jobs
from kualik.core.jobs import Payload
from kualik.core.journal import SYSTEM
from kualik.core.tasks import Task, close_task, open_task
from kualik.oversight.queries.books import Balance, books_of, keep_books
from kualik.providers.models import Provider
from kualik.rules.lifecycle import Role

BOOKS_JOB = "oversight.books"
# A task names so many rows; the page of the books shows them all.
NAMED = 10


def run_books_job(payload: Payload, now: datetime) -> None:
    """Compare the books of every provider, or of the one that the payload names by code."""
    found = Provider.objects.order_by("pk")
    if "provider" in payload:
        found = found.filter(code=payload["provider"])
    for provider in found:
        reconcile(provider=provider, now=now)


def order_books(*, provider: Provider, now: datetime) -> None:
    """Have the books of one provider compared by the worker; asked for twice in a minute it is
    done once."""
    key = f"{BOOKS_JOB}:{provider.code}:{now:%Y-%m-%dT%H:%M}"
    jobs.enqueue(name=BOOKS_JOB, key=key, payload={"provider": provider.code}, now=now)


def reconcile(*, provider: Provider, now: datetime) -> list[Balance]:
    """Open a task of the head of the office for each book that differs; what is even now closes
    its task. All balances, which are kept for the page.

    The history is read before the transaction, so that nobody who writes waits for it.
    """
    balances = books_of(provider, now=now)
    _settle_tasks(provider, balances, now)
    keep_books(provider, balances, at=now)
    return balances


@transaction.atomic
def _settle_tasks(provider: Provider, balances: list[Balance], now: datetime) -> None:
    for balance in balances:
        key = f"books:{provider.code}:{balance.code}"
        if balance.is_even:
            close_task(key=key, actor=SYSTEM, now=now)
        else:
            open_task(_task(key, balance, provider), now=now)


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
