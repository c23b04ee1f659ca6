"""The register of a provider: list, export, one certificate, its file and its standing."""

import csv
from collections.abc import Callable, Iterator

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_http_methods, require_safe

from kualik.accounts.models import User
from kualik.accounts.queries import person_of
from kualik.accounts.services import record_look
from kualik.certificates import queries
from kualik.certificates.forms import RegisterForm, StandingForm
from kualik.certificates.models import Certificate, Preservation
from kualik.certificates.services import standing
from kualik.certificates.services.blanks import PRINT_ACTIONS
from kualik.certificates.services.checking import signature_of
from kualik.certificates.services.exporting import HEADER, export_line, record_export
from kualik.certificates.services.wording import (
    ACTION_LABELS,
    PROOF_LABELS,
    Labels,
    labels_of,
    sides,
)
from kualik.certificates.views.sending import sent_file
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.rules import facts as fact_rules
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import READERS, Role
from kualik.signatures.services.preserving import wait_text

KEEPERS = frozenset({Role.OFFICE_HEAD, Role.PROVIDER_ADMIN})
LABELS = {**ACTION_LABELS, **PRINT_ACTIONS}
PAGE = 50
CHUNK = 500
Status = Certificate.Status
ACTS: dict[str, tuple[frozenset[Status], Callable[..., None]]] = {
    "suspend": (frozenset({Status.VALID}), standing.suspend_certificate),
    "restore": (frozenset({Status.SUSPENDED}), standing.restore_certificate),
    "revoke": (frozenset({Status.VALID, Status.SUSPENDED}), standing.revoke_certificate),
}


@staff(*READERS)
@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """The list, fifty to a page, narrowed by the form above it."""
    form, found = _narrowed(request)
    if form.has_error("text", "iin"):
        messages.error(request, str(form.errors["text"][0]))
        return redirect("certificates:register")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    query.pop("lang", None)
    context = {
        "form": form,
        "page": page,
        "rows": [(row, _labels(row)) for row in page],
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "query": query.urlencode(),
        "shows_provider": person_of(request).provider_id is None,
    }
    return render(request, "certificates/register.html", context)


@staff(*READERS)
@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """The narrowed list as CSV for a spreadsheet; taking it out is written down."""
    form, found = _narrowed(request)
    if not form.is_valid():
        return redirect("certificates:register")
    user = person_of(request)
    actor = user.acting_as(role_of(user, READERS))
    now = clock.now()
    record_export(user=user, wanted=form.wanted(), rows=found.count(), actor=actor, now=now)
    response = StreamingHttpResponse(
        _lines(found, get_language() or "kk"), content_type="text/csv; charset=utf-8"
    )
    name = f"register-{clock.local_day(now):%Y-%m-%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@staff(*READERS)
@require_safe
def certificate(request: HttpRequest, number: str) -> HttpResponse:
    """One certificate: what it says, its life, its seal and its file."""
    row = _row(request, number)
    _looked(request, row)
    context = {
        "certificate": row,
        "sides": sides(fact_rules.from_record(row.facts)),
        "labels": _labels(row),
        "signature": signature_of(row),
        "proof": _proof(row),
        "life": [(line, LABELS.get(line.action)) for line in queries.life_of(row)],
        "replaces": Certificate.objects.filter(replaced_by=row).first(),
        "acts": _possible_acts(person_of(request), row),
    }
    return render(request, "certificates/certificate.html", context)


@staff(*READERS)
@require_safe
def file(request: HttpRequest, number: str) -> FileResponse:
    """The sealed file as it was stored; what is only prepared is no document and not given out."""
    row = _row(request, number)
    _looked(request, row)
    return sent_file(row.file if row.status in queries.SEALED else "", f"{row.number}.pdf")


@staff(*READERS)
@require_safe
def lasting_file(request: HttpRequest, number: str) -> FileResponse:
    """The same file with the proof that was added behind its end."""
    row = _row(request, number)
    _looked(request, row)
    found = queries.preservation_of(row)
    return sent_file(found.file if found else "", f"{row.number}-lasting.pdf")


@staff(*KEEPERS)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, number: str, act: str) -> HttpResponse:
    """Suspend, restore or revoke, with a reason that everyone who checks will read."""
    row = _row(request, number)
    if act not in ACTS:
        raise Http404
    if act not in _possible_acts(person_of(request), row):
        raise RuleViolation("conflict")
    form = StandingForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _changed(request, row, act, form):
        messages.success(request, gettext("The standing of the certificate is changed."))
        return redirect("certificates:certificate", number=row.number)
    context = {"certificate": row, "labels": _labels(row), "act": act, "form": form}
    return render(request, "certificates/change.html", context)


def _changed(request: HttpRequest, row: Certificate, act: str, form: StandingForm) -> bool:
    user = person_of(request)
    actor = user.acting_as(role_of(user, KEEPERS))
    _, service = ACTS[act]
    try:
        service(certificate=row, reason=form.reason(), actor=actor, now=clock.now())
    except RuleViolation as violation:
        form.add_error(None, errors.message(violation))
        return False
    return True


def _possible_acts(user: User, row: Certificate) -> list[str]:
    """What the person may do now: the head and the administrator, with their own register only."""
    if not user.has_role(KEEPERS) or user.provider_id != row.provider_id:
        return []
    return [act for act, (before, _) in ACTS.items() if row.status in before]


def _proof(row: Certificate) -> dict[str, object]:
    """The level reached, and in words what is still waited for."""
    found = queries.preservation_of(row) or Preservation()
    return {
        "row": found,
        "label": PROOF_LABELS[found.level],
        "waits": wait_text(found.fault) if found.fault else None,
    }


def _narrowed(request: HttpRequest) -> tuple[RegisterForm, QuerySet[Certificate]]:
    visible = queries.register_visible_to(person_of(request))
    form = RegisterForm(request.GET)
    signers = {signer.pk: signer.full_name for signer in queries.signers_of(visible)}
    form.offer(queries.years_of(visible), signers)
    return form, queries.narrowed(visible, form.wanted())


def _lines(found: QuerySet[Certificate], language: str) -> Iterator[str]:
    writer = csv.writer(_Line(), delimiter=";")
    yield "\ufeff" + writer.writerow([label.get(language) for label in HEADER])
    for row in found.iterator(chunk_size=CHUNK):
        yield writer.writerow(export_line(row, language))


class _Line:
    """Gives each line of ``csv.writer`` back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _labels(row: Certificate) -> Labels:
    return labels_of(status=row.status, kind=row.kind, paper=row.paper)


def _looked(request: HttpRequest, row: Certificate) -> None:
    """The person sees later who opened this."""
    user = person_of(request)
    actor, now = user.acting_as(role_of(user, READERS)), clock.now()
    record_look(person=row.person, what="certificate", about=row.number, actor=actor, now=now)


def _row(request: HttpRequest, number: str) -> Certificate:
    visible = queries.register_visible_to(person_of(request)).select_related("key", "replaced_by")
    return get_object_or_404(visible, number=number)
