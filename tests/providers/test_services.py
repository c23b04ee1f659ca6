"""Registering providers, their offices, closures and hours."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from kualik.core import journal
from kualik.core.errors import message, table
from kualik.core.journal import Actor
from kualik.providers.models import Office, Provider
from kualik.providers.queries import calendar_of
from kualik.providers.services import (
    FACTS,
    OfficeFacts,
    ProviderFacts,
    announce_closure,
    change_hours,
    open_office,
    register_provider,
)
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES, Text

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ACTOR = Actor("user:1", "platform_admin")
WEEK = dict.fromkeys(range(5), (510, 1050))
OFFICE = OfficeFacts(
    name=Text("Оқу бөлімі", "Учебный отдел", "Training office"),
    address=Text("Абай даңғылы, 1", "проспект Абая, 1", "1 Abay avenue"),
    phones=("+7 (727) 300-00-01",),
    hours={**WEEK, 5: (540, 840)},
    accessible=frozenset({"ramp", "waiting_hall"}),
)
PROVIDER = ProviderFacts(
    code="ULGI",
    bin="950240000112",
    kind="education",
    name=Text("Үлгі университеті", "Университет Үлгі", "Ulgi University"),
    city=Text("Алматы", "Алматы", "Almaty"),
)


def register(**changes) -> Provider:
    return register_provider(
        facts=replace(PROVIDER, **changes), main_office=OFFICE, now=NOW, actor=ACTOR
    )


def refused(act, **facts) -> RuleViolation:
    """The violation that ``act`` raises."""
    with pytest.raises(RuleViolation) as caught:
        act(**facts)
    return caught.value


def test_a_provider_is_registered_with_its_main_office_and_journal():
    provider = register()
    office = Office.objects.get(provider=provider)
    assert office.is_main
    assert office.hours == {str(day): [510, 1050] for day in range(5)} | {"5": [540, 840]}
    assert (office.has_ramp, office.has_waiting_hall, office.has_call_button) == (True, True, False)
    entries = journal.history(f"provider:{provider.pk}")
    assert [entry.action for entry in entries] == ["provider_registered", "office_opened"]
    assert journal.broken_links(f"provider:{provider.pk}") == []


def test_the_five_facts_are_those_of_the_standard():
    # A303.10.e
    listed = standards.get("A303").items_of("accessibility")
    assert tuple(item.code for item in listed) == FACTS


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"bin": "950240000113"}, "bin_check_digit"),
        ({"bin": "9502400001"}, "bin_length"),
        ({"bin": "95024000011x"}, "bin_not_digits"),
        ({"code": "ulgi"}, "provider_code_shape"),
        ({"code": "7ULGI"}, "provider_code_shape"),
        ({"kind": "shop"}, "provider_kind_unknown"),
        ({"name": Text("Үлгі", "Үлгі", " ")}, "text_missing"),
        ({"city": Text("Алматы", "", "Almaty")}, "text_missing"),
    ],
)
def test_a_provider_with_wrong_facts_is_not_registered(changes, code):
    assert refused(register, **changes).code == code
    assert not Provider.objects.exists()


def test_code_and_bin_belong_to_one_provider():
    register()
    assert refused(register, bin="960340000227").code == "provider_code_taken"
    assert refused(register, code="OTHER").code == "provider_bin_taken"


def test_a_provider_has_one_main_office_and_may_open_more():
    provider = register()
    second = replace(OFFICE, name=Text("Екінші бөлім", "Второй отдел", "Second office"))
    open_office(provider=provider, facts=second, now=NOW, actor=ACTOR)
    again = refused(open_office, provider=provider, facts=second, now=NOW, actor=ACTOR)
    assert again.code == "office_exists"
    assert list(provider.offices.order_by("pk").values_list("is_main", flat=True)) == [True, False]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"phones": ()}, "contact_phone_unreadable"),
        ({"phones": ("call us",)}, "contact_phone_unreadable"),
        ({"accessible": frozenset({"lift"})}, "accessibility_unknown"),
        ({"hours": {0: (1050, 510)}}, "hours_wrong"),
        ({"windows": 0}, "windows_wrong"),
        ({"position": (Decimal("55.75"), Decimal("37.61"))}, "position_wrong"),
    ],
)
def test_an_office_with_wrong_facts_is_not_opened(changes, code):
    provider = register()
    name = Text("Екінші бөлім", "Второй отдел", "Second office")
    facts = {"provider": provider, "facts": replace(OFFICE, name=name, **changes)}
    assert refused(open_office, **facts, now=NOW, actor=ACTOR).code == code
    assert provider.offices.count() == 1


@pytest.mark.parametrize(
    ("hours", "code"),
    [
        ({}, "hours_empty"),
        ({0: (540, 540)}, "hours_wrong"),
        ({0: (600, 540)}, "hours_wrong"),
        ({0: (540, 1440)}, "hours_wrong"),
        ({0: (-10, 540)}, "hours_wrong"),
        ({7: (540, 840)}, "hours_wrong"),
    ],
)
def test_hours_that_make_no_day_are_not_set(hours, code):
    office = register().offices.get()
    facts = {"office": office, "hours": hours, "valid_from": date(2026, 12, 1)}
    assert refused(change_hours, **facts, now=NOW, actor=ACTOR).code == code
    assert not office.changes.exists()


def test_changed_hours_change_the_calendar_and_leave_a_trace():
    provider = register()
    change_hours(
        office=provider.offices.get(),
        hours=WEEK,
        valid_from=date(2026, 12, 1),
        now=NOW,
        actor=ACTOR,
    )
    calendar = calendar_of(provider, default={})
    assert calendar.is_working(date(2026, 11, 28))
    assert not calendar.is_working(date(2026, 12, 5))
    entry = journal.history(f"provider:{provider.pk}")[-1]
    assert entry.data["before"]["hours"]["5"] == [540, 840]
    assert "5" not in entry.data["after"]["hours"]


def test_a_closure_takes_the_day_out_of_the_own_calendar_only():
    provider, other = register(), register(code="OTHER", bin="960340000227")
    reason = Text("Түгендеу", "Инвентаризация")
    day = date(2026, 12, 29)
    announce_closure(provider=provider, day=day, reason=reason, now=NOW, actor=ACTOR)
    assert not calendar_of(provider, default={}).is_working(day)
    assert calendar_of(other, default={}).is_working(day)


@pytest.mark.parametrize("day", [date(2026, 11, 19), date(2026, 11, 20)])
def test_a_day_that_began_cannot_be_closed(day):
    violation = refused(
        announce_closure,
        provider=register(),
        day=day,
        reason=Text("Түгендеу", "Инвентаризация"),
        now=NOW,
        actor=ACTOR,
    )
    assert violation.code == "closure_too_late"


def test_a_day_is_closed_once_and_with_a_reason():
    facts = {"provider": register(), "day": date(2026, 12, 29), "now": NOW, "actor": ACTOR}
    assert refused(announce_closure, **facts, reason=Text("Түгендеу", "")).code == "text_missing"
    announce_closure(**facts, reason=Text("Түгендеу", "Инвентаризация"))
    again = refused(announce_closure, **facts, reason=Text("Жөндеу", "Ремонт"))
    assert again.code == "closure_exists"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_has_its_text(language):
    violation = RuleViolation("provider_code_taken", provider_code="ULGI")
    assert "ULGI" in message(violation, language)
    for code in ("text_missing", "hours_wrong", "closure_too_late", "bin_check_digit"):
        assert table()[code].text.get(language)
