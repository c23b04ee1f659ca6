"""Letters as downloads: for whom they are written, and for staff (A57.10-2, A303.9)."""

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kualik.accounts.models import User
from kualik.accounts.queries import applicant_of, person_of
from kualik.certificates.models import Letter
from kualik.certificates.queries import (
    MENDS_OPERATORS,
    letters_of,
    letters_visible_to,
    life_of_letter,
)
from kualik.certificates.services.letters import (
    faults_of,
    states_of,
    text_in,
    title_of,
    try_again,
)
from kualik.certificates.services.letters.checking import signature_of_letter
from kualik.certificates.services.letters.showing import LETTER_ACTIONS
from kualik.certificates.views.sending import sent_file, sent_letter_bundle
from kualik.core import clock, errors
from kualik.core.access import applicant, role_of, staff
from kualik.core.methods import post_only
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import READERS, Role

MAKERS = READERS - {Role.CLERK, Role.INSPECTOR}


@applicant
@require_safe
def own_letter(request: HttpRequest, number: str) -> FileResponse:
    """The PDF."""
    return _sent(_own(request, number))


@applicant
@require_safe
def own_letter_signature(request: HttpRequest, number: str) -> FileResponse:
    """The person's signature beside it; none where the organisation sealed alone."""
    return _sent_signature(_own(request, number))


@applicant
@require_safe
def own_letter_bundle(request: HttpRequest, number: str) -> HttpResponse:
    """Both in one archive."""
    return sent_letter_bundle(_own(request, number))


@staff(*READERS, *MENDS_OPERATORS)
@require_safe
def letter(request: HttpRequest, number: str) -> HttpResponse:
    """One letter: whose, about what, where it stands, who signed."""
    user, row = person_of(request), _visible(request, number)
    context = {
        "letter": row,
        "title": title_of(row),
        "applicant": text_in(row.facts, "applicant"),
        "state": states_of([row])[row.number],
        "fault": faults_of([row]).get(row.number),
        "may_try": _may_try(user, row),
        "void": text_in(row.facts, "void"),
        "signature": signature_of_letter(row),
        "by_handler": row.kind == Letter.Kind.DECISION,
        "life": [(line, LETTER_ACTIONS.get(line.action)) for line in life_of_letter(row)],
    }
    return render(request, "certificates/letter.html", context)


@staff(*MAKERS, *MENDS_OPERATORS)
@post_only("certificates:letter", "number")
def letter_again(request: HttpRequest, number: str) -> HttpResponse:
    """Its file could not be made and is tried once more."""
    user, row = person_of(request), _visible(request, number)
    if not _may_try(user, row):
        raise Http404
    actor = user.acting_as(role_of(user, _makers(row)))
    try:
        try_again(letter=row, actor=actor, now=clock.now())
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    else:
        messages.success(request, _("The letter is being made anew; look again in a minute."))
    return redirect("certificates:letter", number) if row.provider_id else redirect("cases:tasks")


@staff(*READERS)
@require_safe
def letter_file(request: HttpRequest, number: str) -> FileResponse:
    """The PDF; what waits for a signature is no document and not given out."""
    return _sent(_visible(request, number))


@staff(*READERS)
@require_safe
def letter_signature(request: HttpRequest, number: str) -> FileResponse:
    """The detached CMS."""
    return _sent_signature(_visible(request, number))


@staff(*READERS)
@require_safe
def letter_bundle(request: HttpRequest, number: str) -> HttpResponse:
    """Both in one archive."""
    return sent_letter_bundle(_visible(request, number))


def _own(request: HttpRequest, number: str) -> Letter:
    """A letter of the visitor; anybody else's is 404."""
    return get_object_or_404(letters_of(applicant_of(request)), number=number)


def _visible(request: HttpRequest, number: str) -> Letter:
    return get_object_or_404(letters_visible_to(person_of(request)), number=number)


def _makers(row: Letter) -> frozenset[Role]:
    """Who may have the file made once more: the organisation's own staff, or the operator's."""
    return MAKERS if row.provider_id else MENDS_OPERATORS


def _may_try(user: User, row: Letter) -> bool:
    return user.provider_id == row.provider_id and user.has_role(_makers(row))


def _sent(row: Letter) -> FileResponse:
    if row.signed_at is None:
        raise Http404
    return sent_file(row.file, f"{row.number}.pdf")


def _sent_signature(row: Letter) -> FileResponse:
    return sent_file(row.signature, f"{row.number}.pdf.p7s", "application/pkcs7-signature")
