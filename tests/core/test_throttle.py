"""Limits on guessing: nothing is lost, no address of one network is another guesser."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import RequestFactory
from pytest_django import Settings

from kualik.core.models import Miss
from kualik.core.throttle import Limit, address_of, check_limit, count_miss, is_spent
from kualik.rules.errors import RuleViolation

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
GUESSES = Limit("guess", 3)
HOME = "192.0.2.1"


def miss(times: int, guesser: str = HOME, now: datetime = NOW, limit: Limit = GUESSES) -> None:
    for _ in range(times):
        count_miss(limit, guesser, now=now)


@pytest.mark.django_db
def test_a_limit_is_spent_by_its_misses_and_by_nobody_elses() -> None:
    miss(2)
    miss(3, "192.0.2.2")
    miss(3, limit=Limit("another guess", 3))
    assert not is_spent(GUESSES, HOME, now=NOW)
    miss(1)
    with pytest.raises(RuleViolation, match="too_many_tries"):
        check_limit(GUESSES, HOME, now=NOW)


@pytest.mark.django_db
def test_a_window_ends_a_quarter_of_an_hour_after_its_first_miss() -> None:
    miss(1)
    miss(2, now=NOW + timedelta(minutes=14))
    assert is_spent(GUESSES, HOME, now=NOW + timedelta(minutes=14))
    later = NOW + timedelta(minutes=15)
    assert not is_spent(GUESSES, HOME, now=later)
    miss(1, now=later)
    assert Miss.objects.get().count == 1


@pytest.mark.django_db
def test_rows_of_yesterday_are_removed_when_a_window_begins() -> None:
    for place in range(5):
        miss(1, f"192.0.2.{place}")
    miss(1, "198.51.100.1", now=NOW + timedelta(days=1))
    assert Miss.objects.count() == 1


@pytest.mark.django_db
def test_a_row_names_no_address() -> None:
    miss(1)
    assert HOME not in str(list(Miss.objects.values()))


@pytest.mark.django_db(transaction=True)
def test_parallel_misses_are_all_counted() -> None:
    def work() -> None:
        try:
            miss(5)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert Miss.objects.get().count == 20


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
    ],
)
def test_addresses_of_one_network_are_one_guesser(
    rf: RequestFactory, address: str, network: str
) -> None:
    assert address_of(rf.get("/", REMOTE_ADDR=address)) == network


def test_only_what_a_trusted_proxy_added_is_believed(
    rf: RequestFactory, settings: Settings
) -> None:
    request = rf.get("/", REMOTE_ADDR=HOME, headers={"x-forwarded-for": "10.0.0.1, 198.51.100.1"})
    settings.BEHIND_PROXY = False
    assert address_of(request) == HOME
    settings.BEHIND_PROXY = True
    assert address_of(request) == "198.51.100.1"
