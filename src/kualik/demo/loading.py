"""Loading the demonstration once; whatever a visitor did later is kept."""

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from kualik.core.journal import SYSTEM
from kualik.demo.organisations import open_organisation, open_platform
from kualik.demo.story import play, set_stage
from kualik.providers.models import Provider
from kualik.providers.services import announce_closure
from kualik.rules.language import Text

DATA = Path(__file__).parent / "data" / "demonstration.toml"
BEFORE = timedelta(days=40)
PEOPLE_APART = 100


def is_loaded() -> bool:
    """Whether this database holds the demonstration."""
    return Provider.objects.filter(code="DEMO").exists()


def read_data() -> dict[str, Any]:
    """The organisations, programmes and words of the demonstration."""
    return tomllib.loads(DATA.read_text(encoding="utf-8"))


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
    day = (now + timedelta(days=21)).date()
    announce_closure(
        provider=providers[0],
        day=day,
        reason=Text("Ғимараттағы жөндеу жұмыстары", "Ремонтные работы в здании"),
        now=now,
        actor=SYSTEM,
    )
    return providers
