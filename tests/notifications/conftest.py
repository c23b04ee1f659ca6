"""A Monday morning in Almaty, and the message catcher."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pytest_django import Settings

from tests.notifications.catching import Catching, MovedClock

MONDAY = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)  # 10:00 in Almaty


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(MONDAY)


@pytest.fixture
def catching(clock: MovedClock, settings: Settings) -> Iterator[Catching]:
    running = Catching(clock)
    settings.EMAIL_URL, settings.SMS_URL = running.smtp_url, running.smpp_url
    yield running
    running.end()
