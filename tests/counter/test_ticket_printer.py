"""Printing tickets over a real connection; what came out of the printer is read back."""

import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import zxingcpp
from django.test import Client
from django.urls import reverse
from PIL import Image, ImageChops
from pytest_django import Settings

from kualik.core.models import StaffTask
from kualik.core.throttle import count_miss
from kualik.counter.adapters.ticket_printer import (
    PATIENCE_SECONDS,
    check_address,
    print_picture,
    raster,
)
from kualik.counter.models import Visit
from kualik.counter.services.printing import (
    SILENT,
    Printed,
    print_ticket,
    ticket_address,
    ticket_picture,
)
from kualik.papers.services import TicketFacts, render_ticket
from kualik.papers.services.tickets import DOTS
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role
from tests.counter.hall import NOW, Lobby, open_lobby
from tests.world import World, build_world, sign_in
from tools.ticket_printer import TicketPrinter

# The letters that a printer's own code pages lack.
LETTERS = "ӘҒҚҢӨҰҮҺІ әғқңөұүһі"


@pytest.fixture
def printer(tmp_path: Path) -> Iterator[TicketPrinter]:
    with TicketPrinter(port=0, directory=tmp_path / "paper") as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
    assert server.faults == []


@pytest.fixture
def world(db: None, kualik_files: object) -> World:
    return build_world()


@pytest.fixture
def lobby(world: World) -> Lobby:
    return open_lobby(world.demo)


def visit_with(lobby: Lobby, address: str) -> Visit:
    lobby.hall.printer = address
    lobby.hall.save()
    return lobby.ticket()


def facts(line: str) -> TicketFacts:
    return TicketFacts(
        provider=Text("Медицина академиясы", "Медицинская академия"),
        number="A014",
        line=Text(line, line),
        language="kk",
        taken_at=NOW,
        ahead=3,
        minutes=15,
        address="http://localhost/t/0/",
    )


def dark(picture: Image.Image) -> Image.Image:
    """Black and white as a printer sees it, however the file keeps it."""
    return picture.convert("L").point(lambda level: 0 if level < 128 else 255)


def test_what_is_printed_is_the_picture_dot_by_dot(printer: TicketPrinter, lobby: Lobby) -> None:
    visit = visit_with(lobby, printer.address)
    assert print_ticket(visit=visit, now=NOW) == Printed(by_browser=False)
    [file] = printer.tickets
    with Image.open(file) as paper, Image.open(BytesIO(ticket_picture(visit, now=NOW))) as drawn:
        assert paper.size == drawn.size
        assert paper.width == DOTS
        assert ImageChops.difference(dark(paper), dark(drawn)).getbbox() is None
        codes = zxingcpp.read_barcodes(paper.convert("L"))
    assert [code.text for code in codes] == [ticket_address(visit)]


def test_every_kazakh_letter_is_on_the_paper(printer: TicketPrinter) -> None:
    """Each letter makes a picture of its own, and what is printed is that picture."""
    seen = set()
    for place, letter in enumerate(LETTERS.replace(" ", "")):
        png = render_ticket(facts=facts(letter * 3), is_test=False)
        print_picture(address=printer.address, png=png)
        with Image.open(printer.tickets[place]) as paper, Image.open(BytesIO(png)) as drawn:
            assert ImageChops.difference(dark(paper), dark(drawn)).getbbox() is None
            seen.add(paper.tobytes())
    assert len(seen) == len(LETTERS.replace(" ", ""))
    latin = render_ticket(facts=facts("KKK"), is_test=False)
    assert raster(latin) != raster(render_ticket(facts=facts("ҚҚҚ"), is_test=False))


def test_a_ticket_without_number_of_a_person_says_the_same_in_three_languages() -> None:
    pictures = set()
    for language in ("kk", "ru", "en"):
        said = facts("Құжаттарды тапсыру")
        data = {name: getattr(said, name) for name in said.__slots__} | {"language": language}
        pictures.add(render_ticket(facts=TicketFacts(**data), is_test=True))
    assert len(pictures) == 3


def test_without_paper_nothing_is_lost_and_the_head_of_the_office_is_told_once(
    printer: TicketPrinter, lobby: Lobby
) -> None:
    visit = visit_with(lobby, printer.address)
    printer.set_paper(is_in=False)
    for _ in range(2):
        assert print_ticket(visit=visit, now=NOW).fault == "printer_paper_out"
    assert printer.tickets == []
    task = StaffTask.objects.get()
    assert (task.kind, task.role, task.scope) == ("ticket_printer", "office_head", "DEMO")
    printer.set_paper(is_in=True)
    assert print_ticket(visit=visit, now=NOW).fault == ""
    task.refresh_from_db()
    assert task.closed_at == NOW


def test_a_printer_that_is_away_is_told_and_the_ticket_stays(lobby: Lobby) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
    visit = visit_with(lobby, address)
    assert print_ticket(visit=visit, now=NOW).fault == "printer_away"
    assert Visit.objects.get(pk=visit.pk).state == Visit.State.WAITING


def test_a_printer_that_hangs_up_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        answering = threading.Thread(target=lambda: server.accept()[0].close())
        answering.start()
        with pytest.raises(RuleViolation) as told:
            print_picture(address=f"tcp://127.0.0.1:{server.getsockname()[1]}", png=_dot())
        answering.join()
    assert told.value.code == "printer_away"


def test_where_no_printer_is_named_the_browser_prints(lobby: Lobby) -> None:
    assert print_ticket(visit=lobby.ticket(), now=NOW) == Printed(by_browser=True)


def test_the_reception_prints_a_ticket_and_other_providers_do_not(
    printer: TicketPrinter, world: World
) -> None:
    lobby = open_lobby(world.demo)
    visit = visit_with(lobby, printer.address)
    where = reverse("counter:hall_printed", args=[visit.pk])
    clerk = sign_in(Client(), lobby.clerks[0])
    shown = clerk.get(where)
    assert visit.number in shown.content.decode()
    assert "data:image/png;base64," in shown.content.decode()
    assert clerk.post(where, follow=True).status_code == 200
    assert len(printer.tickets) == 1
    other = sign_in(Client(), world.other.staff[Role.CLERK])
    assert [other.get(where).status_code, other.post(where).status_code] == [404, 404]
    assert len(printer.tickets) == 1


@pytest.mark.parametrize(
    "address",
    [
        "http://printer:9100",
        "tcp://:9100",
        "tcp://printer",
        "tcp://printer:99999",
        "tcp://a:9100/x",
    ],
)
def test_only_addresses_of_printers_are_taken(address: str) -> None:
    with pytest.raises(RuleViolation) as told:
        check_address(address)
    assert told.value.code == "printer_address"


def test_outside_a_demonstration_only_the_ports_of_printers_are_reached(
    settings: Settings,
) -> None:
    assert check_address("tcp://printer:5432") == ("printer", 5432)
    settings.DEMO = False
    assert check_address("tcp://printer:9100") == ("printer", 9100)
    with pytest.raises(RuleViolation):
        check_address("tcp://printer:5432")


def test_a_width_that_is_no_multiple_of_eight_is_filled_with_white() -> None:
    sent = raster(_dot())
    assert sent == b"\x1dv0\x00\x01\x00\x01\x00\x80"


def _dot() -> bytes:
    made = BytesIO()
    Image.new("RGB", (1, 1)).save(made, "PNG")
    return made.getvalue()


class Silent:
    """A printer that takes connections and says nothing, or lets each byte wait."""

    def __init__(self, answers: bytes = b"") -> None:
        self.answers = answers
        self.connections = 0
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self.server.getsockname()[1]}"
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        self.server.settimeout(0.05)
        while not self.over.is_set():
            try:
                line, _ = self.server.accept()
            except TimeoutError:
                continue
            self.connections += 1
            with line:
                for sign in self.answers:
                    self.over.wait(PATIENCE_SECONDS * 0.7)
                    line.sendall(bytes([sign]))
                self.over.wait(PATIENCE_SECONDS * 2)

    def close(self) -> None:
        self.over.set()
        self.thread.join()
        self.server.close()


@pytest.fixture(params=[b"", b"\x12\x12"], ids=["mute", "slow"])
def silent(request: pytest.FixtureRequest) -> Iterator[Silent]:
    server = Silent(request.param)
    yield server
    server.close()


def test_the_visitor_waits_two_seconds_at_most_and_the_next_ones_not_at_all(
    silent: Silent, lobby: Lobby
) -> None:
    visit = visit_with(lobby, silent.address)
    picture = ticket_picture(visit, now=NOW)
    before = time.monotonic()
    with pytest.raises(RuleViolation):
        print_picture(address=silent.address, png=picture)
    assert time.monotonic() - before < PATIENCE_SECONDS + 0.5
    assert print_ticket(visit=visit, now=NOW).fault == "printer_away"
    tried = silent.connections
    assert print_ticket(visit=visit, now=NOW + timedelta(seconds=59)).fault == "printer_away"
    assert silent.connections == tried, "not asked again within a minute"


def test_a_printer_that_is_back_prints_after_a_minute_or_when_staff_press(
    printer: TicketPrinter, lobby: Lobby
) -> None:
    visit = visit_with(lobby, printer.address)
    count_miss(SILENT, f"{lobby.hall.pk}:{printer.address}", now=NOW)
    assert print_ticket(visit=visit, now=NOW).fault == "printer_away"
    assert print_ticket(visit=visit, now=NOW, is_pressed=True).fault == ""
    assert print_ticket(visit=visit, now=NOW + timedelta(minutes=1)).fault == ""
    assert len(printer.tickets) == 2
