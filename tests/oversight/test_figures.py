"""Figures against what was counted by hand (A57.3, A303.3): borders, nothing, one, thousands."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from statistics import median, quantiles

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.cases.services.upholding import reopen_request
from kualik.certificates.models import BlankReceipt
from kualik.complaints.models import Complaint, ComplaintDecision
from kualik.core import journal
from kualik.core.journal import SYSTEM
from kualik.counter.models import Period as StatePeriod
from kualik.counter.models import Visit
from kualik.counter.queries.waiting import waiting
from kualik.incidents.models import Incident, Report
from kualik.oversight.queries.figures import (
    Scope,
    Share,
    charts_of,
    days,
    ended_months,
    figures_of,
    offered_periods,
    period_of,
    public_rows,
    said,
    spread,
    tables_of,
)
from kualik.oversight.queries.figures.tables import Figures, Table
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from tests.oversight.built import GROUND, NOW, Builder, at
from tests.world import World

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def built(world: World) -> Builder:
    return Builder(world.demo.provider, world.demo.completions[0].person)


def table(figures: Figures, code: str) -> Table:
    return next(one for one in tables_of(figures) if one.code == code)


def column(figures: Figures, code: str, label: str) -> dict[str, object]:
    """A row of a crossed table by the Russian names of its columns."""
    found = table(figures, code)
    row = next(row for row in found.rows if said(row[0], "ru") == label)
    return {name.ru: value for name, value in zip(found.columns[1:], row[1:], strict=True)}


def fill(built: Builder) -> None:
    """October 2025: five documents, two refusals, one of each of the rest."""
    due = "2025-10-08 17:30"  # Wednesday
    built.issued("2025-10-07 09:00", "2025-10-07 10:00", due=due)
    built.issued("2025-10-07 09:00", "2025-10-08 08:31", due=due, channel="counter")
    built.issued("2025-10-07 09:00", "2025-10-08 17:30", due=due, kind="cc")
    built.issued("2025-10-07 09:00", "2025-10-08 17:31", due=due)
    built.issued("2025-10-07 16:30", "2025-10-09 09:30", due=due, channel="counter")
    built.refused("2025-10-07 09:00", "2025-10-07 12:00", due=due)
    built.refused("2025-10-07 09:00", "2025-10-10 09:00", due=due)
    built.request(
        "2025-10-04 15:00",
        due=due,
        accepted_at=at("2025-10-06 08:30"),
        state="not_accepted",
        decided_at=at("2025-10-05 10:00"),
        refusal={"ground": "papers_expired", "clause": "A303.9", "text": {"kk": "а", "ru": "б"}},
    )
    built.withdrawn("2025-10-14 09:00", "2025-10-14 10:00")
    built.request("2025-10-20 09:00", due="2025-10-21 17:30")


def test_a_built_month_adds_up_as_counted_by_hand(built: Builder) -> None:
    fill(built)
    figures = built.figures()
    assert figures.counts == {
        "received": 10,
        "issued": 5,
        "refused": 2,
        "not_accepted": 1,
        "withdrawn": 1,
        "early": 2,
        "on_time": 2,
        "overdue": 3,
        "unanswered": 1,
    }
    assert figures.kept == Share(4, 8)
    assert said(figures.kept, "kk") == "50,0 %"
    counter = column(figures, "channels", "У окна")
    assert (counter["Поступило"], counter["Выдано"], counter["С нарушением срока"]) == (2, 2, 1)
    assert column(figures, "kinds", "Сертификационный курс")["В срок"] == 1
    assert column(figures, "months", "октябрь 2025 года")["Срок истёк, ответа нет"] == 1
    grounds = table(figures, "grounds").rows
    assert [(said(row[0], "ru"), row[1], row[2]) for row in grounds] == [
        ("неполный пакет", "A303.9.2", 2),
        ("б", "A303.9", 1),
    ]


def test_times_are_in_office_hours_of_the_provider_and_by_the_clock(built: Builder) -> None:
    """A57.3.1, A303.3.1: from acceptance; nights and rest days are no working time."""
    built.issued("2025-10-10 16:30", "2025-10-13 09:30")  # Friday to Monday
    built.issued("2025-10-08 09:00", "2025-10-08 12:00")
    built.issued("2025-10-08 18:00", "2025-10-08 19:00", accepted_at=at("2025-10-09 08:30"))
    times = table(built.figures(), "times").rows
    assert [said(cell, "ru") for cell in times[0]] == ["Число результатов", "3", "3"]
    assert [said(cell, "ru") for cell in times[1]] == ["Медиана", "2:00", "3:00"]
    assert [said(cell, "ru") for cell in times[2]] == ["90-й процентиль", "2:48", "52:36"]


@pytest.mark.parametrize(
    ("filed", "month"),
    [
        ("2025-10-31 23:59", "2025-10"),
        ("2025-11-01 00:00", "2025-11"),
        ("2024-02-29 22:59", "2024-02"),
        ("2024-03-01 00:00", "2024-03"),
        ("2025-12-31 23:59", "2025-12"),
        ("2026-01-01 00:00", "2026-01"),
    ],
)
def test_months_end_at_midnight_in_kazakhstan(built: Builder, filed: str, month: str) -> None:
    """Also in the night of 1 March 2024, in which the offset changed."""
    built.issued(filed, filed)
    now = datetime(2026, 3, 1, tzinfo=UTC)
    figures = built.figures(month, now=now)
    assert (figures.counts["received"], figures.counts["issued"]) == (1, 1)
    before, after = period_of(month).start, period_of(month).end
    assert before <= at(filed) < after
    months = {fact.month for fact in figures.facts if fact.column != "unanswered"}
    assert months == {date.fromisoformat(f"{month}-01")}


def test_the_months_of_a_year_share_every_moment_and_the_quarters_as_well() -> None:
    year = period_of("2024")
    months = [period_of(f"2024-{number:02d}") for number in range(1, 13)]
    quarters = [period_of(f"2024-Q{number}") for number in range(1, 5)]
    for parts in (months, quarters):
        assert (parts[0].start, parts[-1].end) == (year.start, year.end)
        assert all(one.end == two.start for one, two in zip(parts, parts[1:], strict=False))
    assert (year.end - year.start) == timedelta(days=366, hours=1), "UTC+6 became UTC+5"


@pytest.mark.parametrize("code", ["2025-13", "2025-Q5", "1999", "20251", "2025-1", "", "٢٠٢٥"])
def test_what_is_no_period_is_refused(code: str) -> None:
    with pytest.raises(RuleViolation, match="period_unknown"):
        period_of(code)


def test_days_that_run_back_are_refused() -> None:
    with pytest.raises(RuleViolation, match="period_unknown"):
        days(date(2025, 10, 2), date(2025, 10, 1))


def test_the_present_period_is_offered_first_and_ended_months_do_not_hold_it() -> None:
    offered = [one.code for one in offered_periods(NOW)]
    assert offered[:2] == ["2025-11", "2025-10"]
    assert offered[13:15] == ["2025-Q4", "2025-Q3"]
    assert [one.code for one in ended_months(NOW, 2)] == ["2025-10", "2025-09"]
    last_evening = datetime(2025, 10, 31, 18, 59, tzinfo=UTC)
    assert ended_months(last_evening, 1)[0].code == "2025-09"
    assert ended_months(last_evening + MINUTE, 1)[0].code == "2025-10"


def test_a_result_of_the_next_month_leaves_the_old_one_with_an_unanswered_request(
    built: Builder,
) -> None:
    built.issued("2025-10-30 09:00", "2025-11-03 09:00", due="2025-10-31 17:30")
    october, november = built.figures("2025-10"), built.figures("2025-11")
    assert (october.counts["unanswered"], october.kept) == (1, Share(0, 1))
    assert (november.counts["overdue"], november.counts["unanswered"]) == (1, 0)
    both = figures_of(
        Scope((built.provider,)), days(date(2025, 10, 1), date(2025, 11, 30)), now=NOW
    )
    assert both.counts["unanswered"] == 0


def test_a_month_without_anything_is_all_zero_and_dashes(built: Builder) -> None:
    figures = built.figures("2025-03")
    assert not figures.counts
    assert (figures.kept.tenths, said(figures.kept, "ru")) == (None, "–")
    assert [said(row[1], "ru") for row in table(figures, "times").rows] == ["0", "–", "–"]
    assert charts_of(figures) == []
    assert table(figures, "grounds").rows == table(figures, "worst").rows == ()


def test_one_request_is_its_own_median_and_p90(built: Builder) -> None:
    built.issued("2025-10-08 09:00", "2025-10-08 11:15")
    times = table(built.figures(), "times").rows
    assert [row[1] for row in times] == [1, 135 * MINUTE, 135 * MINUTE]


def test_hundred_per_cent_is_said_only_where_nothing_is_missing() -> None:
    assert said(Share(9_999, 10_000), "en") == "99.9 %"
    assert said(Share(10_000, 10_000), "en") == "100.0 %"


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60))
def test_median_and_p90_are_those_of_statistics(seconds: list[int]) -> None:
    found = spread(timedelta(seconds=one) for one in seconds)
    assert found.middle == timedelta(seconds=median(seconds))
    if len(seconds) > 1:
        ninth = quantiles(seconds, n=10, method="inclusive")[8]
        assert found.ninth is not None
        assert abs(found.ninth - timedelta(seconds=ninth)) <= timedelta(microseconds=1)
    assert timedelta(seconds=min(seconds)) <= (found.ninth or timedelta())
    assert (found.ninth or timedelta()) <= timedelta(seconds=max(seconds))


def test_the_thirtieth_minute_is_within_and_the_next_second_is_not(built: Builder) -> None:
    """A57.3.2, A303.3.2 for waiting, A57.3.3, A303.3.3 for serving."""
    built.visit("2025-10-08 09:00", waits=30, serves=30)
    late = built.visit("2025-10-08 09:05", waits=30, serves=10)
    Visit.objects.filter(pk=late.pk).update(
        handed_in_at=late.handed_in_at + timedelta(seconds=1), waiting_cause="no_window"
    )
    built.visit("2025-10-08 11:00", waits=5, serves=31, serving_cause="difficult")
    built.visit("2025-10-08 11:59", waits=5, serves=None, state="serving")
    queue = built.figures().queue
    assert (queue.tickets, queue.handed_in, queue.waited_in_time) == (4, 4, 3)
    assert (queue.served, queue.served_in_time) == (3, 2)
    assert [(hour.hour, hour.tickets, hour.late) for hour in queue.hours] == [(9, 2, 1), (11, 2, 0)]
    assert [worst.reason and worst.reason.ru for worst in queue.worst] == [
        "Не было свободного окна",
        "Сложный случай",
    ]
    assert queue.waiting.middle == timedelta(minutes=17, seconds=30)


def test_waiting_counts_from_the_same_moment_as_the_clerks_clock(built: Builder) -> None:
    """Who booked and came 25 minutes early waits from the time booked (A57.3.2, A303.3.2)."""
    early = {"slot_at": at("2025-10-08 09:25"), "waiting_from": at("2025-10-08 09:25")}
    handed = built.visit("2025-10-08 09:00", waits=35, serves=5, **early)
    left = {"state": "left", "outcome": "left", **early}
    gone = built.visit("2025-10-08 09:00", waits=None, serves=40, **left)
    queue = built.figures().queue
    assert queue.waiting.middle == waiting(handed, NOW) == 10 * MINUTE
    assert (queue.waited_in_time, queue.left, queue.left_late) == (1, 1, 0)
    assert waiting(gone, NOW) == 15 * MINUTE
    assert queue.worst == ()


def test_moments_entered_later_are_counted(built: Builder) -> None:
    built.visit("2025-10-08 09:00", waits=3, serves=5)
    built.visit("2025-10-08 10:00", waits=3, serves=5, is_recorded_later=True)
    assert built.figures().queue.recorded_later == 1


def test_who_did_not_come_and_who_left_are_counted_apart(built: Builder) -> None:
    built.no_show("2025-10-08 09:00")
    built.visit("2025-10-08 09:10", waits=None, serves=40, state="left", outcome="left")
    built.visit("2025-10-08 09:20", waits=None, serves=10, state="left", outcome="left")
    built.visit("2025-10-08 09:30", waits=None, serves=3, outcome="answered")
    booked = built.visit("2025-10-08 10:00", waits=None, serves=None)
    Visit.objects.filter(pk=booked.pk).update(ticket_at=None, state="left", outcome="not_come")
    queue = built.figures().queue
    assert (queue.no_shows, queue.left, queue.left_late, queue.not_come) == (1, 2, 1, 1)
    assert (queue.tickets, queue.handed_in) == (4, 0)
    assert [worst.waited for worst in queue.worst] == [40 * MINUTE]


def test_who_came_back_after_a_missed_call_and_left_late_is_no_no_show(built: Builder) -> None:
    back = built.no_show("2025-10-08 09:00")
    StatePeriod.objects.create(
        visit=back, state="called", started_at=back.ended_at, ended_at=back.ended_at + MINUTE
    )
    queue = built.figures().queue
    assert (queue.no_shows, queue.left, queue.left_late) == (0, 1, 1)
    assert [worst.number for worst in queue.worst] == [back.number]


def test_a_month_that_is_over_keeps_a_refusal_that_a_complaint_undid(built: Builder) -> None:
    refused = built.refused("2025-10-06 09:00", "2025-10-06 15:00", due="2025-10-07 17:30")
    before = built.figures()
    reopen_request(request=refused, reason=Text("а", "б"), actor=SYSTEM, now=at("2025-11-03 10:00"))
    after = built.figures()
    assert Counter(after.facts) == Counter(before.facts)
    assert after.times == before.times
    assert (after.counts["refused"], after.counts["unanswered"]) == (1, 0)
    Request.objects.filter(pk=refused.pk).update(
        state="refused", decided_at=at("2025-11-04 10:00"), refusal=GROUND
    )
    assert Counter(built.figures().facts) == Counter(before.facts)
    assert built.figures("2025-11").counts["refused"] == 1


def test_a_refusal_undone_within_its_month_leaves_the_request_unanswered_there(
    built: Builder,
) -> None:
    refused = built.refused("2025-10-06 09:00", "2025-10-06 15:00", due="2025-10-10 17:30")
    reopen_request(request=refused, reason=Text("а", "б"), actor=SYSTEM, now=at("2025-10-08 10:00"))
    counts = built.figures().counts
    assert (counts["refused"], counts["unanswered"]) == (1, 1)


def test_a_blank_written_off_after_use_leaves_the_month_of_its_use_as_it_was(
    built: Builder, world: World
) -> None:
    head = world.demo.staff[Role.OFFICE_HEAD]
    receive(built, head)
    blank = "blank:DEMO:AA-000009"
    for action, moment in (("used", "2025-10-10 10:00"), ("spoiled", "2025-11-05 10:00")):
        journal.record(
            subject=blank, action=f"certificates.blank_{action}", actor=SYSTEM, now=at(moment),
            data={"certificate": "DEMO-2025-000001-F"},
        )  # fmt: skip
    october, november = built.figures().blanks, built.figures("2025-11").blanks
    assert (october.used, october.spoiled, october.left) == (1, 1, 12)
    assert (november.used, november.spoiled, november.lost, november.left) == (-1, 1, 1, 11)


def test_an_office_has_the_requests_of_its_visits(built: Builder) -> None:
    served = built.issued("2025-10-08 09:00", "2025-10-08 11:00")
    built.issued("2025-10-08 09:00", "2025-10-08 11:00")
    visit = built.visit("2025-10-08 09:00", waits=1, serves=1)
    again = built.visit("2025-10-08 12:00", waits=1, serves=1)
    for one in (visit, again):
        one.requests.add(served)
    whole = built.figures()
    assert column(whole, "offices", "Главный офис")["Выдано"] == 1
    assert column(whole, "offices", "Без посещения")["Выдано"] == 1
    alone = figures_of(Scope((built.provider,), built.office), period_of("2025-10"), now=NOW)
    assert alone.counts["issued"] == 1
    assert "blanks" not in {one.code for one in tables_of(alone)}


def test_complaints_failures_and_blanks_of_the_month(built: Builder, world: World) -> None:
    head = world.demo.staff[Role.OFFICE_HEAD]
    complain(built, head)
    incident = Incident.objects.create(
        number="I-1", cause="mail", state="over", began_at=at("2025-09-30 23:50"),
        found_at=at("2025-09-30 23:55"), ended_at=at("2025-10-01 00:20"), what_kk="а", what_ru="б",
    )  # fmt: skip
    Report.objects.create(
        incident=incident, provider=built.provider, notice_due_at=at("2025-10-01 17:30"),
        told_at=at("2025-10-01 09:00"), protocol_due_at=at("2025-10-02 17:30"),
        signed_at=at("2025-10-03 09:00"),
    )  # fmt: skip
    receive(built, head)
    figures = built.figures()
    assert (figures.complaints.received, figures.complaints.decided) == (2, 1)
    assert (figures.complaints.upheld, figures.complaints.overdue) == (1, 1)
    failures = figures.failures
    assert (failures.count, failures.lasted) == (1, 20 * MINUTE)
    assert (failures.notices, failures.notices_in_time) == (1, 1)
    assert (failures.protocols, failures.protocols_in_time) == (1, 0)
    blanks = figures.blanks
    assert (blanks.received, blanks.spoiled, blanks.lost, blanks.left) == (10, 1, 0, 13)


def complain(built: Builder, head: User) -> None:
    """One satisfied in time, one whose term went by."""
    for number, ended in (("1", "2025-10-03T10:00:00+05:00"), ("2", None)):
        complaint = Complaint.objects.create(
            number=f"S-{number}", key=number, provider=built.provider, subject="delay", text="т",
            channel="web", complainant="А", received_at=at("2025-10-02 09:00"),
            registered_on=date(2025, 10, 2),
            clocks=[{"due_at": "2025-10-16T17:30:00+05:00", "ended_at": ended}],
        )  # fmt: skip
        if ended:
            ComplaintDecision.objects.create(
                complaint=complaint, body="provider", kind="action_ordered", findings_kk="а",
                findings_ru="б", decided_at=at("2025-10-03 10:00"), decided_by=head,
            )  # fmt: skip


def receive(built: Builder, head: User) -> None:
    """Five blanks in September, ten in October; of those one is spoiled then, one lost later."""
    for first, last, day in ((1, 5, date(2025, 9, 30)), (6, 15, date(2025, 10, 1))):
        BlankReceipt.objects.create(
            provider=built.provider, series="AA", first=first, last=last, document="1",
            received_on=day, entered_at=NOW, entered_by=head,
        )  # fmt: skip
    for number, state, moment in (
        (1, "spoiled", "2025-09-30 12:00"),
        (6, "spoiled", "2025-10-31 23:59"),
        (7, "lost", "2025-11-01 00:00"),
    ):
        journal.record(
            subject=f"blank:{built.provider.code}:AA-{number:06d}",
            action=f"certificates.blank_{state}",
            actor=SYSTEM,
            now=at(moment),
        )


def test_thousands_of_rows_need_no_more_queries_than_one(built: Builder, world: World) -> None:
    built.issued("2025-10-08 09:00", "2025-10-08 11:00")
    built.visit("2025-10-08 09:00", waits=1, serves=1)
    scope = Scope((world.demo.provider, world.other.provider))
    with CaptureQueriesContext(
        connection,
    ) as few:
        figures_of(scope, period_of("2025-10"), now=NOW)
    bulk(built, 3000)
    with CaptureQueriesContext(connection) as many:
        figures = figures_of(scope, period_of("2025-10"), now=NOW)
        tables_of(figures)
        charts_of(figures)
    assert len(many) == len(few) <= 23
    assert (figures.counts["received"], figures.counts["refused"]) == (3001, 3000)
    assert figures.queue.tickets == 3001


def bulk(built: Builder, count: int) -> None:
    example = built.refused("2025-09-08 09:00", "2025-09-08 10:00")
    visit = built.visit("2025-09-08 09:00", waits=3, serves=3)
    begins = at("2025-10-01 08:00")
    requests, visits = [], []
    for place in range(count):
        moment = begins + place * 10 * MINUTE
        values = {f.attname: getattr(example, f.attname) for f in Request._meta.concrete_fields}
        values |= {"id": None, "number": f"DEMO-2025-B{place:06d}-0", "filed_at": moment}
        values |= {"accepted_at": moment, "decided_at": moment + HOUR, "due_at": moment + 8 * HOUR}
        requests.append(Request(**values))
        values = {f.attname: getattr(visit, f.attname) for f in Visit._meta.concrete_fields}
        values |= {"id": None, "key": f"bulk-{place}", "sequence": place + 1000}
        values |= {
            "ticket_at": moment,
            "waiting_from": moment,
            "day": moment.date(),
            "handed_in_at": moment + HOUR,
        }
        visits.append(Visit(**values))
    Request.objects.bulk_create(requests, batch_size=400)
    Visit.objects.bulk_create(visits, batch_size=400)


def test_everybody_sees_no_small_numbers_and_no_running_month(built: Builder) -> None:
    for _ in range(4):
        built.issued("2025-10-08 09:00", "2025-10-08 11:00")
        built.visit("2025-10-08 09:00", waits=1, serves=1)
    october = period_of("2025-10")
    row = next(one for one in public_rows(october, now=NOW) if one.code == "DEMO")
    assert (row.results, row.is_few, row.kept, row.middle, row.waited) == (
        None, True, None, None, None
    )  # fmt: skip
    built.issued("2025-10-08 09:00", "2025-10-10 11:00", due="2025-10-09 17:30")
    built.visit("2025-10-08 09:00", waits=31, serves=1)
    row = next(one for one in public_rows(october, now=NOW) if one.code == "DEMO")
    assert (row.results, row.is_few, row.kept) == (5, False, Share(4, 5))
    assert (row.middle, row.waited, row.served) == (2 * HOUR, Share(4, 5), Share(5, 5))
    with pytest.raises(RuleViolation, match="period_not_over"):
        public_rows(period_of("2025-11"), now=NOW)
