"""Taking complaints: number, clocks, lateness, receipt, notice (A57.17-2)."""

import os
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from kualik.complaints.models import Complaint, ComplaintFile
from kualik.complaints.queries import (
    answer_clock,
    clocks_of,
    find_by_code,
    forward_clock,
    label_of,
    registered_at,
    status_code,
    timeline,
)
from kualik.complaints.services.filing import file_complaint
from kualik.complaints.services.receipts import make_receipt
from kualik.complaints.services.sweeping import sweep_files
from kualik.core import journal
from kualik.core.journal import SYSTEM
from kualik.core.models import StaffTask
from kualik.notifications.models import Message
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import State
from tests.complaints.complaining import complain, facts
from tests.world import World

ZONE = ZoneInfo("Asia/Almaty")
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=ZONE)
SUNDAY = datetime(2026, 11, 22, 12, 0, tzinfo=ZONE)


def test_a_complaint_gets_a_number_of_its_own_series(world: World) -> None:
    first, second = complain(world, at=MONDAY), complain(world, at=MONDAY, key="key-2")
    assert first.number.startswith("DEMO-2026-S000001-")
    assert second.number.startswith("DEMO-2026-S000002-")


def test_both_clocks_of_the_provider_run_from_the_day_after_registration(world: World) -> None:
    found = clocks_of(complain(world, at=MONDAY))
    assert [(clock.term.code, clock.due_at) for clock in found] == [
        ("forward", datetime(2026, 11, 26, 17, 30, tzinfo=ZONE)),
        ("provider", datetime(2026, 11, 30, 17, 30, tzinfo=ZONE)),
    ]


def test_a_complaint_of_a_sunday_is_registered_on_monday_morning(world: World) -> None:
    found = complain(world, at=SUNDAY)
    assert found.registered_on == date(2026, 11, 23)
    assert registered_at(found) == datetime(2026, 11, 23, 8, 30, tzinfo=ZONE)
    assert clocks_of(found)[0].due_at == datetime(2026, 11, 26, 17, 30, tzinfo=ZONE)


def test_a_registration_to_come_is_told_as_such_and_apart_from_the_receipt(world: World) -> None:
    found = complain(world, at=SUNDAY)
    told = {
        moment: [(step.at, step.label.ru) for step in timeline(found, now=moment)]
        for moment in (SUNDAY, MONDAY)
    }
    opening = datetime(2026, 11, 23, 8, 30, tzinfo=ZONE)
    assert told[SUNDAY] == [
        (SUNDAY, "Жалоба поступила"),
        (opening, "Жалоба будет зарегистрирована"),
    ]
    assert told[MONDAY][1] == (opening, "Жалоба зарегистрирована")
    assert label_of(found, now=SUNDAY).ru == "Поступила"
    assert label_of(found, now=MONDAY).ru == "Зарегистрирована"


def test_the_answer_is_the_main_term_and_sending_on_the_earlier_one(world: World) -> None:
    found = complain(world, at=MONDAY)
    answer, forward = answer_clock(found), forward_clock(found)
    assert answer is not None
    assert forward is not None
    assert (answer.term.code, forward.term.code) == ("provider", "forward")
    assert forward.due_at < answer.due_at


def test_a_late_complaint_is_taken_and_marked(world: World) -> None:
    found = complain(world, at=MONDAY, known_on=date(2026, 8, 20))
    assert (found.state, found.is_late) == (Complaint.State.REGISTERED, True)
    long_ago = complain(world, at=MONDAY, key="key-2", known_on=date(1991, 12, 16))
    assert long_ago.is_late
    in_time = complain(world, at=MONDAY, key="key-3", known_on=date(2026, 8, 23))
    assert not in_time.is_late


def test_a_limit_that_ends_on_a_sunday_is_kept_on_monday(world: World) -> None:
    assert not complain(world, at=MONDAY, known_on=date(2026, 8, 22)).is_late


def test_six_months_are_given_where_no_way_was_named(world: World) -> None:
    found = complain(world, at=MONDAY, known_on=date(2026, 8, 20), ways_were_named=False)
    assert not found.is_late


def test_a_complaint_without_iin_and_without_a_request_is_taken(world: World) -> None:
    found = complain(world, None, at=MONDAY, subject="conduct")
    assert (found.person, found.request, found.against) == (None, None, None)


def test_who_decided_the_request_is_the_one_complained_of(world: World) -> None:
    assert complain(world).against == world.by_state[State.REFUSED].decided_by
    assert complain(world, State.IN_REVIEW, key="key-2").against is None


def test_one_key_files_one_complaint(world: World) -> None:
    assert complain(world).pk == complain(world).pk
    assert Complaint.objects.count() == 1
    assert Message.objects.filter(event="complaint_registered").count() == 1


def test_the_complainant_is_told_number_and_term_at_once(world: World) -> None:
    found = complain(world, at=MONDAY)
    message = Message.objects.get(event="complaint_registered")
    assert message.address == "+77010000101"
    assert found.number in message.body
    assert "30.11.2026 17:30" in message.body
    assert f"/complaints/status/?number={found.number}" in message.body


def test_the_head_of_the_office_hears_of_it(world: World) -> None:
    found = complain(world)
    task = StaffTask.objects.get(kind="complaint_new")
    assert (task.subject, task.scope, task.role) == (
        f"complaint:{found.number}",
        "DEMO",
        "office_head",
    )


def test_the_journal_names_the_point_of_the_rules(world: World) -> None:
    found = complain(world, at=MONDAY)
    (entry,) = journal.history(f"complaint:{found.number}")
    assert (entry.action, entry.data["clause"]) == ("complaints.registered", "A57.17-2")


def test_the_receipt_is_a_pdf_that_says_the_same_at_every_call(world: World) -> None:
    found = complain(world, at=MONDAY, complainant="Әбдірахманова Айгерім 🙂\u202e")
    url = "https://kualik.example/complaints/status/"
    first = make_receipt(complaint=found, status_url=url)
    assert first.startswith(b"%PDF-")
    assert first == make_receipt(complaint=found, status_url=url)


def test_a_late_receipt_explains_the_term_in_each_language(world: World) -> None:
    for place, language in enumerate(("kk", "ru", "en")):
        found = complain(
            world, at=MONDAY, key=f"k{place}", language=language, known_on=date(2025, 1, 1)
        )
        assert make_receipt(complaint=found, status_url="https://kualik.example/").startswith(
            b"%PDF"
        )


def test_number_and_code_open_the_complaint_and_nothing_else_does(world: World) -> None:
    found = complain(world)
    code = status_code(found)
    assert find_by_code(number=found.number.lower(), code=f" {code.lower()} ") == found
    for number, given in ((found.number, "00000000"), ("DEMO-2026-S000009-1", code), ("x", "")):
        with pytest.raises(RuleViolation, match="complaint_not_found"):
            find_by_code(number=number, code=given)


def test_a_moment_to_come_and_an_unknown_subject_are_refused(world: World) -> None:
    with pytest.raises(RuleViolation, match="filed_in_future"):
        file_complaint(
            key="k",
            facts=facts(world),
            received_at=world.now + timedelta(minutes=1),
            actor=SYSTEM,
            now=world.now,
        )
    with pytest.raises(RuleViolation, match="complaint_subject_unknown"):
        complain(world, subject="weather")


def test_files_that_no_complaint_names_are_swept_after_a_day(world: World) -> None:
    found = complain(world)
    kept = ComplaintFile.objects.create(
        complaint=found,
        filename="a.pdf",
        content=ContentFile(b"%PDF-", "a"),
        media_type="application/pdf",
        size=5,
        sha256="0" * 64,
        created_at=world.now,
    )
    stray = default_storage.save("complaints/files/stray", ContentFile(b"x"))
    for name in (stray, kept.content.name):
        os.utime(default_storage.path(name), times=(world.now.timestamp(),) * 2)
    assert sweep_files(now=world.now) == 0
    assert sweep_files(now=world.now + timedelta(days=2)) == 1
    assert not default_storage.exists(stray)
    assert default_storage.exists(kept.content.name)
