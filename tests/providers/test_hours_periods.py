"""Office hours dated ahead, and closed periods (A57.7.1, A303.7.1)."""

from datetime import UTC, date, datetime

import pytest

from kualik.cases.models import Request
from kualik.cases.queries.timeline import clock_of
from kualik.cases.services.filing import clocks_of_days
from kualik.core import journal
from kualik.core.clock import ZONE, local_day
from kualik.providers.models import Closure, HoursChange
from kualik.providers.queries import (
    calendar_of,
    closed_periods,
    hours_contradicting,
    hours_words,
    listing_of,
    office_hours,
)
from kualik.providers.services import (
    announce_closure,
    cancel_closure,
    cancel_hours,
    change_hours,
    correct_closure,
)
from kualik.rules import standards
from kualik.rules.holidays import ONE_DAY
from kualik.rules.language import Text
from kualik.rules.workdays import WeeklyHours
from tests.providers.houses import ACTOR, FIVE_DAYS, NOW, SIX_DAYS, refused, register
from tests.world import build_world, file_for

pytestmark = pytest.mark.django_db

LONG = dict.fromkeys(range(5), (480, 1200)) | {5: (540, 840)}
DECEMBER = date(2026, 12, 1)
BY = {"now": NOW, "actor": ACTOR}
REASON = Text("Түгендеу", "Инвентаризация", "Stock-taking")
A303 = standards.get("A303")


def test_each_day_has_the_hours_valid_on_it():
    provider = register()
    office = provider.offices.get()
    change_hours(office=office, hours=FIVE_DAYS, valid_from=DECEMBER, **BY)
    change_hours(office=office, hours=LONG, valid_from=date(2027, 2, 1), **BY)
    calendar = calendar_of(provider, default={})
    assert calendar.is_working(date(2026, 11, 28))
    assert not calendar.is_working(date(2026, 12, 5))
    assert calendar.is_working(date(2027, 2, 6))
    opens, closes = calendar.hours_on(date(2027, 2, 1))
    assert (f"{opens:%H:%M}", f"{closes:%H:%M}") == ("08:00", "20:00")


def test_a_clock_computed_now_for_later_days_uses_their_hours():
    # Filed on Monday evening, accepted and due by the hours of December.
    provider = register()
    change_hours(office=provider.offices.get(), hours=LONG, valid_from=DECEMBER, **BY)
    filed = datetime(2026, 11, 30, 13, 0, tzinfo=UTC)
    mastered = date(2026, 11, 20)
    found = clocks_of_days([mastered], provider=provider, standard=A303, filed_at=filed)
    deadline = found[mastered].deadline
    assert deadline.accepted_at == datetime(2026, 12, 1, 8, 0, tzinfo=ZONE)
    assert deadline.due_at == datetime(2026, 12, 2, 20, 0, tzinfo=ZONE)


def test_requests_filed_before_keep_the_due_time_they_have(kualik_files):
    world = build_world()
    filed = {"now": world.now, "filed_at": world.now}
    request = file_for(world.demo, world.demo.free[:1], **filed)[0]
    before, steps = request.due_at, clock_of(request).steps
    tomorrow = local_day(world.now) + ONE_DAY
    office = world.demo.provider.offices.get()
    change_hours(
        office=office, hours={0: (600, 660)}, valid_from=tomorrow, now=world.now, actor=ACTOR
    )
    request = Request.objects.get(pk=request.pk)
    assert request.due_at == before
    assert clock_of(request).due_at == before
    assert clock_of(request).steps == steps


@pytest.mark.parametrize("day", [date(2026, 11, 19), date(2026, 11, 20)])
def test_a_day_that_began_keeps_its_hours(day):
    office = register().offices.get()
    facts = {"office": office, "valid_from": day, **BY}
    assert refused(change_hours, hours=FIVE_DAYS, **facts) == "hours_too_late"
    assert refused(cancel_hours, **facts) == "hours_too_late"


def test_a_change_may_be_corrected_and_cancelled_until_its_day():
    office = register().offices.get()
    change_hours(office=office, hours=FIVE_DAYS, valid_from=DECEMBER, **BY)
    change_hours(office=office, hours=LONG, valid_from=DECEMBER, **BY)
    assert HoursChange.objects.get(office=office).hours["0"] == [480, 1200]
    begun = datetime(2026, 12, 1, 4, 0, tzinfo=UTC)
    late = {"office": office, "valid_from": DECEMBER, "now": begun, "actor": ACTOR}
    assert refused(cancel_hours, **late) == "hours_too_late"
    cancel_hours(office=office, valid_from=DECEMBER, **BY)
    cancel_hours(office=office, valid_from=DECEMBER, **BY)
    assert not HoursChange.objects.exists()
    actions = [entry.action for entry in journal.history(f"provider:{office.provider_id}")]
    assert actions[2:] == ["hours_changed", "hours_changed", "hours_change_cancelled"]


def test_the_directory_tells_the_hours_to_come():
    provider = register()
    change_hours(office=provider.offices.get(), hours=FIVE_DAYS, valid_from=DECEMBER, **BY)
    office = listing_of("ULGI", now=NOW).offices[0]
    assert office.week[5][1] == "09:00–14:00"
    assert office.hours_ahead == [
        (
            DECEMBER,
            Text("Дс–Жм 09:00–18:00", "Пн–Пт 09:00–18:00", "Mon–Fri 09:00–18:00"),
        )
    ]
    later = listing_of("ULGI", now=datetime(2026, 12, 1, 4, 0, tzinfo=UTC)).offices[0]
    assert (later.week[5][1], later.hours_ahead) == ("", [])


def test_the_next_opening_looks_over_a_change():
    # Saturday 5 December is given up: after Friday's close the office opens on Monday.
    provider = register()
    change_hours(office=provider.offices.get(), hours=FIVE_DAYS, valid_from=DECEMBER, **BY)
    friday = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)
    office = listing_of("ULGI", now=friday).offices[0]
    assert office.opens_at == datetime(2026, 12, 7, 9, 0, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("hours", "days"),
    [
        (SIX_DAYS, []),
        (LONG, []),
        (FIVE_DAYS, [0, 1, 2, 3, 4, 5]),
        (SIX_DAYS | {2: (510, 990)}, [2]),
        (SIX_DAYS | {6: (540, 840)}, [6]),
    ],
)
def test_hours_contradict_row_7_where_its_hours_are_not_worked(hours, days):
    # A303.7.1; longer hours on a working day take nothing from anyone.
    office = register().offices.get()
    change_hours(office=office, hours=hours, valid_from=DECEMBER, **BY)
    found = hours_contradicting(office, A303, DECEMBER)
    assert [one.weekday for one in found] == days
    assert hours_contradicting(office, A303, date(2026, 11, 30)) == []
    entry = journal.history(f"provider:{office.provider_id}")[-1]
    assert len(entry.data["after"].get("contradicts", [])) == len(days)


def test_the_same_hours_may_contradict_one_edition_and_keep_the_other():
    # A57.7.1 wants eight to eight.
    office = register().offices.get()
    assert hours_contradicting(office, A303, DECEMBER) == []
    against = hours_contradicting(office, standards.get("A57"), DECEMBER)
    assert [one.weekday for one in against] == [0, 1, 2, 3, 4]


def test_hours_in_words_join_the_days_that_are_alike():
    hours = WeeklyHours.of({0: (540, 1080), 1: (540, 1080), 3: (540, 1080), 5: (600, 840)})
    assert hours_words(hours).ru == "Пн–Вт 09:00–18:00; Чт 09:00–18:00; Сб 10:00–14:00"


def test_an_office_without_hours_keeps_those_of_the_standard_until_others_are_valid():
    office = register().offices.get()
    office.hours = {}
    office.save(update_fields=["hours"])
    change_hours(office=office, hours=FIVE_DAYS, valid_from=DECEMBER, **BY)
    default = A303.weekly_hours
    assert office_hours(office, on=date(2026, 11, 30), default=default).days[5] == (540, 840)
    assert office_hours(office, on=DECEMBER, default=default).days[5] is None


def test_a_closed_period_is_announced_and_cancelled_as_a_whole():
    provider = register()
    first, last = date(2026, 12, 29), date(2026, 12, 31)
    announce_closure(provider=provider, day=first, until=last, reason=REASON, **BY)
    calendar = calendar_of(provider, default={})
    assert calendar.next_working_day(date(2026, 12, 28)) > last
    periods = closed_periods(provider, since=local_day(NOW))
    assert [(one.first, one.last, one.reason) for one in periods] == [(first, last, REASON)]
    cancel_closure(provider=provider, day=first, **BY)
    assert not Closure.objects.exists()


def test_a_closed_period_is_corrected_only_before_it_began():
    provider = register()
    first, last = date(2026, 12, 29), date(2026, 12, 31)
    announce_closure(provider=provider, day=first, until=last, reason=REASON, **BY)
    facts = {
        "provider": provider,
        "begins_on": first,
        "day": date(2026, 12, 30),
        "until": last,
        "reason": REASON,
        "actor": ACTOR,
    }
    began = datetime(2026, 12, 29, 5, 0, tzinfo=UTC)
    assert refused(correct_closure, **facts, now=began) == "closure_begun"
    middle = {"provider": provider, "day": last, "now": began, "actor": ACTOR}
    cancel_closure(**middle)
    assert Closure.objects.count() == 3
    correct_closure(**facts, now=NOW)
    days = Closure.objects.order_by("day").values_list("day", flat=True)
    assert list(days) == [date(2026, 12, 30), last]


def test_a_correction_that_is_refused_leaves_the_former_period():
    provider = register()
    first = date(2026, 12, 29)
    announce_closure(provider=provider, day=first, reason=REASON, **BY)
    facts = {"provider": provider, "begins_on": first, "reason": REASON, **BY}
    wrong = {"day": date(2026, 12, 30), "until": date(2026, 12, 28)}
    assert refused(correct_closure, **facts, **wrong) == "closure_wrong"
    assert Closure.objects.get().day == first


def test_periods_do_not_overlap_and_have_a_bound():
    provider = register()
    facts = {"provider": provider, "reason": REASON, **BY}
    announce_closure(day=date(2026, 12, 29), until=date(2026, 12, 31), **facts)
    over = {"day": date(2026, 12, 28), "until": date(2026, 12, 29)}
    assert refused(announce_closure, **facts, **over) == "closure_exists"
    endless = {"day": date(2027, 1, 5), "until": date(2027, 12, 29)}
    assert refused(announce_closure, **facts, **endless) == "closure_wrong"


def test_another_house_keeps_its_hours_and_days():
    provider, other = register(), register(code="OTHER", bin="960340000227")
    change_hours(office=provider.offices.get(), hours=FIVE_DAYS, valid_from=DECEMBER, **BY)
    announce_closure(provider=provider, day=date(2026, 12, 28), reason=REASON, **BY)
    calendar = calendar_of(other, default={})
    assert calendar.is_working(date(2026, 12, 5))
    assert calendar.is_working(date(2026, 12, 28))
