"""Who signs, and the limits of automatic sealing (A57.10-2, A303.4)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from kualik.accounts.models import User
from kualik.certificates.models import Certificate, PersonSignature, SealPolicy
from kualik.certificates.services.policy import (
    Limits,
    automatic_fault,
    person_fault,
    policy_of,
    set_policy,
)
from kualik.certificates.services.volume import FEWEST, alarms_of, run_watch_job, watch_later
from kualik.config.jobs import HANDLERS
from kualik.core.clock import local_day
from kualik.core.journal import Actor, history
from kualik.core.models import Job, JournalEntry
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from tests.certificates import people

NOON = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)  # Tuesday, 12:00 in Almaty
ADMIN = Actor(name="user:1", role=Role.PROVIDER_ADMIN)
A57, A303 = standards.get("A57"), standards.get("A303")
Way = SealPolicy.Way
DONE = "/office/tasks/done/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def signer(db: None) -> User:
    provider = people.open_provider("DEMO", "990140000017", Text("Алматы", "Алматы", "Almaty"))
    return people.employ(provider, Role.AUTHORISED_PERSON, name="Сейітқали Бауыржан Маратұлы")


def automatic(signer: User, **limits: object) -> SealPolicy:
    wanted = {"kinds": ["pd"], "daily_quota": 5} | limits
    return set_policy(
        provider=signer.provider,
        limits=Limits(way=Way.AUTOMATIC, **wanted),
        takes_reading=True,
        user=signer,
        actor=ADMIN,
        now=NOON,
    )


def fault(certificate: Certificate, *, standard=A303, now: datetime = NOON, ahead: int = 0) -> str:
    return automatic_fault(
        provider=certificate.provider,
        certificate=certificate,
        standard=standard,
        now=now,
        ahead=ahead,
    )


def issued(signer: User, count: int, *, at: datetime) -> list[Certificate]:
    rows = people.draft(signer, count=count)
    ids = [row.pk for row in rows]
    Certificate.objects.filter(pk__in=ids).update(status="valid", sealed_at=at, file="a.pdf")
    return rows


def test_without_a_policy_the_person_signs(signer: User) -> None:
    assert policy_of(signer.provider) is None
    assert fault(people.draft(signer)[0]) == "seal_by_person_only"


def test_within_the_limits_the_organisation_may_seal_under_a303(signer: User) -> None:
    automatic(signer)
    assert fault(people.draft(signer)[0]) == ""


def test_under_a57_the_organisation_never_seals_alone(signer: User) -> None:
    automatic(signer)
    assert fault(people.draft(signer)[0], standard=A57) == "seal_by_person_only"


def test_before_the_code_took_effect_the_organisation_never_seals_alone(signer: User) -> None:
    automatic(signer)
    early = datetime(2026, 7, 1, 7, 0, tzinfo=UTC)
    assert fault(people.draft(signer)[0], now=early) == "seal_by_person_only"


def test_a_kind_that_is_not_named_waits_for_the_person(signer: User) -> None:
    automatic(signer, kinds=["cc"])
    assert fault(people.draft(signer)[0]) == "seal_kind_outside_limits"


@pytest.mark.parametrize(
    ("hour", "minute", "expected"),
    [(8, 59, "seal_outside_hours"), (9, 0, ""), (17, 59, ""), (18, 0, "seal_outside_hours")],
)
def test_the_hours_are_those_of_the_office_the_end_excluded(
    signer: User, hour: int, minute: int, expected: str
) -> None:
    automatic(signer, opens=9 * 60, closes=18 * 60)
    moment = datetime(2026, 11, 24, hour, minute, tzinfo=UTC) - timedelta(hours=5)
    assert fault(people.draft(signer)[0], now=moment) == expected


def test_the_quota_counts_the_local_day_and_what_is_ahead_in_the_portion(signer: User) -> None:
    automatic(signer, daily_quota=3)
    issued(signer, 1, at=NOON - timedelta(days=1))
    issued(signer, 1, at=NOON - timedelta(hours=1))
    draft = people.draft(signer)[0]
    assert fault(draft, ahead=1) == ""
    assert fault(draft, ahead=2) == "seal_quota_reached"


def test_documents_signed_by_the_person_do_not_use_up_the_automatic_quota(signer: User) -> None:
    automatic(signer, daily_quota=1)
    sign(issued(signer, 1, at=NOON)[0], signer, at=NOON)
    assert fault(people.draft(signer)[0]) == ""


def sign(certificate: Certificate, signer: User, *, at: datetime) -> None:
    PersonSignature.objects.create(
        certificate=certificate,
        signer=signer,
        file="a.p7s",
        certificate_not_after=at + timedelta(days=1),
        signed_at=at,
        accepted_at=at,
    )


def test_two_persons_who_decided_may_not_sign(signer: User) -> None:
    limits = Limits(way=Way.PERSON, needs_two_persons=True)
    arguments = {"takes_reading": False, "user": signer, "actor": ADMIN, "now": NOON}
    set_policy(provider=signer.provider, limits=limits, **arguments)
    draft = people.draft(signer)[0]
    asked = {"certificate": draft, "user": signer, "now": NOON}
    assert person_fault(prepared_by=signer.pk, **asked) == "seal_needs_two_persons"
    assert person_fault(prepared_by=signer.pk + 1, **asked) == ""


def test_a_person_stops_at_the_own_quota_of_the_day(signer: User) -> None:
    limits = Limits(way=Way.PERSON, person_quota=2)
    set_policy(
        provider=signer.provider,
        limits=limits,
        takes_reading=False,
        user=signer,
        actor=ADMIN,
        now=NOON,
    )
    first, second, third, draft = people.draft(signer, count=4)
    sign(first, signer, at=NOON - timedelta(days=1))
    sign(second, signer, at=NOON)
    asked = {"certificate": draft, "prepared_by": None, "user": signer, "now": NOON}
    assert person_fault(**asked) == ""
    sign(third, signer, at=NOON)
    assert person_fault(**asked) == "seal_person_quota_reached"


@pytest.mark.parametrize(
    ("limits", "taken", "code"),
    [
        ({}, False, "reading_not_taken"),
        ({"daily_quota": None}, True, "quota_missing"),
        ({"kinds": []}, True, "limits_empty"),
        ({"opens": 600, "closes": 600}, True, "limits_empty"),
    ],
)
def test_automatic_sealing_needs_the_reading_and_all_limits(
    signer: User, limits: dict[str, object], taken: bool, code: str
) -> None:
    wanted = {"kinds": ["pd"], "daily_quota": 5} | limits
    with pytest.raises(RuleViolation) as refused:
        set_policy(
            provider=signer.provider,
            limits=Limits(way=Way.AUTOMATIC, **wanted),
            takes_reading=taken,
            user=signer,
            actor=ADMIN,
            now=NOON,
        )
    assert refused.value.code == code
    assert policy_of(signer.provider) is None


def test_who_took_the_reading_over_stays_recorded_until_the_way_changes(signer: User) -> None:
    automatic(signer)
    kept = set_policy(
        provider=signer.provider,
        limits=Limits(way=Way.AUTOMATIC, kinds=["pd", "cc"], daily_quota=7),
        takes_reading=False,
        user=people.employ(signer.provider, Role.PROVIDER_ADMIN, name="Пак Виктория"),
        actor=ADMIN,
        now=NOON + timedelta(days=1),
    )
    assert (kept.reading_by, kept.reading_at) == (signer, NOON)
    back = set_policy(
        provider=signer.provider,
        limits=Limits(way=Way.PERSON),
        takes_reading=False,
        user=signer,
        actor=ADMIN,
        now=NOON + timedelta(days=2),
    )
    assert (back.reading_by, back.reading_at) == (None, None)
    said = [entry.data["reading"] for entry in history("provider:DEMO")
            if entry.action == "certificates.seal_policy_set"]  # fmt: skip
    assert said == ["A303-organisation-seal", "A303-organisation-seal", ""]


def test_a_day_far_above_the_fullest_raises_one_alarm(signer: User) -> None:
    provider = signer.provider
    issued(signer, 10, at=NOON - timedelta(days=3))
    issued(signer, FEWEST, at=NOON - timedelta(minutes=5))
    watch_later(provider=provider, now=NOON)
    watch_later(provider=provider, now=NOON + timedelta(minutes=3))
    job = Job.objects.get(name="certificates.watch_volume")
    for minutes in (2, 20):
        run_watch_job(job.payload, NOON + timedelta(minutes=minutes))
    (alarm,) = alarms_of(provider)
    assert alarm.params == {"day": "24.11.2026", "issued": FEWEST, "fullest": 10}
    assert alarm.role == Role.PROVIDER_ADMIN
    assert JournalEntry.objects.filter(action="certificates.unusual_volume").count() == 1


def test_the_alarm_is_the_chiefs_and_stays_on_the_board_until_somebody_has_looked(
    signer: User,
) -> None:
    head = people.employ(signer.provider, Role.OFFICE_HEAD, name="Ахметова Динара Қайратқызы")
    clerk = people.employ(signer.provider, Role.CLERK, name="Ли Анна Петровна")
    issued(signer, FEWEST, at=NOON)
    midnight = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
    run_watch_job({"provider": signer.provider_id, "day": local_day(NOON).isoformat()}, midnight)
    (alarm,) = alarms_of(signer.provider)
    assert alarm.role == Role.OFFICE_HEAD
    for person in (head, clerk):
        assert "24.11.2026" in board_of(person)
    chief = people.client_of(head)
    assert people.client_of(clerk).post(DONE, {"key": alarm.key}).status_code == 404
    assert chief.post(DONE, {"key": alarm.key}).status_code == 302
    assert not alarms_of(signer.provider).exists()
    assert "24.11.2026" not in board_of(clerk)
    run_watch_job({"provider": signer.provider_id, "day": local_day(NOON).isoformat()}, midnight)
    assert not alarms_of(signer.provider).exists()


def board_of(person: User) -> str:
    text: str = (
        people.client_of(person).get("/office/", headers={"accept-language": "ru"}).content.decode()
    )
    return text.partition("<main")[2]


def test_the_last_documents_of_a_burst_and_of_a_day_are_looked_at(signer: User) -> None:
    midnight = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
    watch_later(provider=signer.provider, now=midnight - timedelta(minutes=4))
    issued(signer, FEWEST, at=midnight - timedelta(seconds=1))
    job = Job.objects.get(name="certificates.watch_volume")
    assert job.run_at == midnight
    run_watch_job(job.payload, midnight + timedelta(hours=1))
    (alarm,) = alarms_of(signer.provider)
    assert (alarm.params["day"], alarm.params["issued"]) == ("24.11.2026", FEWEST)


def test_a_usual_day_raises_no_alarm(signer: User) -> None:
    issued(signer, FEWEST - 1, at=NOON)
    payload = {"provider": signer.provider_id, "day": local_day(NOON).isoformat()}
    run_watch_job(payload, NOON)
    assert not alarms_of(signer.provider).exists()


def test_the_watch_is_work_a_worker_knows() -> None:
    assert HANDLERS["certificates.watch_volume"] is run_watch_job


def test_the_administrator_changes_the_rules_on_the_page(signer: User) -> None:
    admin = people.employ(signer.provider, Role.PROVIDER_ADMIN, name="Пак Виктория Сергеевна")
    client = people.client_of(admin)
    page = client.get("/office/signing/", headers={"accept-language": "ru"})
    assert page.status_code == 200
    sent = {"way": "automatic", "kinds": ["pd"], "opens": "09:00", "closes": "", "daily_quota": "9"}
    refused = client.post("/office/signing/", sent)
    assert refused.status_code == 200
    assert policy_of(signer.provider) is None
    done = client.post("/office/signing/", sent | {"takes_reading": "on"})
    assert done.status_code == 302
    policy = policy_of(signer.provider)
    assert policy is not None
    assert (policy.way, policy.opens, policy.closes, policy.daily_quota) == (
        "automatic", 540, 1440, 9,
    )  # fmt: skip
    assert policy.reading_by == admin
    shown = client.get("/office/signing/")
    assert "Пак Виктория Сергеевна" in shown.content.decode()


def test_the_machine_decides_only_beside_automatic_sealing_and_who_lets_it_is_kept(
    signer: User,
) -> None:
    admin = people.employ(signer.provider, Role.PROVIDER_ADMIN, name="Пак Виктория Сергеевна")
    client = people.client_of(admin)
    sent = {"kinds": ["pd"], "daily_quota": "9", "takes_reading": "on", "decides_alone": "on"}
    for way, decides in (("person", False), ("automatic", True), ("person", False)):
        client.post("/office/signing/", sent | {"way": way})
        policy = policy_of(signer.provider)
        assert policy is not None
        assert policy.decides_alone is decides
        entry = history("provider:DEMO")[-1]
        assert (entry.actor, entry.data["decides_alone"]) == (f"user:{admin.pk}", decides)


def test_the_page_says_at_once_all_that_the_automatic_way_lacks(signer: User) -> None:
    admin = people.employ(signer.provider, Role.PROVIDER_ADMIN, name="Пак Виктория Сергеевна")
    client = people.client_of(admin)
    empty = client.get("/office/signing/").context["form"]
    assert 'class="govuk-checkboxes"' in str(empty["kinds"])
    assert 'class="govuk-radios"' in str(empty["way"])
    sent = {"way": "automatic", "opens": "09:00", "closes": "08:00"}
    refused = client.post("/office/signing/", sent)
    assert set(refused.context["form"].errors) == {"kinds", "daily_quota", "takes_reading"}
    hours = client.post("/office/signing/", sent | {"kinds": ["pd"], "daily_quota": "x"})
    assert set(hours.context["form"].errors) == {"opens", "daily_quota", "takes_reading"}
    by_person = {"way": "person", "daily_quota": ""}
    assert client.post("/office/signing/", by_person).status_code == 302


def test_the_reading_is_fit_to_be_taken_over() -> None:
    found = [one for one in A303.readings if one.id == "A303-organisation-seal"]
    decision = found[0].decision
    for text, word in ((decision.kk, "тексер"), (decision.ru, "проверить"), (decision.en, "check")):
        assert word not in text
    assert "organisation_seal" in {check.about for check in A303.checks}


def test_nobody_else_opens_the_page(signer: User) -> None:
    assert people.client_of(signer).get("/office/signing/").status_code == 403
    assert Client().get("/office/signing/").status_code == 302
