"""The monthly report: made once of an ended month, signed like other papers, seen by its own."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from kualik.accounts.models import RoleGrant, User
from kualik.cases.services.trial_signing import trial_leaf
from kualik.certificates.models import Letter
from kualik.certificates.queries import letters_about
from kualik.certificates.services.letters import (
    accept_letter,
    is_sealed_alone,
    prepared_letters,
    run_letter_job,
)
from kualik.certificates.services.signing import Intake
from kualik.config.jobs import HANDLERS, enqueue_daily
from kualik.core.journal import SYSTEM
from kualik.core.models import Job, StaffTask
from kualik.counter.services.warning import WATCH_JOB as HALL_JOB
from kualik.oversight.queries.figures import ended_months, period_of
from kualik.oversight.services.reporting import REPORT_JOB, make_report, run_reports_job
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from kualik.signatures.adapters.test_authority import sign_cms
from kualik.signatures.services import installation_trust, test_fetcher
from tests.oversight.built import Builder, at
from tests.papers.samples import is_archival_and_accessible, text_of
from tests.world import World

SignIn = Callable[[User], Client]
MONTH = period_of("2025-10")
ABOUT = "report:DEMO-2025-10"
REPORTS, MAKE = reverse("oversight:reports"), reverse("oversight:report_make")


@pytest.fixture
def built(world: World) -> Builder:
    builder = Builder(world.demo.provider, world.demo.completions[0].person)
    for _ in range(7):
        builder.issued("2025-10-08 09:00", "2025-10-08 11:00")
    builder.refused("2025-10-08 09:00", "2025-10-10 11:00", due="2025-10-09 17:30")
    builder.visit("2025-10-08 09:00", waits=44, serves=5, waiting_cause="no_window")
    return builder


def made(world: World) -> Letter:
    return make_report(provider=world.demo.provider, month=MONTH, actor=SYSTEM, now=world.now)


def prepared(world: World) -> Letter:
    letter = made(world)
    run_letter_job({"letter": letter.pk}, world.now)
    return Letter.objects.select_related("provider", "key", "signer").get(pk=letter.pk)


def content_of(letter: Letter) -> bytes:
    with default_storage.open(letter.file) as stored:
        content: bytes = stored.read()
    return content


def sign(world: World, letter: Letter) -> None:
    signer = world.demo.staff[Role.AUTHORISED_PERSON]
    leaf = trial_leaf(
        signer, world.demo.provider, iins=list(world.demo.iins.values()), now=world.now
    )
    signature = sign_cms(
        leaves=[leaf], content=content_of(letter), detached=True, signing_time=world.now
    )
    intake = Intake(
        user=signer,
        trust=installation_trust(),
        fetcher=test_fetcher(now=world.now),
        now=world.now,
    )
    assert accept_letter(letter=letter, signature=signature, intake=intake, after=str)


def test_a_month_has_one_report_however_often_it_is_asked_for(world: World, built: Builder) -> None:
    first = made(world)
    assert made(world) == first
    assert (first.about, first.person, first.kind) == (ABOUT, None, "report")
    assert first.signer == world.demo.staff[Role.AUTHORISED_PERSON]
    assert list(letters_about(ABOUT)) == [first]


def test_figures_of_the_report_are_frozen_when_it_is_made(world: World, built: Builder) -> None:
    before = made(world).facts["tables"]
    built.issued("2025-10-08 09:00", "2025-10-08 11:00")
    assert made(world).facts["tables"] == before
    summary = {row[0]["ru"]: row[1]["kk"] for row in before[0]["rows"]}
    assert (summary["Поступило"], summary["Выдано"], summary["Доля в срок"]) == ("8", "7", "87,5 %")


@pytest.mark.parametrize(
    ("period", "code"), [("2025", "period_not_a_month"), ("2099-01", "period_not_over")]
)
def test_only_a_whole_month_that_is_over_is_reported(world: World, period: str, code: str) -> None:
    with pytest.raises(RuleViolation, match=code):
        make_report(
            provider=world.demo.provider, month=period_of(period), actor=SYSTEM, now=world.now
        )


def test_the_paper_says_the_figures_in_both_languages_and_is_archival(
    world: World, built: Builder, tmp_path: Path
) -> None:
    letter = prepared(world)
    pdf = content_of(letter)
    assert is_archival_and_accessible(pdf)
    said = text_of(pdf)
    for expected in (
        letter.number,
        "АЙЛЫҚ ЕСЕП",
        "МЕСЯЧНЫЙ ОТЧЁТ",
        "2025 жылғы қазан",
        "октябрь 2025 года",
        "неполный пакет",
        "A303.9.2",
        "87,5 %",
        "Бос терезе болмады",
        "0:44",
        letter.code,
    ):
        assert expected in said, expected
    assert world.demo.completions[0].holder_kk not in said


def test_a_month_of_nothing_is_a_paper_too(world: World) -> None:
    letter = prepared(world)
    assert "Таких случаев не было." in text_of(content_of(letter))


def test_the_authorised_person_signs_it_with_the_other_papers(
    world: World, built: Builder, client: Client
) -> None:
    letter = prepared(world)
    signer = world.demo.staff[Role.AUTHORISED_PERSON]
    assert not is_sealed_alone(letter, world.now)
    assert letter.state == "prepared"
    assert letter in prepared_letters(signer)
    sign(world, letter)
    found = Letter.objects.get(pk=letter.pk)
    assert (found.state, found.signature_facts["role"]) == ("signed", "right_to_sign")
    client.cookies["kualik_language"] = "ru"
    page = client.get(reverse("certificates:by_code", args=[found.code])).content.decode()
    assert "Это подлинный документ организации" in page
    assert "Месячный отчёт об оказании государственной услуги" in page


def test_signed_it_is_downloaded_by_the_own_staff_and_the_inspector_alone(
    world: World, built: Builder, signed_in: SignIn
) -> None:
    letter = prepared(world)
    address = reverse("certificates:letter_file", args=[letter.number])
    head = world.demo.staff[Role.OFFICE_HEAD]
    assert signed_in(head).get(address).status_code == 404, "nobody signed it yet"
    assert "after the signature" in signed_in(head).get(REPORTS).content.decode()
    sign(world, letter)
    for user, status in (
        (head, 200),
        (world.inspector, 200),
        (world.other.staff[Role.OFFICE_HEAD], 404),
        (world.contact_centre, 403),
    ):
        answer = signed_in(user).get(address)
        assert answer.status_code == status
        if status == 200:
            assert b"".join(answer.streaming_content) == content_of(letter)
    assert letter.number in signed_in(head).get(REPORTS).content.decode()
    assert letter.number in signed_in(world.inspector).get(REPORTS).content.decode()
    stranger = signed_in(world.other.staff[Role.OFFICE_HEAD])
    assert letter.number not in stranger.get(REPORTS).content.decode()


def test_the_page_makes_the_report_of_a_month_that_has_none(
    world: World, signed_in: SignIn
) -> None:
    client = signed_in(world.demo.staff[Role.PROVIDER_ADMIN])
    month = ended_months(world.now, 1)[0]
    assert f'value="{month.code}"' in client.get(REPORTS).content.decode()
    for _ in range(2):
        assert client.post(MAKE, {"month": month.code}).headers["Location"] == REPORTS
    assert Letter.objects.get(kind="report").about == f"report:DEMO-{month.code}"
    assert f'value="{month.code}"' not in client.get(REPORTS).content.decode()
    assert client.post(MAKE, {"month": f"{world.now:%Y-%m}"}).status_code == 422
    assert Letter.objects.filter(kind="report").count() == 1


def test_an_inspector_reads_and_makes_none(world: World, signed_in: SignIn) -> None:
    client = signed_in(world.inspector)
    assert "<form" not in client.get(REPORTS).content.decode().partition("<main")[2]
    assert client.post(MAKE, {"month": "2025-10"}).status_code == 403


def test_on_the_first_of_a_month_the_report_of_the_last_is_made_by_itself(world: World) -> None:
    first = at("2026-04-01 00:05")
    enqueue_daily(now=first)
    enqueue_daily(now=first + timedelta(minutes=9))
    assert Job.objects.filter(name=REPORT_JOB).count() == 1
    assert REPORT_JOB in HANDLERS
    for _ in range(2):
        run_reports_job({}, first)
    made_by_itself = Letter.objects.filter(kind="report").values_list("about", flat=True)
    assert set(made_by_itself) == {"report:DEMO-2026-03", "report:OTHER-2026-03"}


def test_the_report_waits_until_the_day_before_is_settled(world: World) -> None:
    """Its figures are frozen, so the job of the hall ends the day first."""
    enqueue_daily(now=at("2026-04-01 00:05"))
    assert Job.objects.get(name=REPORT_JOB).run_at == at("2026-04-01 06:00")
    Job.objects.all().delete()
    later = at("2026-04-01 09:30")
    enqueue_daily(now=later)
    report, hall = Job.objects.get(name=REPORT_JOB), Job.objects.get(name=HALL_JOB)
    assert (report.run_at, hall.run_at) == (later, later)
    assert hall.pk < report.pk, "of one moment, the hall comes first"


def test_months_that_nobody_could_sign_are_made_once_somebody_can(world: World) -> None:
    signer = world.demo.staff[Role.AUTHORISED_PERSON]
    RoleGrant.objects.filter(user=signer).delete()
    first, second = at("2026-04-02 06:00"), at("2026-05-02 06:00")
    run_reports_job({}, first)
    run_reports_job({}, second)
    about = set(Letter.objects.filter(kind="report").values_list("about", flat=True))
    assert about == {"report:OTHER-2026-03", "report:OTHER-2026-04"}
    tasks = StaffTask.objects.filter(kind="report_without_signer", closed_at=None)
    assert {task.params["month_en"] for task in tasks} == {
        period_of("2026-03").label.en, period_of("2026-04").label.en,
    }  # fmt: skip
    RoleGrant.objects.create(user=signer, role=Role.AUTHORISED_PERSON, granted_at=world.now)
    run_reports_job({}, second)
    made_now = set(Letter.objects.filter(provider=world.demo.provider, kind="report"))
    assert {letter.about for letter in made_now} == {"report:DEMO-2026-03", "report:DEMO-2026-04"}
    assert not tasks.all().exists()


def test_the_last_evening_of_a_month_belongs_to_it(world: World) -> None:
    run_reports_job({}, datetime(2026, 3, 31, 18, 59, tzinfo=UTC))
    assert Letter.objects.filter(about="report:DEMO-2026-02").count() == 1


def test_without_somebody_to_sign_the_administrator_is_told_until_there_is_one(
    world: World,
) -> None:
    signer = world.demo.staff[Role.AUTHORISED_PERSON]
    RoleGrant.objects.filter(user=signer).delete()
    run_reports_job({}, world.now)
    assert set(Letter.objects.filter(kind="report").values_list("provider__code", flat=True)) == {
        "OTHER"
    }
    task = StaffTask.objects.get(kind="report_without_signer")
    assert (task.scope, task.role, task.closed_at) == ("DEMO", Role.PROVIDER_ADMIN, None)
    RoleGrant.objects.create(user=signer, role=Role.AUTHORISED_PERSON, granted_at=world.now)
    run_reports_job({}, world.now)
    task.refresh_from_db()
    assert task.closed_at is not None
    assert Letter.objects.filter(kind="report").count() == 2


def test_a_rule_that_is_broken_is_a_task_and_stops_nobody(world: World) -> None:
    """Of a month before the first edition nothing can be said."""
    run_reports_job({}, at("1995-04-02 06:00"))
    tasks = StaffTask.objects.filter(kind="report_failed", closed_at=None)
    assert {task.scope for task in tasks} == {"DEMO", "OTHER"}
    assert all(task.params["why_ru"] for task in tasks)
