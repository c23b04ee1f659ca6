"""Two clerks at one blank, two blanks for one document: one of them is told (A57.4, A303.4)."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from kualik.certificates.models import Blank, Certificate, Printing
from kualik.certificates.services.blanks import (
    Act,
    Delivery,
    answer_print,
    give_blanks,
    held_by,
    ledger_of,
    pick_blanks,
    print_on_blank,
    receive_blanks,
    spoil_blank,
    take_back,
    use_blank,
)
from kualik.core.clock import local_day
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role, State
from tests.world import World, build_world

ACT = Act(number="1", reason="жыртылған")


@pytest.fixture
def world(transactional_db: None, kualik_files: object) -> World:
    found = build_world()
    house, head = found.demo, found.demo.staff[Role.OFFICE_HEAD]
    keeper = {"user": head, "role": Role.OFFICE_HEAD, "now": found.now}
    paper = Delivery(series="AB", first=1, last=4, document="№ 1", received_on=local_day(found.now))
    receive_blanks(provider=house.provider, delivery=paper, **keeper)
    rows = pick_blanks(provider=house.provider, series="AB", first=1, count=3)
    give_blanks(blanks=rows, holder=house.staff[Role.CLERK], **keeper)
    return found


def clerk(world: World) -> dict[str, object]:
    return {"user": world.demo.staff[Role.CLERK], "role": Role.CLERK, "now": world.now}


def document(world: World, state: State = State.ISSUED) -> Certificate:
    return Certificate.objects.get(request=world.by_state[state])


def blank(number: int) -> Blank:
    related = ("receipt", "provider", "certificate")
    return Blank.objects.select_related(*related).get(series="AB", number=number)


def at_once(*acts: Callable[[], Callable[[], object]]) -> list[str]:
    """Each act reads what it needs, waits for the others, and then does it; the codes of those
    refused, in order, empty where it was done."""
    gate = threading.Barrier(len(acts))
    outcomes = [""] * len(acts)

    def play(place: int, prepare: Callable[[], Callable[[], object]]) -> None:
        try:
            act = prepare()
            gate.wait()
            act()
        except RuleViolation as violation:
            outcomes[place] = violation.code
        finally:
            connection.close()

    threads = [threading.Thread(target=play, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def test_of_two_screens_that_use_one_blank_one_is_told(world: World) -> None:
    def using(state: State) -> Callable[[], Callable[[], object]]:
        def prepare() -> Callable[[], object]:
            mine, paper = blank(1), document(world, state)
            return lambda: use_blank(blank=mine, certificate=paper, **clerk(world))

        return prepare

    assert at_once(using(State.ISSUED), using(State.HANDED_OVER)) == ["", "blank_conflict"]
    assert Blank.objects.filter(state="used").count() == 1
    assert ledger_of(world.demo.provider).adds_up


def test_one_document_is_put_on_one_blank_whoever_tries_another(world: World) -> None:
    def using(number: int) -> Callable[[], Callable[[], object]]:
        def prepare() -> Callable[[], object]:
            mine, paper = blank(number), document(world)
            return lambda: use_blank(blank=mine, certificate=paper, **clerk(world))

        return prepare

    assert at_once(using(1), using(2)) == ["", "document_on_blank"]
    assert Blank.objects.filter(state="used").count() == 1


def test_one_document_goes_to_one_printer_at_a_time(world: World) -> None:
    def printing(number: int) -> Callable[[], Callable[[], object]]:
        def prepare() -> Callable[[], object]:
            mine, paper = blank(number), document(world)
            given = {"certificate": paper, "printer": None, "reason": "екеуі"}
            return lambda: print_on_blank(blank=mine, **given, **clerk(world))

        return prepare

    assert at_once(printing(1), printing(2)) == ["", "print_open"]
    assert Printing.objects.filter(outcome="").count() == 1


def test_a_blank_is_printed_on_or_written_off_but_not_both(world: World) -> None:
    def printing() -> Callable[[], object]:
        mine, paper = blank(1), document(world)
        given = {"certificate": paper, "printer": None, "reason": ""}
        return lambda: print_on_blank(blank=mine, **given, **clerk(world))

    def spoiling() -> Callable[[], object]:
        mine = blank(1)
        return lambda: spoil_blank(blank=mine, act=ACT, **clerk(world))

    first, second = at_once(printing, spoiling)
    assert (first, second) in {("", "blank_conflict"), ("", "blank_at_printer")}
    assert ledger_of(world.demo.provider).adds_up


def test_a_print_is_answered_once_and_its_blank_counts_once(world: World) -> None:
    given = {"certificate": document(world), "printer": None, "reason": ""}
    row = print_on_blank(blank=blank(1), **given, **clerk(world))

    def answering(outcome: str) -> Callable[[], Callable[[], object]]:
        def prepare() -> Callable[[], object]:
            mine = Printing.objects.select_related("certificate").get(pk=row.pk)
            return lambda: answer_print(printing=mine, outcome=outcome, act=ACT, **clerk(world))

        return prepare

    assert at_once(answering("good"), answering("spoiled")) == ["", "print_answered"]
    ledger = ledger_of(world.demo.provider)
    assert ledger.used + ledger.spoiled == 1
    assert ledger.adds_up


def test_a_blank_is_not_in_the_safe_and_in_use_at_once(world: World) -> None:
    def returning() -> Callable[[], object]:
        mine = blank(2)
        return lambda: take_back(blank=mine, **clerk(world))

    def using() -> Callable[[], object]:
        mine, paper = blank(2), document(world)
        return lambda: use_blank(blank=mine, certificate=paper, **clerk(world))

    assert at_once(returning, using) == ["", "blank_conflict"]
    assert blank(2).pk not in {row.pk for row in held_by(world.demo.staff[Role.CLERK])}
    assert ledger_of(world.demo.provider).adds_up
