"""The journal is append-only and every subject has one chain."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from kualik.core import journal
from kualik.core.journal import Actor, Event
from kualik.core.models import JournalEntry
from kualik.rules.language import Text

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
AIGERIM = Actor(name="user:1", role="registrar")


def act(subject: str, action: str) -> Event:
    return Event(subject=subject, action=action, actor=AIGERIM, at=NOW, data={"имя": "Әсел"})


@pytest.mark.django_db
def test_entries_of_a_subject_form_one_chain_whatever_is_recorded_between() -> None:
    journal.record_all([act("request:1", "a"), act("request:2", "a"), act("request:1", "b")])
    journal.record(subject="request:1", action="c", actor=AIGERIM, now=NOW)
    first, second, third = journal.history("request:1")
    assert [entry.sequence for entry in (first, second, third)] == [1, 2, 3]
    assert second.previous_hash == first.hash
    assert third.previous_hash == second.hash
    assert journal.broken_links("request:1") == []


@pytest.mark.django_db
def test_a_changed_entry_is_found() -> None:
    journal.record_all([act("request:1", "a"), act("request:1", "b"), act("request:1", "c")])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_journalentry SET action = 'other' WHERE sequence = 2")
    assert journal.broken_links("request:1") == [2]


@pytest.mark.django_db
def test_a_reason_is_kept_in_all_its_languages_or_as_it_was_typed() -> None:
    refused = Text("Құжат оқылмайды", "Документ не читается")
    for data in ({"reason": refused}, {"reason": "Өтініш № 9"}, {}):
        journal.record(subject="request:1", action="a", actor=AIGERIM, now=NOW, data=data)
    said = [journal.reason_of(entry) for entry in journal.history("request:1")]
    assert said == [refused, Text(*["Өтініш № 9"] * 3), None]
    assert journal.broken_links("request:1") == []


@pytest.mark.django_db
def test_a_removed_entry_is_found() -> None:
    journal.record_all([act("request:1", "a"), act("request:1", "b"), act("request:1", "c")])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_journalentry WHERE sequence = 2")
    assert journal.broken_links("request:1") == [3]


@pytest.mark.django_db
def test_an_entry_refuses_to_be_deleted() -> None:
    entry = journal.record(subject="request:1", action="a", actor=AIGERIM, now=NOW)
    for act in (
        entry.delete,
        entry.save,
        JournalEntry.objects.all().delete,
        lambda: JournalEntry.objects.update(action="other"),
    ):
        with pytest.raises(TypeError, match="append-only"):
            act()


@pytest.mark.django_db
def test_the_chain_does_not_depend_on_the_zone_of_the_clock() -> None:
    almaty = NOW.astimezone(ZoneInfo("Asia/Almaty"))
    journal.record(subject="request:1", action="a", actor=AIGERIM, now=almaty)
    assert journal.broken_links("request:1") == []
