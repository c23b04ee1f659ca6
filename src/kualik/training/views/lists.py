"""A list comes in: the file, its columns, what it does not hold."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kualik.core import clock, errors
from kualik.core.access import staff
from kualik.rules.errors import RuleViolation
from kualik.training.forms import ASKED, SPECIALTIES, ColumnsForm, GroupForm, UploadForm
from kualik.training.models import ImportDraft
from kualik.training.queries import drafts_of, programmes_of
from kualik.training.services import (
    ColumnMapping,
    answer_for_group,
    choose_sheet,
    correct_mapping,
    start_import,
)
from kualik.training.services.dry_run import Waiting, dry_run, edition_on, look_at_columns
from kualik.training.views.own import OFFICE, actor_of, draft_of, provider_of

RECENT = 20
DraftView = Callable[[HttpRequest, ImportDraft], HttpResponse]


def open_draft(view: DraftView) -> Callable[[HttpRequest, int], HttpResponse]:
    """Gives the view its list; one that was imported leads to its result."""

    @wraps(view)
    def opened(request: HttpRequest, pk: int) -> HttpResponse:
        draft = draft_of(request, pk)
        if draft.imported_at:
            return redirect("training:result", pk)
        return view(request, draft)

    return opened


@staff(*OFFICE)
def upload(request: HttpRequest) -> HttpResponse:
    """The way in, and what became of the lists before."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        draft = _start(request, form)
        if draft:
            return redirect("training:columns", draft.pk)
    recent = drafts_of(provider_of(request))[:RECENT]
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "training/upload.html", {"form": form, "recent": recent}, status=status)


def _start(request: HttpRequest, form: UploadForm) -> ImportDraft | None:
    file = form.cleaned_data["file"]
    try:
        return start_import(
            provider=provider_of(request),
            actor=actor_of(request),
            filename=file.name,
            content=file.read(),
            now=clock.now(),
        )
    except RuleViolation as violation:
        form.add_error("file", errors.message(violation))
        return None


@staff(*OFFICE)
@open_draft
def columns(request: HttpRequest, draft: ImportDraft) -> HttpResponse:
    """What each column was taken for, to be corrected."""
    mapping = ColumnMapping.from_record(draft.mapping)
    form = ColumnsForm(request.POST or None, mapping=mapping)
    if request.method == "POST" and form.is_valid():
        changes = form.changes()
        if changes:
            correct_mapping(draft=draft, changes=changes, now=clock.now())
        return redirect("training:preview", draft.pk)
    shown = look_at_columns(draft=draft)
    context = {
        "draft": draft,
        "form": form,
        "shown": shown,
        "header_row": mapping.header_row,
        "columns": [(column, form[column.letter]) for column in shown.columns],
        "unknown": mapping.unknown,
        "unused": mapping.unused,
    }
    status = 422 if form.is_bound else 200
    return render(request, "training/columns.html", context, status=status)


@staff(*OFFICE)
@require_POST
@open_draft
def sheet(request: HttpRequest, draft: ImportDraft) -> HttpResponse:
    """Another sheet of the workbook."""
    try:
        choose_sheet(draft=draft, sheet=request.POST.get("sheet", ""))
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    return redirect("training:columns", draft.pk)


@staff(*OFFICE)
@open_draft
def group_answers(request: HttpRequest, draft: ImportDraft) -> HttpResponse:
    """What the list lacks, asked once."""
    now = clock.now()
    found = dry_run(draft=draft, now=now)
    if isinstance(found, Waiting):
        return redirect("training:preview", draft.pk)
    listed = ColumnMapping.from_record(draft.mapping).fields
    form = GroupForm(
        request.POST or None,
        initial=draft.defaults,
        asked=[name for name in ASKED if name in found.missing or name in draft.defaults],
        listed=[name for name in SPECIALTIES if name in listed],
        programmes=programmes_of(draft.provider).filter(is_active=True),
        edition=edition_on(clock.local_day(now)),
    )
    if request.method == "POST" and form.is_valid():
        answer_for_group(draft=draft, defaults=form.defaults())
        messages.success(request, _("The answers are kept for the whole list."))
        return redirect("training:preview", draft.pk)
    status = 422 if form.is_bound else 200
    return render(request, "training/answers.html", {"draft": draft, "form": form}, status=status)
