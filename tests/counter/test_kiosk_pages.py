"""The kiosk at the door and the queue on a phone, page by page."""

import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from kualik.core.models import JournalEntry
from kualik.core.throttle import count_miss
from kualik.counter.models import Visit
from kualik.counter.queries.presence import ROTATES, code_at, screen_value
from kualik.counter.services.calling import call_next, miss
from kualik.counter.services.presence import GUESSED, KIOSK, TAKEN, TAKEN_OF_OFFICE
from kualik.counter.services.releasing import release_bookings
from kualik.counter.services.ticketing import book, take_ticket, token_of
from kualik.providers.models import Closure
from kualik.rules.lifecycle import Role
from tests.counter.hall import MINUTE, NOW, Lobby, open_lobby
from tests.world import World, build_world, sign_in
from tools.ticket_printer import TicketPrinter

State, Source = Visit.State, Visit.Source
SLOT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
KEY = re.compile(r'name="key" value="([0-9a-f]{32})"')


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    return build_world()


@pytest.fixture
def lobby(world: World) -> Lobby:
    return open_lobby(world.demo)


@pytest.fixture(autouse=True)
def at(settings: Settings, tmp_path: Path) -> Callable[[datetime], None]:
    """Puts the clock of the pages; it begins on a Monday at ten."""
    file = tmp_path / "clock"
    settings.CLOCK = str(file)

    def put(moment: datetime) -> None:
        file.write_text(moment.isoformat(), encoding="ascii")

    put(NOW)
    return put


@pytest.fixture
def printer(tmp_path: Path) -> Iterator[TicketPrinter]:
    with TicketPrinter(port=0, directory=tmp_path / "paper") as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def at_kiosk(lobby: Lobby) -> Client:
    """The browser of the kiosk in the hall."""
    client = Client()
    client.cookies[f"kualik-screen-{lobby.office.pk}"] = screen_value(lobby.hall)
    return client


def page(name: str, *args: object, client: Client | None = None, **query: str) -> str:
    answer = (client or Client()).get(reverse(f"counter:{name}", args=args), query)
    assert answer.status_code == 200, name
    return text_of(answer)


def text_of(answer: HttpResponse) -> str:
    return unescape(answer.content.decode())


def press(lobby: Lobby, line: str = "receive", language: str = "kk", **more: str) -> HttpResponse:
    """The third tap, with the key of the page."""
    shown = page("kiosk_lines", lobby.office.pk, language, client=at_kiosk(lobby))
    found = KEY.search(shown)
    assert found
    data = {"key": found[1], "line": line, **more}
    return at_kiosk(lobby).post(
        reverse("counter:kiosk_take", args=[lobby.office.pk, language]), data
    )


def phone_ticket(lobby: Lobby, key: str = "phone-key-1") -> str:
    """The secret of a ticket taken on a phone."""
    return take_ticket(
        office=lobby.office,
        line="receive",
        source=Source.PHONE,
        language="kk",
        key=key,
        now=NOW,
    ).token


def act(token: str, name: str) -> HttpResponse:
    return Client().post(reverse("counter:ticket_act", args=[token, name]))


# The kiosk


def test_three_taps_give_a_ticket(lobby: Lobby) -> None:
    start = page("kiosk", lobby.office.pk, client=at_kiosk(lobby))
    for language in ("kk", "ru", "en"):
        assert reverse("counter:kiosk_lines", args=[lobby.office.pk, language]) in start
    assert "Сдать документы" in page("kiosk_lines", lobby.office.pk, "ru", client=at_kiosk(lobby))
    answer = press(lobby, language="ru")
    shown = at_kiosk(lobby).get(answer.headers["Location"])
    visit = Visit.objects.get()
    assert (visit.number, visit.source, visit.language) == ("A001", Source.KIOSK, "ru")
    assert "A001" in text_of(shown)
    assert "Документ, удостоверяющий личность" in text_of(shown)
    assert 'lang="ru"' in text_of(shown)


def test_each_service_tells_the_expected_wait(lobby: Lobby) -> None:
    for place in range(3):
        lobby.ticket(ago=place)
    told = at_kiosk(lobby).get(reverse("counter:kiosk_lines", args=[lobby.office.pk, "en"]))
    [receive] = [choice for choice in told.context["choices"] if choice.line.code == "receive"]
    assert (receive.outlook.ahead, receive.outlook.minutes) == (3, 15)


def test_a_second_tap_at_the_kiosk_shows_the_same_ticket(lobby: Lobby) -> None:
    again = {"key": "0" * 32, "line": "ask"}
    where = reverse("counter:kiosk_take", args=[lobby.office.pk, "kk"])
    addresses = [at_kiosk(lobby).post(where, again).headers["Location"] for _ in range(2)]
    assert Visit.objects.count() == 1
    assert "D001" in text_of(at_kiosk(lobby).get(addresses[1]))


def test_the_kiosk_forgets_a_ticket_and_no_browser_keeps_its_page(
    lobby: Lobby, at: Callable[[datetime], None]
) -> None:
    where = press(lobby).headers["Location"]
    assert "no-store" in at_kiosk(lobby).get(where).headers["Cache-Control"]
    at(NOW + timedelta(seconds=91))
    answer = at_kiosk(lobby).get(where)
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        reverse("counter:kiosk", args=[lobby.office.pk]),
    )


def test_tickets_of_others_cannot_be_looked_up_at_the_kiosk(lobby: Lobby) -> None:
    press(lobby)
    for guess in ("1", "eyJ2IjoxfQ:1xV8Dz:aaaa", "A001"):
        where = reverse("counter:kiosk_ticket", args=[lobby.office.pk, "kk", guess])
        assert at_kiosk(lobby).get(where).status_code == 404


def test_a_closed_kiosk_says_what_is_open_and_when(
    lobby: Lobby, at: Callable[[datetime], None]
) -> None:
    at(NOW + timedelta(hours=10))
    for shown in (
        page("kiosk", lobby.office.pk, client=at_kiosk(lobby)),
        page("kiosk_lines", lobby.office.pk, "kk", client=at_kiosk(lobby)),
    ):
        assert "08:30–17:30" in shown
        assert "24 қараша" in shown
    assert 'name="line"' not in page("kiosk_lines", lobby.office.pk, "kk", client=at_kiosk(lobby))
    where = reverse("counter:kiosk_take", args=[lobby.office.pk, "kk"])
    told = at_kiosk(lobby).post(where, {"key": "0" * 32, "line": "receive"})
    assert "24.11.2026 08:30" in text_of(told)
    assert not Visit.objects.exists()


def test_without_paper_the_number_stands_large_and_the_page_says_so(
    lobby: Lobby, printer: TicketPrinter
) -> None:
    lobby.hall.printer = printer.address
    lobby.hall.save()
    printer.set_paper(is_in=False)
    shown = text_of(at_kiosk(lobby).get(press(lobby).headers["Location"]))
    assert "қағаз біткен" in shown
    assert '<strong class="s-ticket__number">A001</strong>' in shown
    assert "data-print" not in shown
    assert Visit.objects.get().state == State.WAITING
    printer.set_paper(is_in=True)
    shown = text_of(at_kiosk(lobby).get(press(lobby).headers["Location"]))
    assert "қағаз біткен" not in shown
    assert len(printer.tickets) == 1


def test_the_browser_prints_where_the_hall_has_no_printer(lobby: Lobby) -> None:
    assert "data-print" in text_of(at_kiosk(lobby).get(press(lobby).headers["Location"]))


def test_a_right_to_be_first_is_chosen_and_carried_to_the_ticket(lobby: Lobby) -> None:
    listed = page("kiosk_first", lobby.office.pk, "ru", client=at_kiosk(lobby))
    assert "?first=disability" in listed
    chosen = page("kiosk_lines", lobby.office.pk, "ru", client=at_kiosk(lobby), first="disability")
    assert 'name="first" value="disability"' in chosen
    assert 'name="first"' not in page(
        "kiosk_lines", lobby.office.pk, "ru", client=at_kiosk(lobby), first="<b>"
    )
    shown = text_of(at_kiosk(lobby).get(press(lobby, first="disability").headers["Location"]))
    assert Visit.objects.get().priority == "disability"
    assert "Мүгедектігі" not in shown, "what is nobody's business is not on the ticket"


def test_who_booked_or_missed_the_call_says_so_at_the_kiosk(
    lobby: Lobby, at: Callable[[datetime], None]
) -> None:
    booking = book(
        office=lobby.office,
        line="ask",
        slot_at=SLOT,
        language="kk",
        key="booking-1",
        now=NOW,
    ).visit
    missed = lobby.ticket(ago=5)
    call_next(window=lobby.windows[0], user=lobby.clerks[0], now=NOW)
    missed.refresh_from_db()
    missed.calls = lobby.hall.recalls
    Visit.objects.filter(pk=missed.pk).update(calls=lobby.hall.recalls)
    miss(visit=missed, user=lobby.clerks[0], now=NOW)
    where = reverse("counter:kiosk_here", args=[lobby.office.pk, "kk"])
    assert "Нөмірді тексеріңіз" in text_of(at_kiosk(lobby).post(where, {"number": booking.number}))
    at(NOW + 5 * MINUTE)
    assert at_kiosk(lobby).post(where, {"number": missed.number}).status_code == 302
    at(SLOT - 10 * MINUTE)
    typed = f" {booking.number.lower()} "
    assert at_kiosk(lobby).post(where, {"number": typed}).status_code == 302
    assert {visit.state for visit in Visit.objects.all()} == {State.WAITING}
    told = at_kiosk(lobby).post(where, {"number": "A999"})
    assert "Нөмірді тексеріңіз" in text_of(told)


def test_a_device_that_is_none_of_the_hall_gets_no_kiosk(lobby: Lobby) -> None:
    where = reverse("counter:kiosk_take", args=[lobby.office.pk, "kk"])
    told = Client().post(where, {"key": "0" * 32, "line": "receive"})
    assert told.status_code == 403
    own = press(lobby).headers["Location"]
    here = reverse("counter:kiosk_here", args=[lobby.office.pk, "kk"])
    lines = reverse("counter:kiosk_lines", args=[lobby.office.pk, "kk"])
    for address in (reverse("counter:kiosk", args=[lobby.office.pk]), lines, here, own):
        shown = text_of(Client().get(address))
        assert "залдағы киоскіге арналған" in shown, address
        assert reverse("counter:queue", args=[lobby.office.pk]) in shown
        assert "A001" not in shown
        assert 'name="line"' not in shown
    assert Visit.objects.count() == 1


def test_a_pairing_is_of_one_hall_and_forged_by_nobody(lobby: Lobby, world: World) -> None:
    other = open_lobby(world.other)
    where = reverse("counter:kiosk_lines", args=[other.office.pk, "kk"])
    name = f"kualik-screen-{other.office.pk}"
    for value in (screen_value(lobby.hall), f"[{other.office.pk},1]", "", "x:y:z"):
        client = Client()
        client.cookies[name] = value
        assert 'name="line"' not in text_of(client.get(where)), value


def test_staff_make_a_device_the_kiosk_and_are_signed_out_there(lobby: Lobby, world: World) -> None:
    head = world.demo.staff[Role.OFFICE_HEAD]
    client = sign_in(Client(), head)
    settings_page = reverse("counter:hall_settings")
    screens = reverse("counter:hall_screens")
    assert screens in text_of(client.get(settings_page))
    answer = client.post(screens, {"office": lobby.office.pk, "screen": "kiosk"})
    assert answer.headers["Location"] == reverse("counter:kiosk", args=[lobby.office.pk])
    cookie = answer.cookies[f"kualik-screen-{lobby.office.pk}"]
    assert cookie["httponly"]
    assert int(cookie["max-age"]) > 300 * 24 * 3600
    assert client.get(settings_page).status_code == 302, "signed out"
    assert "Русский" in page("kiosk", lobby.office.pk, client=client)
    entry = JournalEntry.objects.get(action="counter.screen_paired")
    assert entry.role == Role.OFFICE_HEAD


def test_revoked_devices_are_strange_until_they_are_paired_again(
    lobby: Lobby, world: World
) -> None:
    paired = at_kiosk(lobby)
    admin = sign_in(Client(), world.demo.staff[Role.PROVIDER_ADMIN])
    admin.post(reverse("counter:hall_screens"), {"office": lobby.office.pk})
    shown = page("kiosk", lobby.office.pk, client=paired)
    assert "залдағы киоскіге арналған" in shown
    lobby.hall.refresh_from_db()
    assert "Русский" in page("kiosk", lobby.office.pk, client=at_kiosk(lobby))


def test_no_other_provider_pairs_or_revokes(lobby: Lobby, world: World) -> None:
    other = sign_in(Client(), world.other.staff[Role.PROVIDER_ADMIN])
    for screen in ("kiosk", "board", ""):
        told = other.post(
            reverse("counter:hall_screens"), {"office": lobby.office.pk, "screen": screen}
        )
        assert told.status_code == 404
        assert "kualik-screen" not in str(told.cookies)
    lobby.hall.refresh_from_db()
    assert lobby.hall.pairing == 1


def test_on_a_demonstration_everybody_may_try_the_kiosk_and_nowhere_else(
    lobby: Lobby, settings: Settings
) -> None:
    client = Client()
    where = reverse("counter:kiosk_pair", args=[lobby.office.pk])
    assert where in page("kiosk", lobby.office.pk)
    assert client.post(where, follow=True).status_code == 200
    assert "Русский" in page("kiosk", lobby.office.pk, client=client)
    settings.DEMO = False
    assert where not in page("kiosk", lobby.office.pk)
    assert Client().post(where).status_code == 404


def test_a_kiosk_gives_no_endless_row_of_tickets(
    lobby: Lobby, at: Callable[[datetime], None]
) -> None:
    for _ in range(KIOSK.misses):
        count_miss(KIOSK, str(lobby.office.pk), now=NOW)
    where = reverse("counter:kiosk_take", args=[lobby.office.pk, "kk"])
    told = at_kiosk(lobby).post(where, {"key": "0" * 32, "line": "receive"})
    assert "Тым көп әрекет" in text_of(told)
    assert not Visit.objects.exists()
    at(NOW + KIOSK.window)
    assert press(lobby).status_code == 302


def test_who_types_the_number_of_another_gets_no_way_to_that_ticket(
    lobby: Lobby, at: Callable[[datetime], None]
) -> None:
    data = {"line": "ask", "slot_at": SLOT, "language": "kk", "key": "booking-1", "now": NOW}
    booking = book(office=lobby.office, **data)
    at(SLOT)
    asked = page("kiosk_here", lobby.office.pk, "kk", client=at_kiosk(lobby))
    assert booking.visit.number not in asked, "numbers of others are not offered"
    where = reverse("counter:kiosk_here", args=[lobby.office.pk, "kk"])
    answer = at_kiosk(lobby).post(where, {"number": booking.visit.number})
    shown = at_kiosk(lobby).get(answer.headers["Location"])
    assert booking.visit.number in text_of(shown)
    assert "k-qr" not in text_of(shown)
    assert shown.context["qr"] is None
    assert "k-qr" in text_of(at_kiosk(lobby).get(press(lobby).headers["Location"]))


@pytest.mark.parametrize("name", ["kiosk", "queue", "board", "queue_door", "board_now"])
def test_an_office_without_a_queue_has_no_such_page(lobby: Lobby, name: str) -> None:
    assert at_kiosk(lobby).get(reverse(f"counter:{name}", args=[999])).status_code == 404
    lobby.hall.delete()
    assert (
        at_kiosk(lobby).get(reverse(f"counter:{name}", args=[lobby.office.pk])).status_code == 404
    )


def test_a_language_that_is_none_has_no_kiosk(lobby: Lobby) -> None:
    where = reverse("counter:kiosk_lines", args=[lobby.office.pk, "de"])
    assert at_kiosk(lobby).get(where).status_code == 404


def test_the_screens_load_no_script_or_style_from_within_the_page(lobby: Lobby) -> None:
    for name in ("kiosk", "queue", "board", "queue_door", "queue_book"):
        shown = page(name, lobby.office.pk, client=at_kiosk(lobby))
        assert not re.search(r"<script(?![^>]*src=)|<style| style=| on[a-z]+=", shown), name


# The phone


def test_a_ticket_is_taken_on_the_phone_and_followed(lobby: Lobby) -> None:
    client = Client()
    lobby.ticket(ago=3)
    shown = text_of(client.get(reverse("counter:queue", args=[lobby.office.pk])))
    found = KEY.search(shown)
    assert found
    where = reverse("counter:queue_take", args=[lobby.office.pk])
    digits = code_at(lobby.office, now=NOW).digits
    answer = client.post(where, {"key": found[1], "line": "receive", "code": digits})
    visit = Visit.objects.get(source=Source.PHONE)
    assert answer.headers["Location"] == reverse("counter:ticket", args=[token_of(visit.key)])
    followed = client.get(answer.headers["Location"])
    assert "A002" in text_of(followed)
    assert followed.context["outlook"].ahead == 1
    assert "no-store" in followed.headers["Cache-Control"]


def take_by_phone(lobby: Lobby, code: str, key: str = "k" * 32) -> HttpResponse:
    where = reverse("counter:queue_take", args=[lobby.office.pk])
    return Client().post(where, {"key": key, "line": "ask", "code": code})


def test_a_ticket_for_now_needs_the_code_of_the_board(
    lobby: Lobby, at: Callable[[datetime], None]
) -> None:
    code = code_at(lobby.office, now=NOW)
    wrong = f"{(int(code.digits) + 1) % 10000:04d}"
    for typed in ("", wrong, code.signed[:-1]):
        told = take_by_phone(lobby, typed)
        assert told.status_code == 409, typed
        assert "Код сәйкес емес" in text_of(told)
    assert not Visit.objects.exists()
    assert take_by_phone(lobby, code.digits, "a" * 32).status_code == 302
    assert take_by_phone(lobby, code.signed, "b" * 32).status_code == 302
    at(NOW + ROTATES)
    assert take_by_phone(lobby, code.digits, "c" * 32).status_code == 302, "just read"
    at(NOW + 2 * ROTATES)
    assert take_by_phone(lobby, code.digits, "d" * 32).status_code == 409
    assert take_by_phone(lobby, code.signed, "e" * 32).status_code == 409


def test_the_code_of_the_board_is_not_guessed(lobby: Lobby) -> None:
    code = code_at(lobby.office, now=NOW)
    for place in range(GUESSED.misses):
        assert take_by_phone(lobby, f"x{place:03d}").status_code == 409
    assert "Тым көп әрекет" in text_of(take_by_phone(lobby, code.digits))
    assert not Visit.objects.exists()


def test_the_code_is_shown_in_the_hall_alone(lobby: Lobby, settings: Settings) -> None:
    code = code_at(lobby.office, now=NOW)
    settings.DEMO = False
    for name in ("board", "board_code", "queue", "queue_door"):
        shown = page(name, lobby.office.pk)
        assert code.digits not in shown, name
        assert code.signed not in shown, name
    for name in ("board", "board_code", "kiosk"):
        assert code.digits in page(name, lobby.office.pk, client=at_kiosk(lobby)), name
    assert f'value="{code.signed}"' in page("queue", lobby.office.pk, code=code.signed)
    assert 'name="code" inputmode' in page("queue", lobby.office.pk, code="1234567")
    settings.DEMO = True
    assert code.digits in page("queue", lobby.office.pk)


def test_an_office_gives_so_many_tickets_by_phone_a_day(lobby: Lobby) -> None:
    for _ in range(TAKEN_OF_OFFICE.misses):
        count_miss(TAKEN_OF_OFFICE, str(lobby.office.pk), now=NOW)
    told = take_by_phone(lobby, code_at(lobby.office, now=NOW).digits)
    assert told.status_code == 409
    assert not Visit.objects.exists()


def test_a_browser_holds_two_bookings(lobby: Lobby) -> None:
    where = reverse("counter:queue_book", args=[lobby.office.pk])
    times = re.findall(r'name="at" value="([^"]+)"', page("queue_book", lobby.office.pk))
    client = Client()
    answers = [
        client.post(where, {"key": str(place) * 32, "line": "ask", "at": times[place]})
        for place in range(3)
    ]
    assert [answer.status_code for answer in answers] == [302, 302, 409]
    assert "шегіне жетті: 2" in text_of(answers[2])
    again = client.post(where, {"key": "1" * 32, "line": "ask", "at": times[1]})
    assert again.headers["Location"] == answers[1].headers["Location"]
    act(answers[0].headers["Location"].split("/")[2], "cancel")
    later = client.post(where, {"key": "2" * 32, "line": "ask", "at": times[2]})
    assert later.status_code == 302
    assert Visit.objects.filter(state=State.BOOKED).count() == 2


def test_a_booking_of_a_closed_day_says_so_and_offers_another_time(lobby: Lobby) -> None:
    data = {"line": "ask", "slot_at": SLOT, "language": "kk", "key": "booking-1", "now": NOW}
    token = book(office=lobby.office, **data).token
    Closure.objects.create(
        provider=lobby.office.provider, day=SLOT.date(), reason_kk="жөндеу", reason_ru="ремонт"
    )
    release_bookings(now=NOW)
    shown = page("ticket", token)
    assert reverse("counter:queue_book", args=[lobby.office.pk]) in shown
    assert 'data-state="left"' in shown
    assert "2026" in page("ticket_now", token)


def test_the_page_of_a_ticket_names_the_window_when_it_is_called(lobby: Lobby) -> None:
    token = phone_ticket(lobby)
    assert 'data-state="waiting"' in page("ticket_now", token)
    call_next(window=lobby.windows[1], user=lobby.clerks[1], now=NOW)
    assert 'data-state="called"' in page("ticket_now", token)
    assert 'data-window="2"' in page("ticket", token)


def test_a_ticket_is_given_up_by_a_press_and_never_by_a_look(lobby: Lobby) -> None:
    token = phone_ticket(lobby)
    where = reverse("counter:ticket_act", args=[token, "cancel"])
    assert Client().get(where).status_code == 405
    assert Visit.objects.get().state == State.WAITING
    assert act(token, "cancel").status_code == 302
    assert Visit.objects.get().state == State.LEFT
    assert act(token, "cancel").status_code == 409
    assert act(token, "sing").status_code == 404


def test_forms_of_another_site_change_no_ticket(lobby: Lobby) -> None:
    token = phone_ticket(lobby)
    where = reverse("counter:ticket_act", args=[token, "cancel"])
    assert Client(enforce_csrf_checks=True).post(where).status_code == 403
    assert Visit.objects.get().state == State.WAITING


def test_coming_later_moves_the_place_alone(lobby: Lobby) -> None:
    token = phone_ticket(lobby)
    act(token, "later")
    visit = Visit.objects.get()
    assert (visit.ticket_at, visit.place_at) == (NOW, NOW + 10 * MINUTE)


def test_a_guess_at_a_ticket_finds_nothing(lobby: Lobby) -> None:
    phone_ticket(lobby)
    for name in ("ticket", "ticket_now"):
        assert Client().get(reverse(f"counter:{name}", args=["0" * 32])).status_code == 404
    assert act("0" * 32, "cancel").status_code == 404


def test_a_time_is_booked_and_kept(lobby: Lobby, at: Callable[[datetime], None]) -> None:
    where = reverse("counter:queue_book", args=[lobby.office.pk])
    listed = page("queue_book", lobby.office.pk)
    times = re.findall(r'name="at" value="([^"]+)"', listed)
    data = {"key": "k" * 32, "line": "ask", "at": times[3]}
    answer = Client().post(where, data)
    token = answer.headers["Location"].split("/")[2]
    visit = Visit.objects.get()
    assert (visit.state, visit.slot_at) == (State.BOOKED, datetime.fromisoformat(times[3]))
    again = Client().post(where, {**data, "key": "l" * 32})
    assert again.status_code == 409
    early = act(token, "here")
    assert early.status_code == 409
    assert "Белгілеу уақыты: 10:45" in text_of(early)
    at(datetime.fromisoformat(times[3]))
    assert act(token, "here").status_code == 302
    assert Visit.objects.get().state == State.WAITING


@pytest.mark.parametrize("moment", ["", "tomorrow", "2026-11-23T11:00:00", "9999-12-31T23:59:59Z"])
def test_a_time_that_is_none_is_told(lobby: Lobby, moment: str) -> None:
    where = reverse("counter:queue_book", args=[lobby.office.pk])
    answer = Client().post(where, {"key": "k" * 32, "line": "ask", "at": moment})
    assert answer.status_code == 409
    assert not Visit.objects.exists()


def test_one_network_takes_no_endless_row_of_tickets(lobby: Lobby) -> None:
    where = reverse("counter:queue_take", args=[lobby.office.pk])
    digits = code_at(lobby.office, now=NOW).digits
    answers = [
        Client().post(where, {"key": f"key-{place:05d}", "line": "ask", "code": digits}).status_code
        for place in range(TAKEN.misses + 1)
    ]
    assert answers == [302] * TAKEN.misses + [409]
    assert press(lobby).status_code == 302, "the kiosk has a limit of its own"


def test_the_sheet_for_the_door_leads_to_the_queue(lobby: Lobby, settings: Settings) -> None:
    assert f"{settings.PUBLIC_URL}/queue/{lobby.office.pk}/" in page("queue_door", lobby.office.pk)


def test_pages_that_listen_may_reach_the_live_events_and_no_others(
    lobby: Lobby, settings: Settings
) -> None:
    settings.LIVE_URL = "https://live.example.kz"
    allowed = "connect-src 'self' https://live.example.kz"
    for name, value in (("board", lobby.office.pk), ("ticket", phone_ticket(lobby))):
        where = reverse(f"counter:{name}", args=[value])
        answer = Client().get(where)
        assert allowed in answer.headers["Content-Security-Policy"]
        assert f'data-live="https://live.example.kz/live/{lobby.office.pk}/"' in text_of(answer)
        settings.LIVE_URL = ""
        plain = Client().get(where)
        assert "connect-src" not in plain.headers["Content-Security-Policy"]
        assert "data-live" not in text_of(plain)
        settings.LIVE_URL = "https://live.example.kz"
