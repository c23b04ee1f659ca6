"""Tries beside the jobs: a part that hangs is silent, and nothing waits for it."""

import threading
from datetime import UTC, datetime

import pytest

from kualik.config.probing import Tries
from kualik.incidents.adapters.probes import Trial, Unwell

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)


class Token:
    """A part that answers once ``answers`` is set."""

    def __init__(self) -> None:
        self.answers, self.tries = threading.Event(), 0
        self.trial = Trial(code="signer:DEMO", cause="signer", attempt=self.attempt)

    def attempt(self, *, now: datetime) -> None:
        self.tries += 1
        self.answers.wait(30)


@pytest.fixture
def token() -> Token:
    return Token()


def test_a_part_that_hangs_is_silent_and_is_not_tried_again_until_it_answered(
    token: Token,
) -> None:
    tries = Tries(limit=0.05)
    assert tries(token.trial, NOW) == "silent: 0.05 s"
    assert tries(token.trial, NOW) == "silent: 0.05 s"
    assert token.tries == 1
    token.answers.set()
    patient = Tries(limit=30)
    assert patient(token.trial, NOW) == ""


def test_a_try_says_what_is_wrong() -> None:
    def unwell(*, now: datetime) -> None:
        raise Unwell("no space")

    def broken(*, now: datetime) -> None:
        raise ZeroDivisionError

    tries = Tries()
    assert tries(Trial(code="a", cause="disk", attempt=unwell), NOW) == "no space"
    assert tries(Trial(code="b", cause="disk", attempt=broken), NOW) == "broke: ZeroDivisionError"
