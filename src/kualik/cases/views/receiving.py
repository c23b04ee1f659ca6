"""Receiving a document in two screens: everything as it will be printed, then one button."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from kualik.accounts.models import Person
from kualik.accounts.queries import applicant_of, confirmed_phone, level_of, way_of
from kualik.accounts.services.entering import applicant as acting_applicant
from kualik.cases.forms.asking import WishForm
from kualik.cases.forms.keeping import keeps_typed, words_of
from kualik.cases.models import Attachment, Draft, Request
from kualik.cases.queries.asking import Receivable, live_request_of, receivable, was_refused
from kualik.cases.services.application import (
    Line,
    Wish,
    data_digest,
    for_programs,
    for_the_eye,
    printed_data,
    written,
)
from kualik.cases.services.attaching import scans_of
from kualik.cases.services.confirming import Confirmation, signed_confirmation
from kualik.cases.services.drafting import begin, find_draft, keep
from kualik.cases.services.receiving import Sight, lines_to_confirm, receive, sight_of
from kualik.cases.views.enclosing import drop_scan, take_scans
from kualik.core import clock, errors
from kualik.core.access import applicant
from kualik.core.headers import reaching
from kualik.core.uploads import SCANS, takes_scans
from kualik.rules.errors import RuleViolation
from kualik.rules.phones import masked
from kualik.signatures.services.trusting import installation_fetcher, installation_trust

BY_KEY = "eds"
BY_CODE = "otp"
NOT_VALID = 422
KIND = "receive:{pk}"
read_and_send = require_http_methods(["GET", "HEAD", "POST"])


@applicant
@takes_scans
@read_and_send
@keeps_typed(KIND, words_of("paper", "language", "delivery", "note"))
def receive_document(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything as it will be printed, the choices, and the one button."""
    person, now = applicant_of(request), clock.now()
    found = receivable(person, pk, now=now)
    if found is None and request.method != "POST":
        return _to_its_request(person, pk)
    draft = _draft(request, person, pk, now)
    if draft.result:
        return to_result(draft.result)
    if found is None:
        return _to_its_request(person, pk)
    sight = sight_of(found.completion, now=now)
    sent = request.POST if request.method == "POST" else None
    form = _wish_form(sent, found, sight, draft)
    if request.method == "POST" and _is_whole(request, form, draft, now):
        return _go_on(request, draft, found, form, now)
    context = _shown(request, found, sight) | {"form": form, "draft": draft}
    context |= {"scans": scans_of(draft), "scans_left": SCANS - len(scans_of(draft))}
    status = NOT_VALID if request.method == "POST" else 200
    return render(request, "cases/receive.html", context, status=status)


@applicant
@sensitive_post_parameters("signature")
@read_and_send
def receive_signing(request: HttpRequest, pk: int) -> HttpResponse:
    """The text of the application, to be signed by the person's own key (A303.10.b)."""
    person, now = applicant_of(request), clock.now()
    found = receivable(person, pk, now=now)
    if found is None and request.method != "POST":
        return redirect("cases:receive", pk)
    draft = _draft(request, person, pk, now)
    if draft.result:
        return to_result(draft.result)
    wish = _kept_wish(draft, found, now) if found else None
    if found is None or wish is None or level_of(request) != BY_KEY:
        return redirect("cases:receive", pk)
    lines = lines_to_confirm(found.completion, wish, draft=draft, now=now)
    if request.method != "POST":
        context = signing_context(lines) | {"draft": draft, "completion": found.completion}
        return reaching(render(request, "cases/receive_sign.html", context), settings.NCALAYER_URL)
    try:
        confirmation = signature_over(request, written(lines), person, now)
        # The text that was signed names all the data, so it is itself what was seen.
        filed = _file(draft, found, wish, data_digest(found.completion), confirmation, person, now)
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
        return redirect("cases:receive_sign", pk)
    return filed_now(request, filed.number)


def confirmed_by(request: HttpRequest, content: str, person: Person) -> Confirmation:
    """The confirmation by whoever entered: which level, which way, by which number."""
    level = level_of(request)
    phone = masked(confirmed_phone(person)) if level == BY_CODE else ""
    facts = {"phone": phone} if phone else {}
    return Confirmation(content=content, level=level, way=way_of(request), facts=facts)


def signature_over(
    request: HttpRequest, content: str, person: Person, now: datetime
) -> Confirmation:
    """The confirmation by the signature that was sent. Raises what ``signed_confirmation`` does."""
    return signed_confirmation(
        content=content,
        signature=request.POST.get("signature", ""),
        way="ncalayer",
        person=person,
        trust=installation_trust(),
        fetcher=installation_fetcher(),
        now=now,
    )


def signing_context(lines: Sequence[Line]) -> dict[str, object]:
    """What the page needs to show an application and to have it signed by NCALayer."""
    content = written(lines)
    return {
        "text": content,
        "lines": for_the_eye(lines),
        "for_programs": for_programs(lines),
        "content": b64encode(content.encode()).decode(),
        "ncalayer": settings.NCALAYER_URL,
        "chain": "test" if settings.DEMO else "production",
    }


def to_result(number: str) -> HttpResponse:
    """The page of what was filed."""
    return redirect("cases:own_request", number)


def filed_now(request: HttpRequest, number: str) -> HttpResponse:
    """The same, with the good news."""
    messages.success(request, _("Your request is filed."))
    return to_result(number)


def _draft(request: HttpRequest, person: Person, pk: int, now: datetime) -> Draft:
    """The form's own draft; 404 for a key that is somebody else's or another form's."""
    kind = KIND.format(pk=pk)
    if request.method != "POST":
        return begin(person=person, kind=kind, now=now)
    found = find_draft(person=person, kind=kind, key=request.POST.get("key", ""))
    if found is None:
        raise Http404
    return found


def _to_its_request(person: Person, pk: int) -> HttpResponse:
    taken = live_request_of(person, pk)
    if taken is None:
        raise Http404
    return to_result(taken.number)


def _go_on(
    request: HttpRequest, draft: Draft, found: Receivable, form: WishForm, now: datetime
) -> HttpResponse:
    """File at once, or keep the choices and show what is to be signed."""
    person, seen = applicant_of(request), request.POST.get("seen", "")
    keep(draft=draft, data=form.typed(), now=now)
    if _is_writing(request):
        return redirect("cases:receive", found.completion.pk)
    if request.POST.get("do") == "sign":
        return redirect("cases:receive_sign", found.completion.pk)
    wish = _wish(form, found)
    content = written(lines_to_confirm(found.completion, wish, draft=draft, now=now))
    try:
        confirmation = confirmed_by(request, content, person)
        filed = _file(draft, found, wish, seen, confirmation, person, now)
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
        return redirect("cases:receive", found.completion.pk)
    return filed_now(request, filed.number)


def _file(
    draft: Draft,
    found: Receivable,
    wish: Wish,
    seen: str,
    confirmation: Confirmation,
    person: Person,
    now: datetime,
) -> Request:
    return receive(
        draft=draft,
        completion=found.completion,
        wish=wish,
        seen=seen,
        confirmation=confirmation,
        channel=Request.Channel.WEB,
        actor=acting_applicant(person),
        now=now,
    )


def _is_writing(request: HttpRequest) -> bool:
    """Whether a file was only attached or taken back."""
    return request.POST.get("do") == "attach" or "drop" in request.POST


def _is_whole(request: HttpRequest, form: WishForm, draft: Draft, now: datetime) -> bool:
    """Keep the papers that answer a refusal; whether all is there to go on."""
    form.is_valid()
    if form.answers_refusal:
        take_scans(
            request, form, person=draft.person, purpose=Attachment.Purpose.OTHER, draft=draft,
            now=now,
        )  # fmt: skip
        drop_scan(request, draft)
    return form.is_valid()


def _wish_form(
    typed: Mapping[str, object] | None, found: Receivable, sight: Sight, draft: Draft
) -> WishForm:
    return WishForm(
        typed,
        results=sight.results,
        language=draft.person.language or get_language() or "kk",
        kept={name: value for name, value in draft.data.items() if value},
        answers_refusal=was_refused(found.completion),
    )


def _kept_wish(draft: Draft, found: Receivable, now: datetime) -> Wish | None:
    """What was chosen before, if it is a choice still."""
    form = _wish_form(draft.data, found, sight_of(found.completion, now=now), draft)
    return _wish(form, found) if form.is_valid() else None


def _wish(form: WishForm, found: Receivable) -> Wish:
    """What the valid form chose, under the power of attorney by which it is filed, if any."""
    return Wish(**form.typed(), mandate=found.mandate)


def _shown(request: HttpRequest, found: Receivable, sight: Sight) -> dict[str, object]:
    return {
        "completion": found.completion,
        "mandate": found.mandate,
        "sight": sight,
        "lines": printed_data(found.completion),
        "may_sign": level_of(request) == BY_KEY,
        "is_in_hours": sight.term.accepted_at == sight.term.filed_at,
    }
