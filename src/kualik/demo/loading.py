"""Loading the demonstration once; whatever a visitor did later is kept."""

from datetime import datetime, timedelta

from django.db import transaction

from kualik.core.journal import SYSTEM
from kualik.demo.blanks import ask_on_paper, stock_blanks
from kualik.demo.complaining import complain
from kualik.demo.gateway import open_gateway, write_studied
from kualik.demo.halls import live_in, open_halls
from kualik.demo.numbers import confirm_numbers
from kualik.demo.organisations import open_organisation, open_platform
from kualik.demo.outages import fail
from kualik.demo.people import read_data
from kualik.demo.story import play, set_stage
from kualik.demo.wishing import wish
from kualik.notifications.services.sending import forget_unsent
from kualik.providers.models import Provider
from kualik.providers.services import announce_closure
from kualik.rules.language import Text

__all__ = ["PEOPLE_APART", "is_loaded", "load_demonstration", "read_data"]

BEFORE = timedelta(days=40)
# What happened longer ago is told to nobody.
FRESH = timedelta(hours=1)
PEOPLE_APART = 100


def is_loaded() -> bool:
    """Whether this database holds the demonstration."""
    return Provider.objects.filter(code="DEMO").exists()


@transaction.atomic
def load_demonstration(*, now: datetime) -> list[Provider]:
    """Three organisations, their staff and two weeks of work; all or nothing."""
    data = read_data()
    opened = now - BEFORE
    open_platform(data["platform"], now=opened)
    providers = [open_organisation(row, now=opened) for row in data["provider"]]
    for place, provider in enumerate(providers):
        stage = set_stage(provider, now=now)
        play(stage, data["people"], data["programme"], first=1 + place * PEOPLE_APART)
        confirm_numbers(stage, data["people"], apart=place * PEOPLE_APART)
    open_halls(providers, now=opened)
    live_in(set_stage(providers[0], now=now), waits=False)
    live_in(set_stage(providers[2], now=now), waits=True)
    for provider in providers[:2]:
        stock_blanks(provider, now=opened)
    ask_on_paper(providers[0], now=now)
    fail(set_stage(providers[1], now=now))
    complain(set_stage(providers[0], now=now))
    wish(set_stage(providers[0], now=now), data["people"], apart=0)
    open_gateway(providers, now=opened)
    write_studied(data["people"], providers, apart=PEOPLE_APART)
    forget_unsent(before=now - FRESH)
    day = (now + timedelta(days=21)).date()
    announce_closure(
        provider=providers[0],
        day=day,
        reason=Text(
            "Ғимараттағы жөндеу жұмыстары", "Ремонтные работы в здании", "Building repairs"
        ),
        now=now,
        actor=SYSTEM,
    )
    return providers
