"""Plays the clerks of a hall for the browser tests: ``python -c "… main('call')"``."""

import sys
from datetime import timedelta

from kualik.core import clock
from kualik.core.journal import SYSTEM
from kualik.counter.models import Window
from kualik.counter.services.calling import call_next, visit_at
from kualik.counter.services.finishing import finish
from kualik.providers.services import OfficeFacts, ProviderFacts, register_provider
from kualik.rules.identifiers import check_digit
from kualik.rules.language import Text
from tests.counter.hall import lobby_of
from tests.world import FIVE_DAYS

BIN = "97044000033"


def main(act: str) -> None:
    """``open``: a provider whose two windows are open, says the number of its office; ``call``:
    the next person to the second window, says the number; ``finish``: that person goes."""
    sys.stdout.write(str({"open": _open, "call": _call, "finish": _finish}[act]()))


def _open() -> int:
    now = clock.now()
    provider = register_provider(
        facts=ProviderFacts(
            code="HALL",
            bin=f"{BIN}{check_digit(BIN)}",
            kind="education",
            name=Text("Медицина академиясы", "Медицинская академия", "Academy of Medicine"),
            city=Text("Алматы", "Алматы", "Almaty"),
        ),
        main_office=OfficeFacts(
            name=Text("Бас кеңсе", "Главный офис", "Main office"),
            address=Text("Абай даңғылы, 1", "проспект Абая, 1", "1 Abai avenue"),
            phones=("+7 727 300 00 01",),
            hours=FIVE_DAYS,
        ),
        now=now - timedelta(hours=2),
        actor=SYSTEM,
    )
    return int(lobby_of(provider, now=now).office.pk)


def _call() -> str:
    window = Window.objects.select_related("user").get(number=2)
    assert window.user
    visit = call_next(window=window, user=window.user, now=clock.now())
    return visit.number if visit else ""


def _finish() -> str:
    window = Window.objects.select_related("user").get(number=2)
    visit = visit_at(window)
    assert visit
    assert window.user
    finish(visit=visit, outcome="answered", user=window.user, now=clock.now())
    return visit.number
