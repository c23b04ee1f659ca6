"""A code of six digits: five minutes, five tries, one use, one browser (A303.10.a)."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from kualik.accounts.models import OneTimeCode, Person
from kualik.accounts.services import (
    CodeOffer,
    PersonFacts,
    check_code,
    count_offer,
    forget_codes,
    offer_code,
    register_persons,
)
from kualik.accounts.services.codes import DIGITS, LIFE, TRIES
from kualik.rules.errors import RuleViolation

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
LATER = NOW + timedelta(seconds=40)
IIN, PHONE = "850315300123", "+77011234567"
SECRET = "the session's own secret"


@pytest.fixture
def person() -> Person:
    return register_persons(people=[PersonFacts(IIN, "Ким", "Виктор")], now=NOW)[IIN]


def offered(person: Person | None, purpose: str = "enter") -> CodeOffer:
    return offer_code(person=person, phone=PHONE, purpose=purpose, session_secret=SECRET, now=NOW)


def outcome(
    offer: CodeOffer,
    code: str | None = None,
    *,
    secret: str = SECRET,
    purpose: str = "enter",
    now: datetime = LATER,
) -> str:
    """What an answer comes to: "good", or the code of the error."""
    try:
        check_code(
            token=offer.token,
            code=offer.code if code is None else code,
            session_secret=secret,
            purpose=purpose,
            now=now,
        )
    except RuleViolation as violation:
        return violation.code
    return "good"


def other(code: str) -> str:
    return f"{(int(code) + 1) % 10**DIGITS:0{DIGITS}d}"


def test_the_right_code_serves_once(person: Person) -> None:
    offer = offered(person)
    assert len(offer.code) == 6
    assert offer.code.isdecimal()
    assert [outcome(offer), outcome(offer)] == ["good", "otp_used"]


def test_spaces_between_the_digits_do_not_matter(person: Person) -> None:
    offer = offered(person)
    assert outcome(offer, f" {offer.code[:3]} {offer.code[3:]}") == "good"


def test_after_five_wrong_tries_the_right_code_is_refused_too(person: Person) -> None:
    offer = offered(person)
    answers = [outcome(offer, other(offer.code)) for _ in range(TRIES)]
    assert answers == ["otp_wrong"] * 4 + ["otp_spent"]
    assert outcome(offer) == "otp_spent"


def test_the_fifth_try_may_be_the_right_one(person: Person) -> None:
    offer = offered(person)
    for _ in range(TRIES - 1):
        outcome(offer, other(offer.code))
    assert outcome(offer) == "good"


@pytest.mark.parametrize(
    ("seconds", "expected"), [(-1, "good"), (0, "otp_expired"), (3600, "otp_expired")]
)
def test_it_lives_five_minutes(person: Person, seconds: int, expected: str) -> None:
    assert timedelta(minutes=5) == LIFE
    assert outcome(offered(person), now=NOW + LIFE + timedelta(seconds=seconds)) == expected


def test_another_browser_and_another_purpose_do_not_know_it(person: Person) -> None:
    offer = offered(person)
    assert outcome(offer, secret="another session") == "otp_unknown"
    assert outcome(offer, purpose="phone") == "otp_unknown"
    assert outcome(offer) == "good"
    assert OneTimeCode.objects.get().tries == 1


@pytest.mark.parametrize("token", ["", "x", "\u04d9" * 43, "A" * 5000])
def test_a_token_that_nobody_gave_is_unknown(person: Person, token: str) -> None:
    with pytest.raises(RuleViolation, match="otp_unknown"):
        check_code(token=token, code="123456", session_secret=SECRET, purpose="enter", now=NOW)


def test_what_stands_for_a_person_that_is_none_answers_like_a_real_code(person: Person) -> None:
    real, decoy = offered(person), offered(None)
    for offer in (real, decoy):
        wrong = other(offer.code)
        assert [outcome(offer, wrong) for _ in range(6)] == ["otp_wrong"] * 4 + ["otp_spent"] * 2
    assert outcome(offered(None)) == "otp_wrong"


def test_neither_the_database_nor_a_log_holds_the_code(person: Person) -> None:
    offer = offered(person)
    stored = str(OneTimeCode.objects.values().get())
    assert offer.code not in stored
    assert SECRET not in stored
    assert offer.code not in repr(offer)


def test_codes_are_not_all_alike(person: Person) -> None:
    assert len({offered(person).code for _ in range(20)}) > 15


def test_codes_are_forgotten_a_day_after_their_end(person: Person) -> None:
    offered(person)
    forget_codes(now=NOW + LIFE + timedelta(hours=23))
    assert OneTimeCode.objects.exists()
    forget_codes(now=NOW + LIFE + timedelta(hours=24))
    assert not OneTimeCode.objects.exists()


# At once


def at_once(count: int, work: Callable[[int], str]) -> Counter[str]:
    outcomes: Counter[str] = Counter()

    def run(place: int) -> None:
        try:
            outcomes[work(place)] += 1
        finally:
            connection.close()

    workers = [threading.Thread(target=run, args=(place,)) for place in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return outcomes


@pytest.mark.django_db(transaction=True)
def test_twenty_guesses_at_once_are_five_tries(person: Person) -> None:
    offer = offered(person)
    wrong = other(offer.code)
    found = at_once(20, lambda _place: outcome(offer, wrong))
    assert found.total() == 20
    assert found["good"] == 0
    assert OneTimeCode.objects.get().tries == TRIES
    assert outcome(offer) == "otp_spent"


@pytest.mark.django_db(transaction=True)
def test_of_the_right_code_sent_five_times_at_once_one_is_taken(person: Person) -> None:
    offer = offered(person)
    assert at_once(5, lambda _place: outcome(offer)) == {"good": 1, "otp_used": 4}


# How many may be asked for


def is_let(now: datetime, *, phone: str = PHONE, key: str = "a", place: str = "192.0.2.7") -> bool:
    try:
        count_offer(phone=phone, iin_key=key, place=place, now=now)
    except RuleViolation as violation:
        return violation.code != "too_many_tries"
    return True


def test_a_phone_gets_a_code_a_minute() -> None:
    moments = (0, 59, 60, 119, 120)
    told = [is_let(NOW + timedelta(seconds=second)) for second in moments]
    assert told == [True, False, True, False, True]


def test_a_phone_gets_ten_codes_a_day_whatever_iin_is_named() -> None:
    told = [
        is_let(NOW + timedelta(minutes=2 * place), key=str(place), place=str(place))
        for place in range(12)
    ]
    assert told == [True] * 10 + [False] * 2
    assert is_let(NOW + timedelta(days=1), key="k", place="p")


def test_an_iin_gets_ten_codes_a_day_whatever_phone_is_named() -> None:
    told = [is_let(NOW, phone=str(number), place=str(number)) for number in range(12)]
    assert told == [True] * 10 + [False] * 2


def test_a_network_gets_thirty_codes_a_quarter_of_an_hour() -> None:
    told = [is_let(NOW, phone=str(number), key=str(number)) for number in range(32)]
    assert told == [True] * 30 + [False] * 2
    assert is_let(NOW + timedelta(minutes=15), phone="x", key="x")
