"""The judged list, looked at, marked and imported."""

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kualik.core import clock, errors
from kualik.core.access import staff
from kualik.rules.errors import RuleViolation
from kualik.training.models import ImportDraft
from kualik.training.queries import groups_of
from kualik.training.services import discard_import, preview_import, remarks_workbook
from kualik.training.services.check import VERDICTS
from kualik.training.services.dry_run import (
    Waiting,
    begin_import,
    dry_run,
    edition_on,
    forget_dry_run,
    import_failure,
    import_progress,
    state_key,
)
from kualik.training.services.showing import DryRun
from kualik.training.views.lists import open_draft
from kualik.training.views.marks import Marks
from kualik.training.views.own import OFFICE, actor_of, draft_of, may_file, page_of, provider_of
from kualik.training.views.table import columns_of, filters_of, rows_of

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
REFRESH_SECONDS: Final = "2"


@staff(*OFFICE)
@open_draft
def preview(request: HttpRequest, draft: ImportDraft) -> HttpResponse:
    """The table of the dry run; a waiting page while a long list is checked or imported."""
    now = clock.now()
    importing = import_progress(draft=draft, now=now)
    if importing:
        return _wait(request, draft, importing, is_import=True)
    failure = import_failure(draft=draft)
    if failure:
        messages.error(request, errors.message(failure))
    try:
        found = dry_run(draft=draft, now=now)
    except RuleViolation as violation:
        if violation.code != "list_needs_column":
            raise
        messages.error(request, errors.message(violation))
        return redirect("training:columns", draft.pk)
    if isinstance(found, Waiting):
        return _wait(request, draft, found, is_import=False)
    if found.missing:
        return redirect("training:answers", draft.pk)
    return _table(request, draft, found)


def _wait(
    request: HttpRequest, draft: ImportDraft, waiting: Waiting, *, is_import: bool
) -> HttpResponse:
    context = {"draft": draft, "waiting": waiting, "is_import": is_import}
    response = render(request, "training/waiting.html", context)
    # A header and not a tag: pages that announce a refresh in their markup fail assistive tools.
    response.headers["Refresh"] = REFRESH_SECONDS
    return response


def _table(request: HttpRequest, draft: ImportDraft, found: DryRun) -> HttpResponse:
    shown = request.GET.get("show", "")
    shown = shown if shown in VERDICTS else ""
    marks = Marks(request.session, draft, state_key(draft, clock.local_day(clock.now())))
    page = page_of(request, found.of(shown))
    context = {
        "draft": draft,
        "shown": shown,
        "page": page,
        "columns": columns_of(found),
        "rows": rows_of(found, page, marks.rows),
        "filters": filters_of(found, shown),
        "ready": found.counts["ready"],
        "attention": found.counts["attention"],
        "known": found.counts["known"],
        "marked": len(marks.rows),
        "taken": found.counts["ready"] + len(marks.rows),
        "can_mark": any(row.verdict == "attention" for row in page),
    }
    return render(request, "training/preview.html", context)


@staff(*OFFICE)
@require_POST
@open_draft
def mark(request: HttpRequest, draft: ImportDraft) -> HttpResponse:
    """Keep the ticks of one page of the table, then go where the person wanted."""
    found = dry_run(draft=draft, now=clock.now())
    if isinstance(found, DryRun):
        _keep_marks(request, draft, found)
    wanted = request.POST.get("next", "")
    query = wanted if wanted.startswith("?") else ""
    return redirect(reverse("training:preview", args=[draft.pk]) + query)


def _keep_marks(request: HttpRequest, draft: ImportDraft, found: DryRun) -> Marks:
    marks = Marks(request.session, draft, state_key(draft, clock.local_day(clock.now())))
    marks.keep(
        shown=request.POST.getlist("shown"),
        ticked=request.POST.getlist("take"),
        all_shown=request.POST.get("do") == "all",
        attention={row.number for row in found.of("attention")},
    )
    return marks


@staff(*OFFICE)
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Import the ready rows and the ticked ones; a second time it only shows the result."""
    draft = draft_of(request, pk)
    now = clock.now()
    if draft.imported_at or import_progress(draft=draft, now=now):
        return redirect("training:preview", pk)
    found = dry_run(draft=draft, now=now)
    if isinstance(found, Waiting) or found.missing:
        return redirect("training:preview", pk)
    marks = _keep_marks(request, draft, found)
    if not (found.counts["ready"] or found.counts["known"] or marks.rows):
        messages.error(request, _("No row can be imported yet: tick those you looked at."))
        return redirect("training:preview", pk)
    try:
        begin_import(
            draft=draft,
            actor=actor_of(request),
            accept_attention=marks.rows,
            offers=request.POST.get("offers") == "yes",
            now=now,
        )
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    return redirect("training:preview", pk)


@staff(*OFFICE)
@require_POST
@open_draft
def discard(request: HttpRequest, draft: ImportDraft) -> HttpResponse:
    """Give the list up; its file is deleted."""
    now = clock.now()
    forget_dry_run(draft=draft, now=now)
    discard_import(draft=draft, actor=actor_of(request), now=now)
    messages.success(request, _("The list was deleted; nothing of it was saved."))
    return redirect("training:import")


@staff(*OFFICE)
@open_draft
def remarks(_request: HttpRequest, draft: ImportDraft) -> HttpResponse:
    """The office's own list with the remarks beside its rows."""
    today = clock.local_day(clock.now())
    found = preview_import(draft=draft, today=today, edition=edition_on(today))
    content = remarks_workbook(
        checked=found.checked, grid=found.grid, language=get_language() or "kk"
    )
    name = f"list-{draft.pk}-remarks.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=XLSX, headers=headers)


@staff(*OFFICE)
def result(request: HttpRequest, pk: int) -> HttpResponse:
    """What became of the rows, and the way to filing."""
    draft = draft_of(request, pk)
    if not draft.imported_at:
        return redirect("training:preview", pk)
    groups = groups_of(provider_of(request)).filter(pk__in=draft.result["groups"])
    context = {
        "draft": draft,
        "counts": draft.result,
        "groups": groups,
        "may_file": may_file(request),
    }
    return render(request, "training/result.html", context)
