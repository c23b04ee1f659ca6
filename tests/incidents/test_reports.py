"""Two terms of one working day: the notice to the operator, the protocol signed (A57.10-4)."""

import json
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.core.files.storage import default_storage
from pyhanko.pdf_utils.reader import PdfFileReader
from pytest_django import Settings

from kualik.accounts.models import User
from kualik.core import journal
from kualik.core.models import StaffTask
from kualik.incidents.models import Incident, Report
from kualik.incidents.queries import course, history_since
from kualik.incidents.services.archiving import take_archive
from kualik.incidents.services.declaring import declare_incident, end_by_hand
from kualik.incidents.services.drafting import draft_pdf, draft_words
from kualik.incidents.services.taking import (
    OperatorsProtocol,
    cancel_report,
    sweep_protocols,
    take_protocol,
    write_measures,
)
from kualik.incidents.services.telling import message_of, record_notice, send_notice, settle_notices
from kualik.incidents.services.watching import watch_terms
from kualik.notifications.adapters.carriers import Handed
from kualik.notifications.models import Message
from kualik.notifications.services.settling import keep_part, mark_failed, mark_sent
from kualik.providers.queries import clock_events
from kualik.providers.services import announce_closure
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from tests.incidents.failing import (
    FRIDAY,
    MINUTE,
    MONDAY,
    bring_protocol,
    fail,
    operators_pdf,
    report_of,
    tell_by_hand,
)
from tests.world import World, enrol

pytestmark = pytest.mark.django_db
TUESDAY_EVENING = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)  # 17:30 in Almaty
WHAT = Text("Сайт ашылмайды", "Сайт не открывается")


@pytest.fixture
def head(world: World) -> object:
    return world.demo.staff[Role.OFFICE_HEAD]


def mine(world: World, incident: Incident) -> Report:
    return report_of(incident, world.demo.provider)


def open_kinds(world: World) -> set[str]:
    tasks = StaffTask.objects.filter(scope=world.demo.provider.code, closed_at=None)
    return {kind for kind in tasks.values_list("kind", flat=True) if kind.startswith("incident")}


def test_the_notice_is_due_with_the_end_of_the_next_working_day(world: World) -> None:
    assert mine(world, fail()).notice_due_at == TUESDAY_EVENING


def test_a_failure_found_on_friday_is_told_on_monday(world: World) -> None:
    due_at = mine(world, fail(began_at=FRIDAY)).notice_due_at
    assert due_at == datetime(2026, 11, 30, 12, 30, tzinfo=UTC)


def test_each_provider_has_its_own_calendar(world: World) -> None:
    announce_closure(
        provider=world.demo.provider,
        day=date(2026, 11, 24),
        reason=Text("Жабық", "Закрыто", "Closed"),
        now=MONDAY - timedelta(days=30),
        actor=world.demo.staff[Role.PROVIDER_ADMIN].acting_as(Role.PROVIDER_ADMIN),
    )
    incident = fail()
    assert mine(world, incident).notice_due_at == TUESDAY_EVENING + timedelta(days=1)
    theirs = report_of(incident, world.other.provider)
    assert theirs.notice_due_at == TUESDAY_EVENING


def test_the_letter_is_a_proof_once_a_server_took_it(world: World) -> None:
    report = mine(world, fail())
    head = world.demo.staff[Role.OFFICE_HEAD]
    message = send_notice(report=report, actor=head.acting_as(Role.OFFICE_HEAD), now=MONDAY)
    assert message.address == "operator@demo.example"
    assert "10-4" in message.body
    assert report.incident.number in message.body
    assert settle_notices(now=MONDAY + MINUTE) == 0
    assert mine(world, report.incident).state == Report.State.TO_TELL
    taken_at = MONDAY + 7 * MINUTE
    keep_part(message, Handed(1, 1, "mark@example"), carrier="smtp", now=taken_at)
    mark_sent(message, now=taken_at)
    assert settle_notices(now=taken_at + MINUTE) == 1
    told = mine(world, report.incident)
    assert (told.state, told.told_at) == (Report.State.TOLD, taken_at)
    assert told.notice["message_id"] == "mark@example"
    assert told.notice["body"] == message.body
    assert told.protocol_due_at == TUESDAY_EVENING
    assert open_kinds(world) == {"incident_protocol"}


def test_a_letter_on_its_way_is_not_sent_twice_and_one_that_failed_is(world: World) -> None:
    report, actor = mine(world, fail()), world.demo.staff[Role.CLERK].acting_as(Role.CLERK)
    first = send_notice(report=report, actor=actor, now=MONDAY)
    assert send_notice(report=report, actor=actor, now=MONDAY) == first
    mark_failed(first, "given up", now=MONDAY + MINUTE)
    settle_notices(now=MONDAY + MINUTE)
    assert open_kinds(world) == {"incident_tell", "incident_notice_failed"}
    again = mine(world, report.incident)
    second = send_notice(report=again, actor=actor, now=MONDAY + 2 * MINUTE)
    assert second != first
    assert Message.objects.filter(event="incident_notice").count() == 2


def test_without_an_address_the_notice_is_recorded_by_hand(
    world: World, settings: Settings
) -> None:
    settings.FAILURE_EMAIL = ""
    report, head = mine(world, fail()), world.demo.staff[Role.OFFICE_HEAD]
    with pytest.raises(RuleViolation) as refused:
        send_notice(report=report, actor=head.acting_as(Role.OFFICE_HEAD), now=MONDAY)
    assert refused.value.code == "operator_address_unknown"
    told = tell_by_hand(report, head, at=MONDAY + 5 * MINUTE)
    assert (told.state, told.notice["way"], told.notice["reference"]) == (
        Report.State.TOLD,
        "phone",
        "№ 4711",
    )
    with pytest.raises(RuleViolation) as twice:
        tell_by_hand(report, head, at=MONDAY + 5 * MINUTE)
    assert twice.value.code == "incident_state_forbids"


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (MONDAY - MINUTE, "notice_before_incident"),
        (MONDAY + timedelta(days=9), "incident_in_future"),
    ],
)
def test_a_notice_is_of_a_time_that_can_be(world: World, at: datetime, code: str) -> None:
    report, head = mine(world, fail()), world.demo.staff[Role.OFFICE_HEAD]
    with pytest.raises(RuleViolation) as refused:
        record_notice(
            report=report,
            way="phone",
            reference="1",
            at=at,
            note="",
            user=head,
            role=Role.OFFICE_HEAD,
            now=MONDAY + MINUTE,
        )
    assert refused.value.code == code


def test_staff_are_warned_before_the_term_and_the_letter_leaves_by_itself(world: World) -> None:
    report = mine(world, fail())
    watch_terms(now=TUESDAY_EVENING - timedelta(hours=3))
    assert open_kinds(world) == {"incident_tell"}
    watch_terms(now=TUESDAY_EVENING - timedelta(hours=1))
    assert open_kinds(world) == {"incident_tell", "incident_soon"}
    found = message_of(mine(world, report.incident))
    assert found is not None
    watch_terms(now=TUESDAY_EVENING - timedelta(minutes=30))
    assert Message.objects.filter(event="incident_notice").count() == 2, "one for each provider"


def test_a_term_that_is_over_is_told_too(world: World, settings: Settings) -> None:
    settings.FAILURE_EMAIL = ""
    fail()
    watch_terms(now=TUESDAY_EVENING - timedelta(hours=1))
    watch_terms(now=TUESDAY_EVENING + MINUTE)
    assert open_kinds(world) == {"incident_tell", "incident_late"}


def test_the_second_term_is_watched_as_the_first(world: World) -> None:
    report, head = mine(world, fail()), world.demo.staff[Role.OFFICE_HEAD]
    tell_by_hand(report, head, at=MONDAY + MINUTE)
    watch_terms(now=TUESDAY_EVENING - timedelta(hours=1))
    assert open_kinds(world) == {"incident_protocol", "incident_soon"}
    bring_protocol(mine(world, report.incident), head, at=TUESDAY_EVENING - 20 * MINUTE)
    assert open_kinds(world) == {"incident_soon", "incident_to_sign"}


def test_the_draft_says_when_what_whom_and_what_was_done(world: World) -> None:
    incident = fail(began_at=world.now, ended_at=world.now + 40 * MINUTE)
    report, head = mine(world, incident), world.demo.staff[Role.OFFICE_HEAD]
    write_measures(
        report=report,
        done=Text("Дискі ауыстырылды", "Заменён диск"),
        user=head,
        role=Role.OFFICE_HEAD,
        now=world.now + 50 * MINUTE,
    )
    text = draft_words(report=report, now=world.now + timedelta(hours=1))
    for part in ("ХАТТАМА", "ПРОТОКОЛ", incident.number, "файл сақталмады", "файл не сохранён"):
        assert part in text
    assert "PermissionError" not in text, "what the part itself said is for who mends it"
    assert text.count("Дискі ауыстырылды") == text.count("Заменён диск") == 1
    assert incident.what_kk[1:] in text
    assert incident.what_ru[1:] in text
    for request in world.demo.requests:
        is_named = incident.requests.filter(pk=request.pk).exists()
        assert (request.number in text) == is_named
    assert world.other.requests[0].number not in text, "each provider names its own"
    for person in {request.person.family_name for request in world.demo.requests}:
        assert person not in text


def test_the_draft_is_a_pdf_and_the_same_twice(world: World) -> None:
    report = mine(world, fail(ended_at=MONDAY + 9 * MINUTE))
    later = MONDAY + timedelta(hours=1)
    first = draft_pdf(report=report, now=later)
    assert first == draft_pdf(report=report, now=later)
    assert PdfFileReader(BytesIO(first)).root["/Type"] == "/Catalog"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\x03\x04 a word file", "protocol_not_pdf"),
        (b"%PDF-1.7 nothing more", "scan_unreadable"),
        (b"", "protocol_not_pdf"),
    ],
)
def test_only_a_sound_pdf_is_taken_as_the_protocol(world: World, content: bytes, code: str) -> None:
    report, head = mine(world, fail()), world.demo.staff[Role.OFFICE_HEAD]
    tell_by_hand(report, head, at=MONDAY + MINUTE)
    given = OperatorsProtocol(
        filename="a.pdf", content=content, number="1", dated=date(2026, 11, 23)
    )
    with pytest.raises(RuleViolation) as refused:
        take_protocol(
            report=report, given=given, user=head, role=Role.OFFICE_HEAD, now=MONDAY + 9 * MINUTE
        )
    assert refused.value.code == code
    assert mine(world, report.incident).state == Report.State.TOLD


def test_before_the_operator_was_told_there_is_no_protocol(world: World) -> None:
    report, head = mine(world, fail()), world.demo.staff[Role.OFFICE_HEAD]
    with pytest.raises(RuleViolation) as refused:
        bring_protocol(report, head, at=MONDAY + 9 * MINUTE)
    assert refused.value.code == "incident_state_forbids"


@pytest.mark.django_db(transaction=True)
def test_another_file_takes_the_place_of_the_first_until_it_is_signed(world: World) -> None:
    report, head = mine(world, fail()), world.demo.staff[Role.OFFICE_HEAD]
    tell_by_hand(report, head, at=MONDAY + MINUTE)
    first = bring_protocol(report, head, at=MONDAY + 9 * MINUTE).protocol.name
    given = OperatorsProtocol(
        filename="b.pdf", content=operators_pdf("78"), number="78", dated=date(2026, 11, 23)
    )
    now = MONDAY + 12 * MINUTE
    take_protocol(report=report, given=given, user=head, role=Role.OFFICE_HEAD, now=now)
    assert first is not None
    assert not default_storage.exists(first)
    assert default_storage.exists(report.protocol.name or "")
    assert sweep_protocols(now=now + timedelta(days=30)) == 0


def test_a_false_alarm_is_called_off_with_a_reason_before_the_operator_is_told(
    world: World,
) -> None:
    incident = fail(provider=world.demo.provider, ended_at=MONDAY + 9 * MINUTE)
    report, head = mine(world, incident), world.demo.staff[Role.OFFICE_HEAD]
    cancel_report(
        report=report,
        reason="Жоспарлы тексеру",
        user=head,
        role=Role.OFFICE_HEAD,
        now=MONDAY + timedelta(hours=1),
    )
    incident.refresh_from_db()
    assert incident.state == Incident.State.CLOSED
    assert open_kinds(world) == set()
    assert watch_terms(now=MONDAY + timedelta(days=9)) == 0
    assert clock_events(since=MONDAY, provider=world.demo.provider.pk) == []
    assert list(history_since(MONDAY)) == []


def test_a_head_declares_for_the_own_provider_and_twice_is_once(world: World) -> None:
    head = world.demo.staff[Role.OFFICE_HEAD]
    by = {"what": WHAT, "began_at": MONDAY, "user": head, "role": Role.OFFICE_HEAD}
    found = declare_incident(**by, now=MONDAY + 9 * MINUTE)
    assert declare_incident(**by, now=MONDAY + 10 * MINUTE) == found
    assert found.provider == world.demo.provider
    assert [row.provider for row in found.reports.all()] == [world.demo.provider]
    ended_at = MONDAY + 30 * MINUTE
    end_by_hand(
        incident=found,
        ended_at=ended_at,
        user=head,
        role=Role.OFFICE_HEAD,
        now=MONDAY + 40 * MINUTE,
    )
    found.refresh_from_db()
    assert (found.state, found.ended_at) == (Incident.State.OVER, ended_at)


def test_who_runs_the_installation_declares_for_everybody(world: World) -> None:
    admin = enrol("platform", None, Role.PLATFORM_ADMIN, now=world.now)
    found = declare_incident(
        what=WHAT,
        began_at=MONDAY,
        ended_at=MONDAY + MINUTE,
        user=admin,
        role=Role.PLATFORM_ADMIN,
        now=MONDAY + 9 * MINUTE,
    )
    assert found.provider is None
    assert found.reports.count() == 2
    assert found.state == Incident.State.OVER


@pytest.mark.parametrize(
    ("began_at", "ended_at", "code"),
    [
        (MONDAY + timedelta(days=1), None, "incident_in_future"),
        (MONDAY, MONDAY - MINUTE, "incident_ends_before_start"),
        (MONDAY - timedelta(days=7), None, "incident_too_old"),
        (MONDAY - timedelta(days=900), None, "incident_too_old"),
        (MONDAY, MONDAY + timedelta(days=1), "incident_in_future"),
    ],
)
def test_a_declared_failure_is_of_a_time_that_can_be(
    world: World, began_at: datetime, ended_at: datetime | None, code: str
) -> None:
    with pytest.raises(RuleViolation) as refused:
        declare_incident(
            what=WHAT,
            began_at=began_at,
            ended_at=ended_at,
            user=world.demo.staff[Role.OFFICE_HEAD],
            role=Role.OFFICE_HEAD,
            now=MONDAY + 9 * MINUTE,
        )
    assert refused.value.code == code


def end_found(incident: Incident, user: User, role: Role, reason: str) -> Incident:
    ended_at, now = MONDAY + MINUTE, MONDAY + 9 * MINUTE
    return end_by_hand(
        incident=incident, ended_at=ended_at, user=user, role=role, now=now, reason=reason
    )


def test_what_a_probe_found_is_ended_by_hand_with_a_reason_alone(world: World) -> None:
    incident, head = fail(provider=world.demo.provider), world.demo.staff[Role.OFFICE_HEAD]
    with pytest.raises(RuleViolation, match="incident_end_unexplained"):
        end_found(incident, head, Role.OFFICE_HEAD, "")
    with pytest.raises(RuleViolation, match="not_permitted"):
        end_found(incident, world.other.staff[Role.OFFICE_HEAD], Role.OFFICE_HEAD, "Басқа ұйым")
    end_found(incident, head, Role.OFFICE_HEAD, "Кілт ауыстырылды")
    incident.refresh_from_db()
    assert (incident.state, incident.ended_at) == (Incident.State.OVER, MONDAY + MINUTE)
    last = course(incident, report=None)[-1]
    assert (last.action, last.reason) == ("incidents.ended_by_hand", "Кілт ауыстырылды")
    with pytest.raises(RuleViolation, match="incident_state_forbids"):
        end_found(incident, head, Role.OFFICE_HEAD, "Тағы бір рет")


def test_who_runs_the_installation_ends_what_a_probe_found_at_one_provider(world: World) -> None:
    admin = enrol("platform", None, Role.PLATFORM_ADMIN, now=world.now)
    incident = fail(provider=world.demo.provider)
    end_found(incident, admin, Role.PLATFORM_ADMIN, "Кілт ауыстырылды")
    assert incident.state == Incident.State.OVER
    head = world.demo.staff[Role.OFFICE_HEAD]
    declared = declare_incident(
        what=WHAT, began_at=MONDAY, user=head, role=Role.OFFICE_HEAD, now=MONDAY
    )
    with pytest.raises(RuleViolation, match="not_permitted"):
        end_found(declared, admin, Role.PLATFORM_ADMIN, "Бітті")


def test_the_archive_holds_its_own_list_of_digests_and_no_iin(world: World) -> None:
    report, head = mine(world, fail()), world.demo.staff[Role.OFFICE_HEAD]
    tell_by_hand(report, head, at=MONDAY + MINUTE)
    report = bring_protocol(mine(world, report.incident), head, at=MONDAY + 9 * MINUTE)
    actor = head.acting_as(Role.OFFICE_HEAD)
    packed = take_archive(report=report, actor=actor, now=MONDAY + timedelta(hours=1))
    with ZipFile(BytesIO(packed)) as archive:
        names = set(archive.namelist())
        sums = archive.read("SHA256SUMS").decode().splitlines()
        notice = json.loads(archive.read("notice.json"))
        assert archive.read("protocol.pdf") == operators_pdf()
    assert {"draft.pdf", "draft.txt", "incident.json", "journal.json", "README.txt"} < names
    assert {line.split("  ")[1] for line in sums} == names - {"SHA256SUMS"}
    assert notice["way"] == "phone"
    subject = f"incident:{report.incident.number}:DEMO"
    assert journal.history(subject)[-1].action == "incidents.archived"
    assert journal.broken_links(subject) == []
