"""Planned technical breaks: announced, named by the clock, never extending a term (A303.7.2)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from kualik.cases.models import Request
from kualik.cases.queries.timeline import clock_of
from kualik.core import journal
from kualik.core.clock import ZONE
from kualik.providers.models import Break
from kualik.providers.queries import breaks_to_tell, clock_events
from kualik.providers.services import announce_break, cancel_break, end_break
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.lifecycle import Role
from tests.providers.houses import ACTOR, NOW, refused
from tests.world import World, build_world, enrol, file_for, sign_in

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
NOTE = Text("Серверді жаңарту", "Обновление сервера", "Update of the server")
FORM = {"note_kk": NOTE.kk, "note_ru": NOTE.ru, "note_en": NOTE.en}


def announced(*, now: datetime = NOW, after: timedelta = HOUR, note: Text = NOTE) -> Break:
    """A break of two hours."""
    start = now + after
    return announce_break(
        starts_at=start, ends_at=start + 2 * HOUR, note=note, now=now, actor=ACTOR
    )


def filed_now(world: World) -> Request:
    """A request that was filed a moment ago and is due on a later day."""
    return file_for(world.demo, world.demo.free[:1], now=world.now, filed_at=world.now)[0]


def test_a_break_leaves_the_due_time_and_is_named_for_requests_filed_before_it(kualik_files):
    # A57.7.2, A303.7.2: neither act extends the term.
    world = build_world()
    request = filed_now(world)
    due_at, accepted_at = request.due_at, request.accepted_at
    pause = announced(now=world.now)
    request = Request.objects.get(pk=request.pk)
    clock = clock_of(request)
    named = [step for step in clock.steps if "Технический перерыв" in step.text.ru]
    assert (request.due_at, request.accepted_at) == (due_at, accepted_at)
    assert (clock.due_at, clock.accepted_at) == (due_at, accepted_at)
    assert len(named) == 1
    assert "не продлевает срок" in named[0].text.ru
    assert named[0].clause.endswith(".7.2")
    assert f"{pause.starts_at.astimezone(ZONE):%H:%M}" in named[0].text.ru
    cancel_break(pause=pause, now=world.now, actor=ACTOR)
    assert not any("Технический перерыв" in step.text.ru for step in clock_of(request).steps)


def test_a_break_after_the_due_time_is_not_named(kualik_files):
    world = build_world()
    request = filed_now(world)
    announced(now=world.now, after=request.due_at - world.now + HOUR)
    assert not any("Технический перерыв" in step.text.ru for step in clock_of(request).steps)


def test_a_break_is_announced_beforehand():
    facts = {"note": NOTE, "now": NOW, "actor": ACTOR}
    begun = {"starts_at": NOW, "ends_at": NOW + HOUR}
    assert refused(announce_break, **begun, **facts) == "break_too_late"
    backwards = {"starts_at": NOW + HOUR, "ends_at": NOW + HOUR}
    assert refused(announce_break, **backwards, **facts) == "break_wrong"
    endless = {"starts_at": NOW + HOUR, "ends_at": NOW + 100 * HOUR}
    assert refused(announce_break, **endless, **facts) == "break_wrong"
    facts["note"] = Text("Жаңарту", "Обновление")
    soon = {"starts_at": NOW + HOUR, "ends_at": NOW + 2 * HOUR}
    assert refused(announce_break, **soon, **facts) == "text_missing"
    assert not Break.objects.exists()


def test_the_same_announcement_sent_twice_is_one_break():
    assert announced() == announced()
    other = Text("Жөндеу", "Ремонт", "Repair")
    facts = {"starts_at": NOW + 2 * HOUR, "ends_at": NOW + 4 * HOUR, "note": other}
    assert refused(announce_break, **facts, now=NOW, actor=ACTOR) == "break_overlaps"
    assert Break.objects.count() == 1


def test_a_break_is_cancelled_before_it_starts_and_ended_after():
    pause = announced()
    facts = {"pause": pause, "actor": ACTOR}
    assert refused(end_break, **facts, now=NOW) == "break_not_begun"
    middle = NOW + 2 * HOUR
    assert refused(cancel_break, **facts, now=middle) == "break_begun"
    end_break(**facts, now=middle)
    end_break(**facts, now=middle + HOUR)
    pause.refresh_from_db()
    assert pause.ends_at == middle
    actions = [entry.action for entry in journal.history(f"break:{pause.pk}")]
    assert actions == ["break_announced", "break_ended"]


def test_the_site_tells_of_a_break_from_its_announcement_to_its_end():
    pause = announced()
    assert breaks_to_tell(NOW) == [pause]
    assert breaks_to_tell(pause.starts_at) == [pause]
    assert breaks_to_tell(pause.ends_at) == []
    assert breaks_to_tell(NOW - HOUR) == []
    cancel_break(pause=pause, now=NOW, actor=ACTOR)
    assert breaks_to_tell(NOW) == []
    assert clock_events(since=NOW) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_announces_the_break_in_the_language_of_the_visitor(
    kualik_files, client, language
):
    world = build_world()
    announced(now=world.now)
    for page in ("home", "providers:directory"):
        html = client.get(reverse(page), {"lang": language}).content.decode()
        assert NOTE.get(language) in html


def test_the_administrator_of_the_platform_announces_and_cancels(kualik_files):
    world = build_world()
    admin = enrol("platform", None, Role.PLATFORM_ADMIN, now=world.now)
    client = sign_in(Client(), admin)
    start = (world.now + 24 * HOUR).astimezone(ZONE).replace(second=0, microsecond=0)
    sent = FORM | {
        "starts_at": f"{start:%Y-%m-%dT%H:%M}",
        "ends_at": f"{start + HOUR:%Y-%m-%dT%H:%M}",
    }
    address = reverse("providers:breaks")
    assert client.post(address, sent).status_code == 302
    pause = Break.objects.get()
    assert (pause.starts_at, pause.note) == (start.astimezone(UTC), NOTE)
    assert NOTE.kk in client.get(address).content.decode()
    client.post(reverse("providers:break_cancel", args=[pause.pk]))
    pause.refresh_from_db()
    assert pause.cancelled_at is not None
    refused_now = client.post(address, sent | {"starts_at": "2020-01-01T10:00"})
    assert refused_now.status_code == 200
    assert Break.objects.count() == 1


def test_a_failure_cannot_be_cancelled_as_a_break(kualik_files):
    world = build_world()
    failure = Break.objects.create(
        kind=Break.Kind.INCIDENT, starts_at=NOW, ends_at=None, note_kk="x", note_ru="x"
    )
    client = sign_in(Client(), enrol("platform", None, Role.PLATFORM_ADMIN, now=world.now))
    for name in ("break_cancel", "break_end"):
        assert client.post(reverse(f"providers:{name}", args=[failure.pk])).status_code == 404


def test_nobody_else_announces_breaks(kualik_files):
    world = build_world()
    address = reverse("providers:breaks")
    assert Client().get(address).status_code == 302
    admin = sign_in(Client(), world.demo.staff[Role.PROVIDER_ADMIN])
    assert admin.get(address).status_code == 403
    assert admin.post(address, FORM).status_code == 403
