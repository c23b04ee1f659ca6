"""The questions to other systems as the administrator of the installation sees them."""

from collections.abc import Sequence

from kualik.gateway.models import Call

SHOWN = 50


def last_calls() -> Sequence[Call]:
    """The last questions; of the person asked about nothing is shown."""
    rows = Call.objects.select_related("peer").order_by("-asked_at", "-pk")
    return list(rows.defer("person")[:SHOWN])
