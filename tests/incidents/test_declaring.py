"""Failures that people declare: one voice for a provider, no words that nobody answers for."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from kualik.cases.models import Request
from kualik.core.clock import ZONE
from kualik.core.models import StaffTask
from kualik.incidents.models import Incident, Proposal, Report
from kualik.incidents.queries import touched_at
from kualik.incidents.services.declaring import Seen, declare_incident
from kualik.incidents.services.proposing import publish_proposal
from kualik.incidents.services.taking import OperatorsProtocol, cancel_report, take_protocol
from kualik.incidents.services.telling import send_notice, settle_notices
from kualik.incidents.services.watching import watch_terms
from kualik.notifications.adapters.carriers import Handed
from kualik.notifications.services.settling import keep_part, mark_sent
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from tests.entering import open_cabinet
from tests.incidents.failing import MINUTE, MONDAY, fail, operators_pdf, report_of, tell_by_hand
from tests.world import World, sign_in

pytestmark = pytest.mark.django_db
WHAT = Text("Сайт ашылмайды", "Сайт не открывается")
DAY = timedelta(days=1)


def declared(world: World, role: Role = Role.OFFICE_HEAD, what: Text = WHAT) -> Incident:
    user = world.demo.staff[role]
    return declare_incident(what=what, began_at=MONDAY, user=user, role=role, now=MONDAY + MINUTE)


def form(world: World, words: str = "Сайт ашылмайды") -> dict[str, str]:
    began_at = (world.now - 20 * MINUTE).astimezone(ZONE)
    return {
        "what_kk": words,
        "what_ru": "Сайт не открывается",
        "what_en": "The site does not open",
        "began_at": f"{began_at:%d.%m.%Y %H:%M}",
        "ended_at": "",
    }


def test_what_a_clerk_saw_waits_for_the_head_and_nobody_else_reads_it(world: World) -> None:
    clerk = sign_in(Client(), world.demo.staff[Role.CLERK])
    for _ in range(2):
        answer = clerk.post(reverse("incidents:declare"), form(world))
        assert answer.headers["Location"] == reverse("incidents:list")
    assert not Incident.objects.exists()
    proposal = Proposal.objects.get()
    assert "Сайт ашылмайды" not in Client().get(reverse("incidents:public")).content.decode()
    task = StaffTask.objects.get(kind="incident_proposed")
    assert (task.role, task.scope, task.closed_at) == (Role.OFFICE_HEAD, "DEMO", None)
    head = sign_in(Client(), world.demo.staff[Role.OFFICE_HEAD])
    address = reverse("incidents:proposal", args=[proposal.pk])
    assert address in head.get(reverse("cases:tasks")).content.decode()
    assert "Сайт ашылмайды" in head.get(address).content.decode()
    answer = head.post(address, form(world, "Портал ашылмайды"))
    incident = Incident.objects.get()
    assert answer.headers["Location"] == reverse("incidents:incident", args=[incident.number])
    assert (incident.what_kk, incident.what_en) == ("Портал ашылмайды", "The site does not open")
    assert incident.declared_by == world.demo.staff[Role.OFFICE_HEAD]
    proposal.refresh_from_db()
    task.refresh_from_db()
    assert (proposal.state, proposal.incident) == (Proposal.State.PUBLISHED, incident)
    assert task.closed_at is not None
    assert head.get(address).status_code == 404


def test_the_head_declines_and_nothing_is_published(world: World) -> None:
    clerk = sign_in(Client(), world.demo.staff[Role.CLERK])
    clerk.post(reverse("incidents:declare"), form(world))
    proposal = Proposal.objects.get()
    stranger = sign_in(Client(), world.other.staff[Role.OFFICE_HEAD])
    address = reverse("incidents:decline", args=[proposal.pk])
    assert stranger.post(address).status_code == 404
    sign_in(Client(), world.demo.staff[Role.OFFICE_HEAD]).post(address)
    proposal.refresh_from_db()
    assert proposal.state == Proposal.State.DECLINED
    assert not Incident.objects.exists()
    assert not StaffTask.objects.filter(kind="incident_proposed", closed_at=None).exists()
    head = world.demo.staff[Role.OFFICE_HEAD]
    seen = Seen(what=WHAT, began_at=world.now)
    with pytest.raises(RuleViolation, match="proposal_decided"):
        publish_proposal(
            proposal=proposal, seen=seen, user=head, role=Role.OFFICE_HEAD, now=world.now
        )


def test_a_clerk_alone_declares_nothing(world: World) -> None:
    with pytest.raises(RuleViolation, match="not_permitted"):
        declared(world, Role.CLERK)


def test_a_second_declaration_joins_the_one_that_lasts(world: World) -> None:
    first = declared(world)
    for minutes, role in ((2, Role.PROVIDER_ADMIN), (3, Role.OFFICE_HEAD)):
        again = declare_incident(
            what=Text("Басқаша", "Иначе"),
            began_at=MONDAY + minutes * MINUTE,
            user=world.demo.staff[role],
            role=role,
            now=MONDAY + 9 * MINUTE,
        )
        assert again == first
    assert Incident.objects.count() == 1
    assert Report.objects.count() == 1


def test_each_day_it_is_asked_whether_it_is_over(world: World) -> None:
    found = declared(world)
    watch_terms(now=MONDAY + 2 * MINUTE)
    assert not StaffTask.objects.filter(kind="incident_over").exists()
    for hours in (0, 1):
        watch_terms(now=MONDAY + DAY + timedelta(hours=hours))
    first = StaffTask.objects.get(kind="incident_over")
    assert (first.role, first.scope) == (Role.OFFICE_HEAD, "DEMO")
    watch_terms(now=MONDAY + 2 * DAY)
    asked = StaffTask.objects.filter(kind="incident_over", closed_at=None)
    assert asked.exclude(pk=first.pk).count() == asked.count() == 1
    cancel(world, found)
    assert not asked.exists()


def cancel(world: World, incident: Incident) -> None:
    cancel_report(
        report=report_of(incident, world.demo.provider),
        reason="Ақау болған жоқ",
        user=world.demo.staff[Role.OFFICE_HEAD],
        role=Role.OFFICE_HEAD,
        now=MONDAY + 2 * DAY,
    )


def test_called_off_by_all_a_declared_failure_is_over_and_a_found_one_lasts(world: World) -> None:
    found = declared(world)
    cancel(world, found)
    found.refresh_from_db()
    assert found.state == Incident.State.CLOSED
    assert found.pause is not None
    assert found.pause.cancelled_at is not None
    by_probe = fail(provider=world.demo.provider)
    cancel(world, by_probe)
    by_probe.refresh_from_db()
    assert by_probe.state == Incident.State.LASTS, "the probe still says so"


def test_the_failure_of_one_provider_is_told_to_those_it_touches(world: World) -> None:
    head, now = world.demo.staff[Role.OFFICE_HEAD], world.now
    incident = declare_incident(
        what=WHAT, began_at=now - MINUTE, user=head, role=Role.OFFICE_HEAD, now=now
    )
    home, public = reverse("home"), reverse("incidents:public")
    anybody, cabinet = Client(), reverse("cases:cabinet")
    own = open_cabinet(Client(), world.demo.requests[0].person)
    clerk = sign_in(Client(), world.demo.staff[Role.CLERK])
    stranger = sign_in(Client(), world.other.staff[Role.CLERK])
    theirs = [request.person for request in world.other.requests]
    foreign = Request.objects.filter(provider=world.demo.provider, person__in=theirs)
    assert not foreign.exists()
    for client, address, is_told in (
        (anybody, home, False),
        (anybody, public, True),
        (anybody, reverse("providers:provider", args=["DEMO"]), True),
        (anybody, reverse("providers:provider", args=["OTHER"]), False),
        (anybody, reverse("cases:status"), True),
        (clerk, reverse("cases:status"), True),
        (own, cabinet, True),
        (open_cabinet(Client(), theirs[0]), cabinet, False),
        (clerk, reverse("cases:office"), True),
        (stranger, reverse("cases:office"), False),
    ):
        page = client.get(address).content.decode()
        assert (incident.what_kk in page) == is_told, address


def test_what_lasts_counts_its_requests_when_it_is_asked_for(world: World) -> None:
    incident = fail(began_at=world.now - MINUTE)
    before = incident.requests.count()
    request = world.demo.requests[0]
    Request.objects.filter(pk=request.pk).update(state="accepted", decided_at=None)
    assert touched_at(incident, now=world.now).count() >= before
    watch_terms(now=world.now)
    assert incident.requests.count() == before, "the hourly look writes nothing down"


def test_a_report_that_somebody_holds_does_not_stop_the_others(world: World) -> None:
    incident = fail()
    reports = [report_of(incident, house.provider) for house in (world.demo, world.other)]
    for report, house in zip(reports, (world.demo, world.other), strict=True):
        actor = house.staff[Role.OFFICE_HEAD].acting_as(Role.OFFICE_HEAD)
        message = send_notice(report=report, actor=actor, now=MONDAY)
        # A moment that no calendar covers: the first one cannot be settled.
        at = MONDAY + 5 * MINUTE if house is world.other else MONDAY.replace(year=1990)
        keep_part(message, Handed(1, 1, "mark@example"), carrier="smtp", now=at)
        mark_sent(message, now=at)
    assert settle_notices(now=MONDAY + 9 * MINUTE) == 1
    assert report_of(incident, world.other.provider).state == Report.State.TOLD


def test_a_protocol_that_is_refused_at_the_end_leaves_no_file(world: World) -> None:
    incident = fail()
    report, head = report_of(incident, world.demo.provider), world.demo.staff[Role.OFFICE_HEAD]
    tell_by_hand(report, head, at=MONDAY + MINUTE)
    stale = report_of(incident, world.demo.provider)
    Report.objects.filter(pk=stale.pk).update(version=stale.version + 1)
    given = OperatorsProtocol(
        filename="a.pdf", content=operators_pdf(), number="1", dated=MONDAY.date()
    )
    with pytest.raises(RuleViolation, match="conflict"):
        take_protocol(
            report=stale, given=given, user=head, role=Role.OFFICE_HEAD, now=MONDAY + 9 * MINUTE
        )
    assert default_storage.listdir("incidents/protocols")[1] == []
