"""How well the service is given, for everybody: ended months, no small numbers."""

from datetime import timedelta

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from kualik.core import clock
from kualik.core.access import public
from kualik.oversight.forms import MonthForm, public_months
from kualik.oversight.queries.figures import Period, PublicRow, public_rows, said
from kualik.oversight.queries.figures.public import FEWEST

# The past changes rarely (a decision upon a complaint), and anybody may ask for it.
KEPT_FOR = timedelta(hours=1)


@public
@require_safe
def public_figures(request: HttpRequest) -> HttpResponse:
    """The providers in one ended month, by default the last."""
    months = public_months(clock.now())
    form = MonthForm(request.GET if "month" in request.GET else None, months=months)
    period = form.wanted() if form.is_valid() else months[0]
    form.initial["month"] = period.code
    language = get_language() or "kk"
    rows = [
        {
            "row": row,
            "kept": said(row.kept, language),
            "middle": said(row.middle, language),
            "waited": said(row.waited, language),
            "served": said(row.served, language),
        }
        for row in _rows(period)
    ]
    context = {"form": form, "period": period, "rows": rows, "fewest": FEWEST}
    return render(request, "oversight/public_figures.html", context)


def _rows(period: Period) -> list[PublicRow]:
    key = f"oversight:figures:{period.code}"
    found: list[PublicRow] | None = cache.get(key)
    if found is None:
        found = public_rows(period, now=clock.now())
        cache.set(key, found, KEPT_FOR.total_seconds())
    return found
