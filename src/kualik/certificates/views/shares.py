"""Links to own documents: made and ended by their owner, opened by anybody who has one."""

import secrets
from typing import TypeVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from kualik.accounts.models import Person
from kualik.accounts.queries import applicant_of
from kualik.accounts.services import applicant as acting
from kualik.certificates.forms import ShareForm
from kualik.certificates.models import Certificate
from kualik.certificates.queries import shares_of
from kualik.certificates.services.sharing import (
    Wish,
    end_share,
    offer_share,
    open_share,
    open_shared_file,
    share_address,
    shown_once,
)
from kualik.certificates.services.transcripts import line_of
from kualik.certificates.views.own import own_row
from kualik.certificates.views.public import unlisted
from kualik.certificates.views.sending import sent_file
from kualik.core import clock, errors
from kualik.core.access import applicant, public
from kualik.core.methods import post_only
from kualik.core.qr import qr_code
from kualik.core.throttle import address_of
from kualik.rules.errors import RuleViolation

Answer = TypeVar("Answer", bound=HttpResponseBase)
# Where the session keeps the secret of a new link until the next page shows it.
NEW_LINK = "new_share"
SHOWN = 100
NOT_FOUND = 404


@applicant
@require_http_methods(["GET", "HEAD", "POST"])
def shares(request: HttpRequest) -> HttpResponse:
    """The own links; a new one for all documents."""
    return _page(request, None)


@applicant
@require_http_methods(["GET", "HEAD", "POST"])
def share_document(request: HttpRequest, number: str) -> HttpResponse:
    """The same with a new link for one document."""
    return _page(request, own_row(request, number))


@applicant
@post_only("certificates:shares")
def share_end(request: HttpRequest, pk: int) -> HttpResponse:
    """The owner ends a link; anybody else's is 404."""
    person = applicant_of(request)
    share = get_object_or_404(shares_of(person), pk=pk)
    end_share(share=share, actor=acting(person), now=clock.now())
    messages.success(request, gettext("The link does not work any more."))
    return redirect("certificates:shares")


@public
@never_cache
@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """What a link shows; the same page for every link that does not work."""
    try:
        found = open_share(token=token, address=address_of(request), now=clock.now())
    except RuleViolation as violation:
        return _refused(request, violation)
    lines = [line_of(row) for row in found.documents]
    context = {"share": found.share, "lines": lines, "token": token}
    return _secret(render(request, "certificates/shared.html", context))


@public
@never_cache
@require_safe
def shared_file(request: HttpRequest, token: str, number: str) -> HttpResponseBase:
    """The sealed PDF of a document behind a link that gives files out."""
    where = address_of(request)
    try:
        row = open_shared_file(token=token, number=number, address=where, now=clock.now())
    except RuleViolation as violation:
        return _refused(request, violation)
    return _secret(sent_file(row.file, f"{row.number}.pdf"))


def _page(request: HttpRequest, row: Certificate | None) -> HttpResponse:
    person, now = applicant_of(request), clock.now()
    number = row.number if row else ""
    form = ShareForm(request.POST or None, number=number, initial={"key": _new_key()})
    if form.is_valid() and _offered(request, form, person, row):
        return redirect(request.path)
    context = {
        "form": form,
        "row": row,
        "now": now,
        "shares": list(shares_of(person)[:SHOWN]),
        "new": _new_link(request, person),
    }
    return render(request, "certificates/share.html", context)


def _offered(
    request: HttpRequest, form: ShareForm, person: Person, row: Certificate | None
) -> bool:
    """Whether a link was made; else the form says why not."""
    data = form.cleaned_data
    wish = Wish(
        certificate=row if data.get("scope", "all") == "this" else None,
        days=data["days"],
        with_files=data["may"] == "take",
        label=data["label"],
    )
    try:
        request.session[NEW_LINK] = offer_share(
            person=person, wish=wish, key=data["key"], actor=acting(person), now=clock.now()
        )
    except RuleViolation as violation:
        form.add_error(None, errors.message(violation))
        return False
    return True


def _new_link(request: HttpRequest, person: Person) -> dict[str, object]:
    """The link that was just made, told once; nothing when the page is opened again."""
    token = request.session.pop(NEW_LINK, "") if request.method == "GET" else ""
    share = shown_once(person, token, now=clock.now()) if token else None
    if share is None:
        return {}
    address = share_address(token)
    return {"share": share, "address": address, "qr": qr_code(address)}


def _new_key() -> str:
    return secrets.token_urlsafe(24)


def _refused(request: HttpRequest, violation: RuleViolation) -> HttpResponse:
    if violation.code != "share_unknown":
        raise violation
    return _secret(render(request, "certificates/share_over.html", status=NOT_FOUND))


def _secret(response: Answer) -> Answer:
    """Nobody keeps the page, nor learns its address from a link on it."""
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "private, no-store"
    return unlisted(response)
