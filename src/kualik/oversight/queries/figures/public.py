"""What everybody may see: each provider's share on time, usual time and 30/30 of an ended month."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from kualik.counter.models import Visit
from kualik.oversight.queries.figures.hall import ENDED, HANDED, OVER_SERVING, OVER_WAITING
from kualik.oversight.queries.figures.periods import Period
from kualik.oversight.queries.figures.requests import Scope, by, facts_of, spread, times_of
from kualik.oversight.queries.figures.tables import Share, kept_share
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text

# Of fewer people nothing is told: who knows one of them would learn about that one.
FEWEST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRow:
    """One provider in a month; None where it would speak of fewer than ``FEWEST`` people.

    ``is_few``: there were some, fewer than that.
    """

    code: str
    name: Text
    city: Text
    results: int | None
    is_few: bool
    kept: Share | None
    middle: timedelta | None
    waited: Share | None
    served: Share | None


def public_rows(period: Period, *, now: datetime) -> list[PublicRow]:
    """The providers in the order of their codes. Raises ``period_not_over``."""
    if not period.is_over(now):
        raise RuleViolation("period_not_over", period=period.code)
    scope = Scope(tuple(Provider.objects.order_by("code")))
    facts = by(facts_of(scope, period, now=now), lambda fact: fact.provider)
    times, visits = times_of(scope, period, now=now), _visits(scope, period)
    return [
        _row(
            provider,
            facts.get(provider.pk, Counter()),
            [working for working, _ in times.get(provider.pk, ())],
            visits.get(provider.pk, Counter()),
        )
        for provider in scope.providers
    ]


def _visits(scope: Scope, period: Period) -> dict[int, Counter[str]]:
    visits = Visit.objects.filter(
        office__provider__in=scope.keys,
        day__gte=period.first,
        day__lte=period.last,
        ticket_at__isnull=False,
    )
    rows = visits.values("office__provider").annotate(
        handed=Count("pk", filter=HANDED),
        late=Count("pk", filter=OVER_WAITING),
        ended=Count("pk", filter=ENDED),
        slow=Count("pk", filter=OVER_SERVING),
    )
    return {
        row["office__provider"]: Counter(
            handed=row["handed"], late=row["late"], ended=row["ended"], slow=row["slow"]
        )
        for row in rows.order_by()
    }


def _row(
    provider: Provider, counts: Counter[str], lengths: list[timedelta], visits: Counter[str]
) -> PublicRow:
    kept = kept_share(counts)
    results = counts["issued"] + counts["refused"]
    return PublicRow(
        code=provider.code,
        name=provider.name,
        city=provider.city,
        results=results if results >= FEWEST else None,
        is_few=0 < results < FEWEST,
        kept=_shown(kept),
        middle=spread(lengths).middle if len(lengths) >= FEWEST else None,
        waited=_shown(Share(visits["handed"] - visits["late"], visits["handed"])),
        served=_shown(Share(visits["ended"] - visits["slow"], visits["ended"])),
    )


def _shown(share: Share) -> Share | None:
    return share if share.whole >= FEWEST else None
