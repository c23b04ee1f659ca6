"""Texts are data: the same in every language, short on a phone, quiet at night."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from kualik.core.faults import coded
from kualik.notifications.adapters.alphabet import cut
from kualik.notifications.services.wording import (
    MASK,
    PATIENCE,
    end_of_quiet,
    events,
    fault_text,
    faults,
    placeholders,
    shortened,
    write,
)
from kualik.rules.language import LANGUAGES
from tests.notifications.telling import BODY, GROUND, VALUES

ALL = [
    (event, channel, language)
    for event in events().values()
    for channel in event.texts
    for language in LANGUAGES
]
NAMES = [f"{event.name}-{channel}-{language}" for event, channel, language in ALL]
each_text = pytest.mark.parametrize(("event", "channel", "language"), ALL, ids=NAMES)
ASKED_FOR = {
    "request_filed", "request_accepted", "completion_offer", "number_unconfirmed",
    "request_approved", "request_issued", "corrected_document_issued", "request_refused",
    "request_not_accepted", "refusal_signed",
    "request_handed_over", "request_overdue", "one_time_code", "complaint_registered",
    "complaint_decided", "complaint_forwarded", "correction_decided", "correction_filed",
    "answer_not_understood", "answer_state", "answer_not_filed", "consent_first",
    "answer_filed", "request_withdrawn",
    "human_review_asked", "human_review_decided", "phone_moved", "phone_added",
    "counter_code", "hand_over_code",
    "mandate_asked", "mandate_checked", "mandate_refused", "mandate_revoked",
    "incident_notice",
    "staff_password_link", "staff_link_made", "staff_password_changed", "staff_roles_changed",
}  # fmt: skip
# To staff about their own accounts.
OWN_ACCOUNT = {
    "staff_password_link", "staff_link_made", "staff_password_changed", "staff_roles_changed",
}  # fmt: skip
# To an organisation, and to its staff.
LETTERS = {"incident_notice", *OWN_ACCOUNT}
ANSWERS_TO_AN_OWN_ACT = {
    "request_filed", "number_unconfirmed", "answer_not_understood", "one_time_code",
    "answer_filed",
    "counter_code", "hand_over_code", "complaint_registered", "request_handed_over",
    "request_withdrawn",
    "human_review_asked", "correction_filed", "answer_state", "answer_not_filed", "consent_first",
}  # fmt: skip
CODES = ("one_time_code", "counter_code", "hand_over_code")
REPLIES = {
    "number_unconfirmed", "answer_not_understood", "answer_state", "answer_not_filed",
    "consent_first",
}  # fmt: skip


def test_every_event_has_its_texts() -> None:
    assert set(events()) == ASKED_FOR
    only_sms = {name for name, event in events().items() if "email" not in event.texts}
    assert only_sms == REPLIES
    assert {name for name, event in events().items() if "sms" not in event.texts} == LETTERS


@each_text
def test_every_language_names_the_same_values(event, channel, language):
    named = [[placeholders(part) for part in event.texts[channel][one]] for one in ("kk", language)]
    assert named[0] == named[1]
    assert placeholders("".join(event.texts[channel][language])) <= set(VALUES)


@each_text
def test_texts_are_clean(event, channel, language):
    subject, body = event.texts[channel][language]
    assert bool(subject) == (channel == "email")
    assert "  " not in body
    assert "ӛ" not in body + subject
    assert body == body.strip() + ("\n" if channel == "email" else "")
    if channel == "sms":
        assert "\n" not in body


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_short_message_takes_at_most_three_parts(language, record_property):
    for event in events().values():
        if event.name in LETTERS:
            continue
        body = write(event, channel="sms", language=language, values=VALUES).body
        parts = len(cut(body).parts)
        record_property(f"{event.name}-{language}", parts)
        assert parts <= 3, body


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CODES)
def test_a_code_fits_into_one_part_and_comes_first(name: str, language: str) -> None:
    body = write(events()[name], channel="sms", language=language, values=VALUES).body
    assert len(cut(body).parts) == 1
    assert body.startswith("482913")


@pytest.mark.parametrize("channel", ["sms", "email"])
def test_only_a_code_is_masked(channel: str) -> None:
    for event in events().values():
        if channel not in event.texts or event.name == "staff_password_link":
            continue
        text = write(event, channel=channel, language="ru", values=VALUES)
        if event.name in CODES:
            assert "482913" in text.body
            assert "482913" not in text.masked_body + text.subject
            assert MASK in text.masked_body
        else:
            assert text.masked_body == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_link_to_a_new_password_is_a_secret_too(language: str) -> None:
    told = events()["staff_password_link"]
    text = write(told, channel="email", language=language, values=VALUES)
    assert str(VALUES["link"]) in text.body
    assert str(VALUES["link"]) not in text.masked_body
    assert MASK in text.masked_body


def test_the_receipt_names_number_moments_and_the_code_of_the_status_page() -> None:
    text = write(events()["request_filed"], channel="sms", language="kk", values=VALUES).body
    assert text == (
        "DEMO-2026-000123 өтінішіңіз берілді. Қабылдау сәті: 23.11.2026 08:30. "
        "Жауап мерзімі: 24.11.2026 17:30. Код: 482913. "
        "https://kualik.example.kz/status/DEMO-2026-000123/"
    )


def test_the_offer_asks_to_answer_one() -> None:
    """A303.10.a: a short message sent as the answer to the notice."""
    offer = events()["completion_offer"]
    kk, ru, en = (
        write(offer, channel="sms", language=one, values=VALUES).body for one in LANGUAGES
    )
    assert all(str(VALUES["link"]) in body for body in (kk, ru, en))
    assert "Медицина академиясы" in kk
    assert "22.11.2026" in kk
    assert f"1 деп жауап беріңіз немесе мына бетті ашыңыз: {VALUES['link']}" in kk
    assert f"ответьте 1 или откройте страницу: {VALUES['link']}" in ru
    assert "Answer 1" in en


def test_every_fault_has_words_in_three_languages_and_keeps_what_the_carrier_said() -> None:
    for code, words in faults().items():
        assert len({words.kk, words.ru, words.en}) == 3, code
        assert fault_text(coded(code, "550: no such user")) == (words, "550: no such user")
        assert fault_text(code) == (words, "")
    assert fault_text("as of old")[0].kk == "as of old"


@pytest.mark.parametrize("channel", ["sms", "email"])
@pytest.mark.parametrize("event", ["request_refused", "request_not_accepted"])
def test_a_refusal_names_the_term_and_the_way_to_appeal(event: str, channel: str) -> None:
    for language in LANGUAGES:
        body = write(events()[event], channel=channel, language=language, values=VALUES).body
        assert "23.02.2027" in body
        assert str(VALUES["link"]) in body
        assert "…" not in body
        assert (channel == "email") == (GROUND.get(language) in body)


def test_a_shortened_value_ends_with_one_mark() -> None:
    values = {**VALUES, "decision": BODY}
    text = write(events()["complaint_decided"], channel="sms", language="kk", values=values).body
    assert "… Толығырақ" in text
    assert "…." not in text


def test_a_value_can_bring_no_line_of_its_own() -> None:
    values = {**VALUES, "number": "1\r\nBcc: everybody@demo.example"}
    text = write(events()["request_issued"], channel="email", language="en", values=values)
    assert "\n" not in text.subject
    assert "1 Bcc: everybody@demo.example" in text.body


def test_a_missing_value_is_an_error_and_not_a_hole() -> None:
    with pytest.raises(KeyError):
        write(events()["request_filed"], channel="sms", language="kk", values={"number": "1"})


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [("кардиология", 5, "кард…"), ("кардиология", 11, "кардиология"), ("a, b", 4, "a, b")]
    + [("three, four", 9, "three…"), ("a кардиология", 6, "a кар…"), ("one two", 4, "one…")]
    + [("кардиология", None, "кардиология")],
)
def test_a_long_value_is_shortened(text: str, limit: int | None, short: str) -> None:
    assert shortened(text, limit) == short


def almaty(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=5)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (almaty(23, 21, 59), None),
        (almaty(23, 22), almaty(24, 8)),
        (almaty(23, 23, 30), almaty(24, 8)),
        (almaty(24, 0, 30), almaty(24, 8)),
        (almaty(24, 7, 59), almaty(24, 8)),
        (almaty(24, 8), None),
    ],
)
def test_phones_are_left_in_peace_from_ten_to_eight(now: datetime, until: datetime | None) -> None:
    assert end_of_quiet("sms", now=now) == until
    assert end_of_quiet("email", now=now) is None


def test_the_phones_of_a_demonstration_know_no_night(settings: Settings) -> None:
    settings.QUIET_HOURS = False
    assert end_of_quiet("sms", now=almaty(24, 0, 30)) is None


def test_answers_to_an_own_act_do_not_wait_for_the_morning() -> None:
    assert {name for name, event in events().items() if event.at_once} == ANSWERS_TO_AN_OWN_ACT


def test_a_code_is_not_sent_after_its_life() -> None:
    assert {events()[name].patience for name in CODES} == {timedelta(minutes=5)}
    assert events()["request_refused"].patience == PATIENCE == timedelta(days=3)
