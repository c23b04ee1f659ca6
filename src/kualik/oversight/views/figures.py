"""The figures on a page and as files, for who supervises or answers for the service."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from kualik.accounts.models import User
from kualik.accounts.queries import person_of
from kualik.core import clock
from kualik.core.access import may_open, role_of, staff
from kualik.core.language import spoken
from kualik.oversight.forms import FiguresForm
from kualik.oversight.queries.figures import (
    Figures,
    Table,
    charts_of,
    figures_of,
    said,
    tables_of,
)
from kualik.oversight.queries.figures.words import word
from kualik.oversight.queries.scope import providers_seen_by
from kualik.oversight.services.exporting import as_csv, as_workbook, record_export
from kualik.rules.language import Text
from kualik.rules.lifecycle import SUPERVISORS

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# The lists behind figures that are narrowed by nothing but the organisation.
LISTS = {
    "complaints": "complaints:list",
    "failures": "incidents:list",
    "blanks": "certificates:blanks",
}


@staff(*SUPERVISORS)
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """All tables of a period, with a chart where a picture says more."""
    now = clock.now()
    form = _asked(request, now)
    context: dict[str, object] = {"form": form, "now": now}
    if form.is_valid():
        found = figures_of(form.scope(), form.period_wanted(), now=now)
        context |= _shown(request, found, now)
        context["tiles"] = _tiles(found, _rows_link(found, is_whole=form.is_whole(found.scope)))
    return render(request, "oversight/figures.html", context)


@staff(*SUPERVISORS)
@require_safe
def figures_xlsx(request: HttpRequest) -> HttpResponse:
    """A workbook with a sheet for each table."""
    return _file(request, "xlsx")


@staff(*SUPERVISORS)
@require_safe
def figures_csv(request: HttpRequest) -> HttpResponse:
    """All tables in one file of text."""
    return _file(request, "csv")


def _asked(request: HttpRequest, now: datetime) -> FiguresForm:
    providers = list(providers_seen_by(person_of(request)))
    return FiguresForm(request.GET, providers=providers, now=now)


def _file(request: HttpRequest, way: str) -> HttpResponse:
    user, now = person_of(request), clock.now()
    form = _asked(request, now)
    if not form.is_valid():
        return redirect("oversight:figures")
    found = figures_of(form.scope(), form.period_wanted(), now=now)
    actor = user.acting_as(role_of(user, SUPERVISORS))
    record_export(user=user, figures=found, way=way, actor=actor, now=now)
    language, tables, heading = get_language() or "kk", tables_of(found), heading_of(found)
    if way == "xlsx":
        response = HttpResponse(as_workbook(tables, heading, language), content_type=XLSX)
    else:
        text = as_csv(tables, heading, language)
        response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_name(found)}.{way}"'
    return response


def _name(found: Figures) -> str:
    codes = [one.code for one in found.scope.providers]
    whose = codes[0] if len(codes) == 1 else "all"
    return f"figures-{whose}-{found.period.first:%Y-%m-%d}-{found.period.last:%Y-%m-%d}"


def heading_of(found: Figures) -> Text:
    """Whose figures, of which period."""
    scope, label = found.scope, found.period.label
    names = [one.name for one in scope.providers] if len(scope.providers) == 1 else []
    names += [scope.office.name] if scope.office else []
    return Text(
        *(
            ", ".join([*(name.get(one) for name in names), label.get(one)])
            for one in ("kk", "ru", "en")
        )
    )


def _shown(request: HttpRequest, found: Figures, now: datetime) -> Mapping[str, object]:
    tables = tables_of(found)
    drawn = {one.table: one for one in charts_of(found)}
    kept = request.GET.copy()
    kept.pop("lang", None)
    is_one = len(found.scope.providers) == 1
    return {
        "heading": heading_of(found),
        "figures": found,
        "tables": [
            _look(one, person_of(request)) | {"chart": drawn.get(one.code)} for one in tables
        ],
        "query": kept.urlencode(),
        "books": [one.code for one in found.scope.providers][:1] if is_one else [],
        "is_over": found.period.is_over(now),
    }


def _tiles(found: Figures, rows_link: str) -> list[dict[str, object]]:
    """What is looked for first; what came leads to its rows."""
    counts, kept = found.counts, said(found.kept, get_language() or "kk")
    late = counts["overdue"] + counts["unanswered"]
    return [
        {"name": word("received"), "value": counts["received"], "link": rows_link},
        {"name": word("issued"), "value": counts["issued"]},
        {"name": word("refused"), "value": counts["refused"]},
        {"name": word("kept"), "value": kept},
        {"name": word("late_all"), "value": late, "is_late": late > 0},
    ]


def _look(table: Table, user: User) -> dict[str, object]:
    """A table in the language of the page; the first cell of a row is its head."""
    language = get_language() or "kk"
    href = reverse(LISTS[table.code]) if table.code in LISTS else ""
    return {
        "code": table.code,
        "title": table.title,
        "columns": [spoken(column) for column in table.columns],
        "rows": [
            (said(row[0], language), [said(cell, language) for cell in row[1:]])
            for row in table.rows
        ],
        "note": spoken(table.note),
        "link": href if href and may_open(user, href) else "",
    }


def _rows_link(found: Figures, *, is_whole: bool) -> str:
    """The list of the requests received, where its filters say the same: it knows no offices, and
    to an inspector it shows all organisations."""
    if found.scope.office is not None or not is_whole:
        return ""
    wanted = {"filed_from": f"{found.period.first}", "filed_to": f"{found.period.last}"}
    return f"{reverse('cases:requests')}?{urlencode(wanted)}"
