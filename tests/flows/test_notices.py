"""The SMS service is away for an hour in the middle of the work: nothing is lost, nothing twice."""

from collections import Counter
from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import Settings

from kualik.accounts.models import Person
from kualik.cases.models import Request
from kualik.cases.services.deciding import approve_requests, hand_over_request
from kualik.cases.services.filing import Filing, file_requests
from kualik.cases.services.overdue import report_overdue
from kualik.core.journal import SYSTEM
from kualik.core.models import Job, StaffTask
from kualik.notifications.models import Message
from kualik.notifications.services.delivering import give_up_overdue, report_silence
from kualik.rules.lifecycle import Role
from tests.notifications.catching import Catching, MovedClock, send_mail
from tests.notifications.conftest import MONDAY
from tests.notifications.lines import open_line, turn_until, turn_until_lost
from tests.world import World, build_world, complete, issue

PEOPLE = tuple((f"Байжан{end}", "Дархан", "") for end in ("ов", "ова", "қызы", "ұлы", "ев", "ин"))
STEPS = ("request_filed", "request_approved", "request_issued", "request_handed_over")


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(MONDAY)


@pytest.fixture
def catching(clock: MovedClock, settings: Settings) -> Iterator[Catching]:
    running = Catching(clock)
    settings.EMAIL_URL, settings.SMS_URL = running.smtp_url, running.smpp_url
    yield running
    running.end()


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    world = build_world()
    Message.objects.all().delete()
    Job.objects.all().delete()
    return world


def file_from_afar(world: World, clock: MovedClock) -> list[Request]:
    """Six people with a phone and an e-mail ask on the site."""
    rows = complete(world.demo.group, PEOPLE, number=40, now=clock())
    for row in rows:
        Person.objects.filter(pk=row.person.pk).update(email=f"p{row.person.pk}@demo.example")
        row.person.refresh_from_db()
    return file_requests(
        provider=world.demo.provider,
        filings=[Filing(completion=row) for row in rows],
        channel=Request.Channel.WEB,
        filed_at=clock(),
        actor=SYSTEM,
        now=clock(),
    )


def to_the_end(world: World, requests: list[Request], clock: MovedClock) -> None:
    """Approved, signed and handed over."""
    by = {"user": world.demo.staff[Role.REGISTRAR], "role": Role.REGISTRAR, "now": clock()}
    approve_requests(requests=requests, **by)
    issue(world.demo, *requests, now=clock())
    for request in requests:
        request.refresh_from_db()
        hand_over_request(request=request, **by)


def is_done() -> bool:
    """The service has it all; receipts of delivery that fell into the silence never come."""
    taken = [Message.State.SENT, Message.State.DELIVERED]
    return not Message.objects.filter(channel="sms").exclude(state__in=taken).exists()


def test_an_hour_without_the_sms_service_loses_nothing_and_repeats_nothing(
    world: World, catching: Catching, clock: MovedClock
) -> None:
    requests = file_from_afar(world, clock)
    line = open_line(catching)
    turn_until(line, clock, lambda: Message.objects.filter(state="delivered").count() >= 2)
    catching.go_down()
    turn_until_lost(line, clock)
    line.close()
    to_the_end(world, requests, clock)
    for _ in range(6):
        clock.move(minutes=10)
        send_mail(clock)
        give_up_overdue(now=clock())
    clock.move(minutes=5)
    report_silence(now=clock())
    catching.go_up()
    line = open_line(catching)
    turn_until(line, clock, is_done, seconds=60)
    line.close()
    clock.move(minutes=5)
    send_mail(clock)

    written = Message.objects.filter(channel="sms")
    assert Counter(written.values_list("event", flat=True)) == dict.fromkeys(STEPS, len(requests))
    arrived = Counter((sms.phone, sms.text) for sms in catching.centre.messages)
    assert arrived == Counter(written.values_list("address", "body"))
    assert set(arrived.values()) == {1}
    letters = Message.objects.filter(channel="email")
    assert letters.count() == len(STEPS) * len(requests)
    assert set(letters.values_list("state", flat=True)) == {"sent"}
    assert len(catching.mail.letters) == letters.count()
    assert not StaffTask.objects.filter(kind__in=["message_failed", "message_unsure"]).exists()


def test_what_is_written_again_in_the_silence_is_still_sent_once(
    world: World, catching: Catching, clock: MovedClock
) -> None:
    """The hourly look at overdue requests runs through the whole silence."""
    catching.go_down()
    for _ in range(5):
        report_overdue(now=clock())
        clock.move(hours=1)
    catching.go_up()
    late = StaffTask.objects.filter(kind="request_overdue").count()
    assert late > 0
    line = open_line(catching)
    turn_until(line, clock, is_done, seconds=60)
    line.close()
    assert len(catching.centre.messages) == late == Message.objects.count()


def test_an_act_that_was_undone_is_told_to_nobody(
    world: World, catching: Catching, clock: MovedClock
) -> None:
    def file_and_break() -> None:
        with transaction.atomic():
            file_from_afar(world, clock)
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        file_and_break()
    assert not Message.objects.exists()
    assert not Job.objects.filter(name__startswith="notifications.").exists()
