"""The clerk's window, the chief's page, the reception and the settings, in a browser without
scripts."""

import json
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from kualik.core import clock
from kualik.core.journal import history
from kualik.counter.models import Hall, Visit, Window
from kualik.counter.services.moving import subject_of
from kualik.rules.lifecycle import Role
from tests.counter.hall import MINUTE, NOW, Lobby, open_lobby
from tests.world import World, build_world, enrol, sign_in

State = Visit.State
PAGE = "/office/window/"


@pytest.fixture
def hands(tmp_path: Path, settings: Settings) -> Path:
    """The hands of the clock: the file that says what time it is, at first Monday, 10:00."""
    path = tmp_path / "clock"
    path.write_text(NOW.isoformat(), encoding="ascii")
    settings.CLOCK = str(path)
    return path


@pytest.fixture
def world(db: None, kualik_files: object, hands: Path) -> World:
    return build_world()


@pytest.fixture
def lobby(world: World) -> Lobby:
    return open_lobby(world.demo, now=clock.now())


@pytest.fixture
def clerk(lobby: Lobby) -> Client:
    return sign_in(Client(), lobby.clerks[0])


def press(client: Client, act: str, visit: Visit | None = None, **typed: str) -> str:
    """Press a button of the window; what the page says afterwards."""
    if visit is not None:
        visit.refresh_from_db()
        typed = {**named(visit), **typed}
    return sent(client, act, typed)


def named(visit: Visit) -> dict[str, str]:
    """A ticket as the forms of a page name it."""
    return {"visit": str(visit.pk), "version": str(visit.version)}


def sent(client: Client, act: str, typed: dict[str, str]) -> str:
    answer = client.post(reverse("counter:window_act", args=[act]), typed, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    return answer.content.decode()


def ticket(lobby: Lobby, *, ago: int = 0, priority: str = "") -> Visit:
    return lobby.ticket(ago=ago, priority=priority, now=clock.now())


def test_without_a_window_the_page_asks_for_one(world: World, lobby: Lobby) -> None:
    registrar = sign_in(Client(), world.demo.staff[Role.REGISTRAR])
    text = registrar.get(PAGE).content.decode()
    assert lobby.clerks[0].full_name in text
    assert 'name="window"' not in text, "both are taken"
    Window.objects.create(office=lobby.office, number=3, changed_at=clock.now())
    third = Window.objects.get(number=3)
    assert f'name="window" value="{third.pk}"' in registrar.get(PAGE).content.decode()
    text = press(registrar, "open", window=str(third.pk))
    assert reverse("counter:window_act", args=["call"]) in text


def test_a_provider_without_a_queue_is_told_so(world: World) -> None:
    clerk = sign_in(Client(), world.other.staff[Role.CLERK])
    assert clerk.get(PAGE).status_code == 200
    head = sign_in(Client(), world.other.staff[Role.OFFICE_HEAD])
    assert reverse("counter:hall_settings") in head.get(reverse("counter:hall")).content.decode()


def test_a_visit_is_called_marked_and_finished_by_presses(lobby: Lobby, clerk: Client) -> None:
    visit = ticket(lobby, ago=5)
    assert visit.number in press(clerk, "call")
    text = press(clerk, "hand_in", visit)
    assert reverse("counter:identify") in text, "the work with the person is on the page"
    press(clerk, "finish", visit, outcome="filed")
    visit.refresh_from_db()
    assert (visit.state, visit.outcome) == (State.DONE, "filed")
    assert reverse("counter:window_act", args=["call"]) in clerk.get(PAGE).content.decode()


def test_who_waited_too_long_is_finished_only_with_a_reason(lobby: Lobby, clerk: Client) -> None:
    visit = ticket(lobby, ago=40)
    press(clerk, "call")
    text = press(clerk, "hand_in", visit)
    assert 'data-reason="waiting">' in text.replace(" hidden>", " HIDDEN>")
    assert "стандарттың 3-жолы бойынша шегі – 30 минут" in press(
        clerk, "finish", visit, outcome="filed"
    )
    press(clerk, "finish", visit, outcome="filed", waiting_reason="Жүйе тоқтады")
    visit.refresh_from_db()
    assert visit.waiting_reason == "Жүйе тоқтады"


def test_a_second_press_is_no_fault(lobby: Lobby, clerk: Client) -> None:
    visit = ticket(lobby, ago=5)
    press(clerk, "call")
    visit.refresh_from_db()
    typed = named(visit)
    for _ in range(2):
        text = sent(clerk, "again", typed)
    assert "k-message--error" not in text
    visit.refresh_from_db()
    assert visit.calls == 2


def test_somebody_elses_change_is_said(lobby: Lobby, clerk: Client) -> None:
    visit = ticket(lobby, ago=5)
    stale = named(visit)
    press(sign_in(Client(), lobby.clerks[1]), "call")
    assert "k-message--error" in sent(clerk, "call_one", stale)


def test_another_providers_ticket_is_not_found(world: World, lobby: Lobby) -> None:
    visit = ticket(lobby, ago=5)
    theirs = open_lobby(world.other, now=clock.now())
    stranger = sign_in(Client(), theirs.clerks[0])
    typed = named(visit)
    for act in ("call_one", "hand_in", "finish", "hold", "pass", "back", "take_back", "again"):
        answer = stranger.post(reverse("counter:window_act", args=[act]), typed)
        assert answer.status_code == 404, act
    assert visit.number not in stranger.get(reverse("counter:window_line")).content.decode()
    assert stranger.get(reverse("counter:visit", args=[visit.pk])).status_code == 404
    hall = {"office": str(lobby.office.pk)}
    assert stranger.get(reverse("counter:hall"), hall).status_code == 404
    assert stranger.get(reverse("counter:hall_now"), hall).status_code == 404
    assert stranger.get(reverse("counter:hall_paper"), hall).status_code == 404
    assert stranger.post(reverse("counter:hall_ticket"), hall).status_code == 404
    back = {**hall, "visit": str(visit.pk)}
    assert stranger.post(reverse("counter:hall_act", args=["back"]), back).status_code == 404
    own = {"office": str(theirs.office.pk), "visit": str(visit.pk)}
    assert stranger.post(reverse("counter:hall_act", args=["back"]), own).status_code == 404


def test_settings_of_another_provider_are_not_found(world: World, lobby: Lobby) -> None:
    head = sign_in(Client(), world.other.staff[Role.OFFICE_HEAD])
    hall = {"office": str(lobby.office.pk)}
    assert head.get(reverse("counter:hall_settings"), hall).status_code == 404
    assert head.post(reverse("counter:hall_settings"), hall).status_code == 404
    assert head.post(reverse("counter:hall_window"), hall).status_code == 404


def test_the_line_is_sent_only_when_something_changed(lobby: Lobby, clerk: Client) -> None:
    where = reverse("counter:window_line")
    seen = f"{Hall.objects.get(pk=lobby.hall.pk).stamp}-{int(clock.now().timestamp()) // 30}"
    assert clerk.get(where).status_code == 200
    assert clerk.get(where, {"seen": seen}).status_code in (204, 200)
    visit = ticket(lobby, ago=21)
    text = clerk.get(where, {"seen": seen}).content.decode()
    assert f'data-alarms="{visit.pk}:waiting:amber"' in text


def test_the_chief_sees_words_for_every_colour(world: World, lobby: Lobby) -> None:
    for ago in (1, 21, 26, 31):
        ticket(lobby, ago=ago)
    head = sign_in(Client(), world.demo.staff[Role.OFFICE_HEAD])
    text = head.get(reverse("counter:hall"), {"lang": "en"}).content.decode()
    for words in ("20 minutes are over", "25 minutes are over", "over 30 minutes"):
        assert text.count(words) == 1
    for level in ("green", "amber", "red", "over"):
        assert f"w-guest--{level}" in text


def test_pages_of_the_hall_show_no_person(world: World, lobby: Lobby, clerk: Client) -> None:
    visit = ticket(lobby, ago=5)
    press(clerk, "call")
    Visit.objects.filter(pk=visit.pk).update(person=world.demo.completions[0].person)
    name = world.demo.completions[0].person.family_name
    for where in (reverse("counter:hall"), reverse("counter:visit", args=[visit.pk])):
        assert name not in clerk.get(where).content.decode()


def test_the_reception_gives_a_ticket_once_for_one_press(lobby: Lobby, clerk: Client) -> None:
    typed = {
        "office": str(lobby.office.pk),
        "key": "reception-0001",
        "line": "ask",
        "priority": "disability",
        "language": "ru",
    }
    for _ in range(2):
        answer = clerk.post(reverse("counter:hall_ticket"), typed, follow=True)
    visit = Visit.objects.get()
    assert visit.number in answer.content.decode()
    assert (visit.source, visit.priority, visit.language) == ("reception", "disability", "ru")


def test_a_paper_number_is_entered_with_its_own_time(lobby: Lobby, clerk: Client) -> None:
    typed = {
        "office": str(lobby.office.pk),
        "key": "paper-000001",
        "number": "17",
        "at": "09:51",
        "line": "receive",
        "priority": "",
        "language": "kk",
    }
    answer = clerk.post(reverse("counter:hall_paper"), typed)
    assert answer.status_code == 302, answer.content.decode()
    visit = Visit.objects.get()
    assert (visit.number, visit.source, visit.ticket_at) == ("P17", "paper", NOW - 9 * MINUTE)
    late = {**typed, "key": "paper-000002", "number": "18", "at": "10:30"}
    assert clerk.post(reverse("counter:hall_paper"), late).status_code == 200
    assert Visit.objects.count() == 1


def test_the_head_closes_a_window_that_somebody_left_open(world: World, lobby: Lobby) -> None:
    typed = {"office": str(lobby.office.pk), "window": str(lobby.windows[1].pk)}
    where = reverse("counter:hall_act", args=["close"])
    head = sign_in(Client(), world.demo.staff[Role.OFFICE_HEAD])
    head.post(where, typed)
    assert Window.objects.get(pk=lobby.windows[1].pk).state == Window.State.CLOSED


def test_a_clerk_does_not_close_the_window_of_another(lobby: Lobby, clerk: Client) -> None:
    typed = {"office": str(lobby.office.pk), "window": str(lobby.windows[1].pk)}
    clerk.post(reverse("counter:hall_act", args=["close"]), typed)
    assert Window.objects.get(pk=lobby.windows[1].pk).state == Window.State.OPEN


def test_the_administrator_opens_a_queue_and_names_what_a_window_serves(world: World) -> None:
    admin = sign_in(Client(), world.other.staff[Role.PROVIDER_ADMIN])
    office = world.other.provider.offices.get()
    where = reverse("counter:hall_settings")
    policy = {
        "office": str(office.pk),
        "recalls": "2",
        "return_minutes": "15",
        "slot_minutes": "20",
        "slot_places": "0",
        "printer": "tcp://10.0.0.5:9100",
    }
    assert admin.post(where, {**policy, "printer": "http://x"}).status_code == 422
    assert admin.post(where, policy).status_code == 302
    assert Hall.objects.get(office=office).recalls == 2
    window = {"office": str(office.pk), "prefix": "w1", "w1-number": "1", "w1-is_active": "on"}
    admin.post(reverse("counter:hall_window"), {**window, "w1-lines": ["pick_up"]})
    assert Window.objects.get(office=office, number=1).lines == ["pick_up"]
    same = {"office": str(office.pk), "prefix": "new", "new-number": "1", "new-is_active": "on"}
    answer = admin.post(
        reverse("counter:hall_window"), {**same, "new-lines": ["receive"]}, follow=True
    )
    assert "1-терезе бар" in answer.content.decode()
    assert Window.objects.get(office=office, number=1).lines == ["pick_up"]
    assert admin.post(where, {**policy, "recalls": "3"}).status_code == 302
    assert Hall.objects.get(office=office).recalls == 3


def merge(client: Client, **mark: object) -> dict[str, str]:
    body = json.dumps({"marks": [mark]})
    answer = client.post(reverse("counter:window_merge"), body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    (result,) = answer.json()["results"]
    return dict(result)


def test_marks_kept_offline_are_merged_with_their_own_moments(
    lobby: Lobby, clerk: Client, hands: Path
) -> None:
    visit = ticket(lobby, ago=10)
    press(clerk, "call")
    hands.write_text((NOW + 15 * MINUTE).isoformat(), encoding="ascii")
    marked, ended = NOW + 2 * MINUTE, NOW + 9 * MINUTE
    given = {"visit": visit.pk, "act": "hand_in", "at": marked.isoformat(), "key": "k-1"}
    assert merge(clerk, **given)["state"] == "merged"
    assert merge(clerk, **given)["state"] == "known"
    end = {"visit": visit.pk, "act": "finish", "at": ended.isoformat(), "key": "k-2"}
    assert merge(clerk, **end, outcome="filed")["state"] == "merged"
    visit.refresh_from_db()
    assert (visit.state, visit.handed_in_at, visit.ended_at) == (State.DONE, marked, ended)
    entries = [entry for entry in history(subject_of(visit)) if entry.data.get("key")]
    assert [(entry.at, entry.data["at"]) for entry in entries] == [
        (NOW + 15 * MINUTE, marked.isoformat()),
        (NOW + 15 * MINUTE, ended.isoformat()),
    ]
    served = visit.periods.get(state=State.SERVING)
    assert (served.started_at, served.ended_at) == (marked, ended)
    assert served.is_recorded_later


def test_a_kept_mark_of_the_future_or_before_the_call_is_refused(
    lobby: Lobby, clerk: Client
) -> None:
    visit = ticket(lobby, ago=10)
    press(clerk, "call")
    now = clock.now()
    for at in (now + 9 * MINUTE, now - 9 * MINUTE):
        given = {"visit": visit.pk, "act": "hand_in", "at": at.isoformat(), "key": "k-1"}
        assert merge(clerk, **given)["state"] == "refused"
    visit.refresh_from_db()
    assert visit.handed_in_at is None


def test_marks_of_other_providers_and_nonsense_are_refused(world: World, lobby: Lobby) -> None:
    visit = ticket(lobby, ago=10)
    press(sign_in(Client(), lobby.clerks[0]), "call")
    stranger = sign_in(Client(), world.other.staff[Role.CLERK])
    at = clock.now().isoformat()
    mark = {"visit": visit.pk, "act": "hand_in", "at": at, "key": "k-1"}
    assert merge(stranger, **mark)["state"] == "refused"
    assert merge(stranger, **{**mark, "act": "delete"})["state"] == "refused"
    for body in ("", "[]", '{"marks": 1}'):
        where = reverse("counter:window_merge")
        answer = stranger.post(where, body, content_type="application/json")
        assert answer.status_code == 400, body


def test_the_inspector_reads_the_course_of_any_visit(world: World, lobby: Lobby) -> None:
    visit = ticket(lobby, ago=10)
    inspector = sign_in(Client(), world.inspector)
    assert inspector.get(reverse("counter:visit", args=[visit.pk])).status_code == 200


def test_a_clerk_new_since_monday_meets_one_main_button(world: World, lobby: Lobby) -> None:
    novice = enrol("novice@example.kz", world.demo.provider, Role.CLERK, now=world.now)
    Window.objects.create(office=lobby.office, number=3, changed_at=clock.now())
    client = sign_in(Client(), novice)
    ticket(lobby, ago=5)
    press(client, "open", window=str(Window.objects.get(number=3).pk))
    for act in ("", "call"):
        text = press(client, act) if act else client.get(PAGE).content.decode()
        assert text.count("w-big") == 1
