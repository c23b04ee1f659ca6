"""What hooks hear of a request's whole life and of its document: every step once, nobody's name."""

import json
import re
from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from kualik.cases.adapters.observers import Change
from kualik.cases.models import Request
from kualik.cases.services.deciding import (
    approve_request,
    hand_over_request,
    record_withdrawal,
    refuse_request,
    start_review,
)
from kualik.certificates.models import Certificate
from kualik.certificates.services.standing import (
    replace_certificate,
    restore_certificate,
    revoke_certificate,
    suspend_certificate,
)
from kualik.config.hooking import RequestHooks
from kualik.core.journal import SYSTEM
from kualik.notifications.models import Hook, HookDelivery
from kualik.notifications.services.hook_keeping import HookFacts, add_hook
from kualik.notifications.services.hooks import hook_events
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from tests.world import FACTS, House, World, build_world, file_for, issue

WHY = Text("Тексеру", "Проверка")


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    return build_world()


def listen(house: House, now: datetime) -> Hook:
    """A hook of the house that asks for everything."""
    facts = HookFacts(name="all", url="https://lms.example.kz/in", events=list(hook_events()))
    return add_hook(provider=house.provider, facts=facts, actor=SYSTEM, now=now)


def told(hook: Hook) -> list[str]:
    return list(hook.deliveries.order_by("pk").values_list("event", flat=True))


def test_every_step_from_filing_to_hand_over_is_told_once(world: World) -> None:
    house, now = world.demo, world.now
    hook, deaf = listen(house, now), listen(world.other, now)
    (request,) = file_for(house, house.free[:1], now=now)
    bolat = {"user": house.staff[Role.REGISTRAR], "role": Role.REGISTRAR, "now": now}
    start_review(request=request, **bolat)
    approve_request(request=request, **bolat)
    request.refresh_from_db()
    issue(house, request, now=now)
    request.refresh_from_db()
    hand_over_request(request=request, **bolat)
    events = told(hook)
    assert events == [
        "request.filed", "request.accepted", "request.decided",
        "certificate.issued", "request.issued", "request.handed_over",
    ]  # fmt: skip
    assert told(deaf) == []
    last = hook.deliveries.get(event="request.handed_over").body["data"]
    assert (last["state"], last["certificate"]) == ("handed_over", request.certificate.number)
    assert hook.deliveries.get(event="request.filed").body["data"]["certificate"] is None


def test_refusal_and_withdrawal_are_told(world: World) -> None:
    house, now = world.demo, world.now
    hook = listen(house, now)
    first, second = file_for(house, house.free[:2], now=now)
    bolat = {"user": house.staff[Role.REGISTRAR], "role": Role.REGISTRAR, "now": now}
    refuse_request(request=first, ground="incomplete", facts=FACTS, **bolat)
    record_withdrawal(request=second, reason="Өтініш № 8", **bolat)
    assert {"request.refused", "request.withdrawn"} < set(told(hook))


def test_every_change_of_a_documents_standing_is_told(world: World) -> None:
    house, now = world.demo, world.now
    hook = listen(house, now)
    first, second = Certificate.objects.filter(provider=house.provider, status="valid")[:2]
    said = {"reason": WHY, "actor": SYSTEM}
    suspend_certificate(certificate=first, now=now, **said)
    restore_certificate(certificate=first, now=now + timedelta(seconds=1), **said)
    suspend_certificate(certificate=first, now=now + timedelta(seconds=2), **said)
    revoke_certificate(certificate=first, now=now + timedelta(seconds=3), **said)
    Certificate.objects.filter(pk=first.pk).update(person=second.person, status="valid")
    first.refresh_from_db()
    replace_certificate(certificate=second, replacement=first, now=now, **said)
    assert told(hook) == [
        "certificate.suspended", "certificate.restored", "certificate.suspended",
        "certificate.revoked", "certificate.replaced",
    ]  # fmt: skip
    body = hook.deliveries.get(event="certificate.replaced").body["data"]
    assert (body["number"], body["replaced_by"]) == (second.number, first.number)


def test_what_is_told_names_nobody_and_its_key_holds_no_dot(world: World) -> None:
    house, now = world.demo, world.now
    listen(house, now)
    requests = file_for(house, house.free[:2], now=now)
    bolat = {"user": house.staff[Role.REGISTRAR], "role": Role.REGISTRAR, "now": now}
    approve_request(request=requests[0], **bolat)
    requests[0].refresh_from_db()
    issue(house, requests[0], now=now)
    assert HookDelivery.objects.count() > 4
    for row in HookDelivery.objects.all():
        said = json.dumps(row.body, ensure_ascii=False)
        assert not re.search(r"\d{12}", said), row.event
        assert not any(request.person.family_name in said for request in requests)
        assert "." not in row.key


def test_many_requests_are_told_by_as_many_queries_as_one(
    world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    numbers = [row.pk for row in world.demo.requests]
    requests = list(Request.objects.filter(pk__in=numbers))
    assert sum(row.certificate_id is not None for row in requests) > 2
    changes = [
        Change(request=row, events=("filed",), actor=SYSTEM, at=world.now) for row in requests
    ]
    with django_assert_max_num_queries(3):
        RequestHooks().changed(changes)
