"""Failures are found by the system's own tries: one incident a cause, no storm (A57.10-4)."""

import threading
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import Settings

from kualik.cases.queries import clock_of
from kualik.cases.queries.tasks import task_text
from kualik.config.probing import note_database_fault
from kualik.core import clock as program_clock
from kualik.core.journal import SYSTEM
from kualik.core.models import StaffTask
from kualik.incidents.adapters.probes import (
    Unwell,
    try_authority,
    try_disk,
    try_storage,
    usual_trials,
)
from kualik.incidents.adapters.signs import noted_away
from kualik.incidents.models import Incident, Probe, Report
from kualik.incidents.queries import (
    causes,
    coded,
    course,
    current,
    fault_detail,
    fault_text,
    faults,
)
from kualik.incidents.services.detecting import (
    claim_turn,
    end_untried,
    note_gap,
    notice_silence,
)
from kualik.providers.models import Break
from kualik.providers.services import announce_break
from kualik.rules.deadline import EventKind
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.lifecycle import Role, State
from kualik.signatures.models import SigningKey
from tests.incidents.failing import MINUTE, MONDAY, Part, Watch, fail
from tests.world import World, file_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def sign(settings: Settings, tmp_path: Path) -> Path:
    settings.DATABASE_AWAY = tmp_path / "away"
    return tmp_path / "away"


def test_every_cause_is_told_in_three_languages() -> None:
    for cause in causes().values():
        for language in LANGUAGES:
            assert getattr(cause.what, language)
            assert getattr(cause.effect, language)


def test_two_failures_are_none_and_the_third_is_an_incident_since_the_first(world: World) -> None:
    part = Part()
    watch = Watch(part)
    watch.turns(1)
    part.fault = "no answer"
    watch.turns(2)
    assert not Incident.objects.exists()
    watch.turns(1)
    incident = Incident.objects.get()
    assert incident.began_at == MONDAY + MINUTE
    assert incident.found_at == MONDAY + 3 * MINUTE
    assert incident.cause == "timestamp"
    assert [row["well"] for row in incident.readings] == [True, False]
    assert Report.objects.count() == 2, "each provider owes its own"


def test_a_failure_that_lasts_stays_one_incident_however_often_it_is_tried(world: World) -> None:
    part = Part()
    part.fault = "no answer"
    Watch(part).turns(60)
    assert Incident.objects.count() == 1
    assert StaffTask.objects.filter(kind="incident_tell").count() == 2
    assert len(Incident.objects.get().readings) < 5, "what did not change is not written again"


def test_it_is_over_after_three_good_tries_and_ended_with_the_first_of_them(world: World) -> None:
    part = Part()
    part.fault = "no answer"
    watch = Watch(part)
    watch.turns(5)
    part.fault = ""
    watch.turns(2)
    assert current(watch.now)
    watch.turns(1)
    incident = Incident.objects.get()
    assert incident.state == Incident.State.OVER
    assert incident.ended_at == MONDAY + 5 * MINUTE
    assert incident.pause is not None
    assert incident.pause.ends_at == incident.ended_at


def test_what_fails_again_soon_is_the_same_incident(world: World) -> None:
    part = Part("storage")
    watch = Watch(part)
    for _ in range(5):
        part.fault = "no answer"
        watch.turns(4)
        part.fault = ""
        watch.turns(4)
    incident = Incident.objects.get()
    assert Break.objects.count() == 1
    assert incident.began_at == MONDAY
    assert incident.ended_at == MONDAY + 36 * MINUTE


def test_what_fails_again_much_later_is_another_incident(world: World) -> None:
    part = Part()
    watch = Watch(part)
    for _ in range(2):
        part.fault = "no answer"
        watch.turns(4)
        part.fault = ""
        watch.turns(4)
        watch.now += timedelta(hours=3)
    assert Incident.objects.count() == 2


def test_a_part_that_is_well_is_not_tried_every_minute_and_one_in_doubt_is(world: World) -> None:
    part = Part("timestamp")
    watch = Watch(part)
    watch.turns(13)
    assert part.tries == 5, "three until it is trusted, then every five minutes"
    part.fault = "no answer"
    watch.turns(7)
    assert Incident.objects.exists()


def test_a_consequence_of_another_failure_is_no_incident_of_its_own(world: World) -> None:
    fail(cause="database")
    part = Part("storage")
    part.fault = "OSError"
    Watch(part).turns(10)
    assert Incident.objects.count() == 1


def test_an_announced_break_is_no_incident(world: World) -> None:
    announce_break(
        starts_at=MONDAY,
        ends_at=MONDAY + 30 * MINUTE,
        note=Text("Жаңарту", "Обновление", "Update"),
        now=MONDAY - timedelta(days=1),
        actor=SYSTEM,
    )
    part = Part()
    part.fault = "no answer"
    watch = Watch(part, at=MONDAY + MINUTE)
    watch.turns(10)
    assert not Incident.objects.exists()
    watch.turns(25)
    assert Incident.objects.exists(), "it went on after the break"


def test_a_part_of_one_provider_touches_that_provider_alone(world: World) -> None:
    part = Part("signer", world.demo.provider)
    part.fault = "the key is missing"
    Watch(part).turns(3)
    incident = Incident.objects.get()
    assert incident.provider == world.demo.provider
    assert [row.provider for row in incident.reports.all()] == [world.demo.provider]
    theirs = clock_of(world.other.requests[0]).events
    assert not [event for event in theirs if event.kind is EventKind.INCIDENT]


def test_little_space_is_a_task_and_no_incident(world: World) -> None:
    part = Part("disk")
    part.fault = "little_space"
    watch = Watch(part)
    watch.turns(3)
    assert not Incident.objects.exists()
    task = StaffTask.objects.get(kind="probe_ill")
    assert (task.role, task.closed_at) == (Role.PLATFORM_ADMIN, None)
    said = task_text(task)
    assert "бос орын" in said.kk
    assert "512 МБ-тан аз" in said.kk
    assert "меньше 512 МБ" in said.ru
    part.fault = ""
    watch.turns(1)
    task.refresh_from_db()
    assert task.closed_at is not None


def test_the_installation_tries_what_it_has(world: World) -> None:
    now = program_clock.now()
    found = {trial.code: trial for trial in usual_trials(now=now)}
    assert {"disk", "storage", "timestamp", "email", "sms", "signer:DEMO", "signer:OTHER"} == set(
        found
    )
    for code in ("disk", "storage", "signer:DEMO", "email", "sms"):
        found[code].attempt(now=now)


def test_a_storage_that_cannot_be_written_is_unwell(settings: Settings, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("a file where a folder should be")
    settings.MEDIA_ROOT = str(plain)
    with pytest.raises(Unwell):
        try_storage(now=MONDAY)


def test_a_storage_that_works_is_left_empty(kualik_files: Path, settings: Settings) -> None:
    try_storage(now=MONDAY)
    left = [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    assert left == []
    try_disk(now=MONDAY)


def test_an_authority_that_does_not_answer_is_unwell(settings: Settings) -> None:
    settings.TSA_URL = "http://127.0.0.1:9/tsa"
    with pytest.raises(Unwell, match="no_answer: "):
        try_authority(now=MONDAY)


def test_a_key_whose_file_is_gone_is_unwell(world: World, settings: Settings) -> None:
    for path in Path(settings.KEYS_ROOT).glob("*.p12"):
        path.unlink()
    found = {trial.code: trial for trial in usual_trials(now=program_clock.now())}
    assert SigningKey.objects.exists()
    with pytest.raises(Unwell, match="key_missing"):
        found["signer:DEMO"].attempt(now=program_clock.now())


def signer_fails(world: World) -> Incident:
    """Three turns in which the key of the provider does not sign."""
    part = Part("signer", world.demo.provider)
    part.fault = "key_missing"
    Watch(part, at=world.now - 60 * MINUTE).turns(3)
    return Incident.objects.get()


def test_the_incident_of_a_key_that_was_disabled_ends_by_itself(world: World) -> None:
    incident, now = signer_fails(world), world.now
    assert end_untried(trials=usual_trials(now=now), now=now) == 0, "the key may sign still"
    SigningKey.objects.filter(provider=world.demo.provider).update(disabled_at=now)
    assert end_untried(trials=usual_trials(now=now), now=now) == 1
    incident.refresh_from_db()
    assert (incident.state, incident.ended_at) == (Incident.State.OVER, now)
    assert course(incident, report=None)[-1].action == "incidents.untried"
    assert not Probe.objects.filter(code="signer:DEMO").exists(), "another key begins anew"


def test_the_incident_of_a_part_that_was_taken_out_ends_by_itself(
    world: World, settings: Settings
) -> None:
    now = world.now
    causes_of_all = ("timestamp", "storage", "worker")
    _, *others = [fail(cause=cause, began_at=now - 60 * MINUTE) for cause in causes_of_all]
    settings.TSA_URL = ""
    assert end_untried(trials=usual_trials(now=now), now=now) == 1
    assert current(now) == others


def test_every_fault_is_told_in_three_languages_and_its_detail_apart(world: World) -> None:
    for code in faults():
        assert len({fault_text(coded(code, "x")).get(language) for language in LANGUAGES}) == 3
        assert fault_detail(coded(code, "x: y")) == "x: y"
    assert fault_text("older words: of a driver").kk == "older words: of a driver"


def test_only_one_process_takes_the_turn_of_a_minute(world: World) -> None:
    assert claim_turn(now=MONDAY) == MONDAY
    assert claim_turn(now=MONDAY + timedelta(seconds=30)) is None
    assert claim_turn(now=MONDAY + MINUTE) == MONDAY
    assert claim_turn(now=MONDAY + MINUTE) is None


def test_a_database_that_was_away_is_written_down_when_it_is_back(world: World, sign: Path) -> None:
    claim_turn(now=MONDAY)
    from_when = MONDAY + timedelta(seconds=20)
    note_database_fault(OperationalError("secret words"), now=from_when)
    note_database_fault(OperationalError("again"), now=from_when + MINUTE)
    away = noted_away()
    assert away is not None
    assert (away.since, away.fault) == (from_when, "OperationalError")
    back = MONDAY + 25 * MINUTE
    before = claim_turn(now=back)
    assert before == MONDAY
    found = note_gap(before=before, now=back)
    assert found is not None
    assert (found.cause, found.state) == ("database", Incident.State.OVER)
    assert (found.began_at, found.found_at, found.ended_at) == (MONDAY, from_when, back)
    assert not sign.exists()


def test_a_database_that_was_away_for_a_moment_is_no_incident(world: World, sign: Path) -> None:
    claim_turn(now=MONDAY)
    note_database_fault(OperationalError(), now=MONDAY + timedelta(seconds=40))
    assert note_gap(before=MONDAY, now=MONDAY + 2 * MINUTE) is None
    assert not sign.exists()


def test_a_worker_that_was_away_is_written_down_when_it_is_back(world: World, sign: Path) -> None:
    found = note_gap(before=MONDAY, now=MONDAY + timedelta(hours=2))
    assert found is not None
    assert (found.cause, found.state) == ("worker", Incident.State.OVER)
    assert note_gap(before=MONDAY, now=MONDAY + 5 * MINUTE) is None


def test_a_worker_that_stands_still_in_an_announced_break_is_no_incident(
    world: World, sign: Path
) -> None:
    announce_break(
        starts_at=MONDAY,
        ends_at=MONDAY + 30 * MINUTE,
        note=Text("Жаңарту", "Обновление", "Update"),
        now=MONDAY - timedelta(days=1),
        actor=SYSTEM,
    )
    claim_turn(now=MONDAY)
    assert notice_silence(now=MONDAY + 10 * MINUTE) is None
    assert note_gap(before=MONDAY, now=MONDAY + 35 * MINUTE) is None


def test_the_web_notices_a_silent_worker_and_the_worker_ends_it(world: World, sign: Path) -> None:
    assert notice_silence(now=MONDAY) is None, "nothing is known of a worker that never was"
    claim_turn(now=MONDAY)
    assert notice_silence(now=MONDAY + 5 * MINUTE) is None
    found = notice_silence(now=MONDAY + 6 * MINUTE)
    assert found is not None
    assert (found.cause, found.began_at) == ("worker", MONDAY)
    assert notice_silence(now=MONDAY + 9 * MINUTE) == found
    note_gap(before=MONDAY, now=MONDAY + 20 * MINUTE)
    incident = Incident.objects.get()
    assert (incident.state, incident.ended_at) == (Incident.State.OVER, MONDAY + 20 * MINUTE)


def test_the_health_page_notices_it_outside_a_demonstration(
    world: World, settings: Settings
) -> None:
    Probe.objects.create(
        code="worker",
        since=MONDAY,
        tried_at=program_clock.now() - timedelta(hours=1),
    )
    Client().get("/healthz")
    assert not Incident.objects.exists()
    settings.COUNTS_GAPS = True
    Client().get("/healthz")
    Client().get("/healthz")
    assert Incident.objects.get().cause == "worker"


def test_the_requests_that_waited_meanwhile_are_named_and_others_are_not(world: World) -> None:
    now = world.now
    incident = fail(began_at=now + MINUTE, ended_at=now + 30 * MINUTE)
    named = set(incident.requests.values_list("number", flat=True))
    waiting = {State.ACCEPTED, State.IN_REVIEW, State.APPROVED, State.FILED}
    mine = {row.number for state, row in world.by_state.items() if state in waiting}
    theirs = {row.number for row in world.other.requests}
    assert named == mine | theirs


def test_a_request_that_was_answered_or_withdrawn_while_it_lasted_was_touched(
    world: World,
) -> None:
    began_at = world.now - timedelta(hours=1)
    incident = fail(began_at=began_at, ended_at=world.now + timedelta(hours=1))
    named = set(incident.requests.values_list("number", flat=True))
    ended = (State.ISSUED, State.HANDED_OVER, State.REFUSED, State.WITHDRAWN)
    assert {world.by_state[state].number for state in ended} <= named
    assert world.by_state[State.NOT_ACCEPTED].number not in named, "it ended long before"


def test_the_clock_names_the_incident_and_the_term_stays(world: World) -> None:
    row = file_for(world.demo, world.demo.free[:1], now=world.now, filed_at=world.now)[0]
    due_at = row.due_at
    incident = fail(began_at=world.now + MINUTE)
    lasting = clock_of(row)
    assert [event.kind for event in lasting.events] == [EventKind.INCIDENT]
    assert any("10-4" in step.clause or "7.2" in step.clause for step in lasting.steps)
    said = [step.text.ru for step in lasting.steps if "Сбой" in step.text.ru]
    assert len(said) == 1
    assert lasting.due_at == due_at
    row.refresh_from_db()
    assert (row.due_at, incident.state) == (due_at, Incident.State.LASTS)


def test_a_request_filed_while_it_lasts_names_it_too_and_gets_the_same_term(world: World) -> None:
    before = file_for(world.demo, world.demo.free[:1], now=world.now, filed_at=world.now)[0]
    incident = fail(began_at=world.now - 5 * MINUTE)
    free = [row for row in world.demo.free if row.pk != before.completion_id]
    after = file_for(world.demo, free[:1], now=world.now, filed_at=world.now)[0]
    assert after.due_at == before.due_at
    assert [event.started_at for event in clock_of(after).events] == [incident.began_at]


@pytest.mark.django_db(transaction=True)
def test_two_that_notice_it_at_once_enter_one_incident(world: World, sign: Path) -> None:
    claim_turn(now=MONDAY)
    start = threading.Barrier(3)

    def notice() -> None:
        start.wait()
        try:
            with suppress(OperationalError):
                notice_silence(now=MONDAY + 20 * MINUTE)
        finally:
            connection.close()

    threads = [threading.Thread(target=notice) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Incident.objects.count() == 1
    assert Break.objects.count() == 1
    assert Report.objects.count() == 2
