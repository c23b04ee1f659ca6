"""What hangs in the premises: the notice, from live data (A57.10.a, A303.10.e, A303.10.f)."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from kualik.core.clock import local_day
from kualik.papers.services import PremisesFacts, render_premises
from kualik.providers.models import Office
from kualik.providers.queries import listing_of
from kualik.rules import refusal, standards
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.standards import Standard


def make_notice(*, office: Office, size: str, now: datetime) -> bytes:
    """The notice of an office for a wall, "a4" or "a3", as everything stands at ``now``.

    Raises ``paper_glyph_missing`` and ``paper_overflow``.
    """
    listing = listing_of(office.provider.code, now=now)
    shown = [one for one in listing.offices if one.pk == office.pk] if listing else []
    if listing is None or not shown:
        raise RuleViolation("conflict")
    reception, standard = shown[0], standards.in_force(local_day(now))
    page = reverse("providers:provider", args=[office.provider.code])
    terms = {code: standard.term(code).amount for code in ("issue", "waiting", "serving")}
    return render_premises(
        facts=PremisesFacts(
            provider_name=listing.name,
            service=service_name(standard),
            office=reception.name,
            address=reception.address,
            phones=reception.phones,
            week=reception.hours.days,
            ahead=reception.hours_ahead,
            closed=listing.closures,
            access=reception.facts,
            months=refusal.appeal().months,
            page_url=f"{settings.PUBLIC_URL}{page}",
            **terms,
        ),
        size=size,
        now=now,
    )


def service_name(standard: Standard) -> Text:
    """The service as the standard itself names it (A57.name, A303.name)."""
    names = {name.language: name.text for name in standard.names if name.place == "standard"}
    every = {name.language: name.text for name in standard.names}
    return Text(
        *(names.get(one) or every.get(one) or standard.title.get(one) for one in ("kk", "ru"))
    )
