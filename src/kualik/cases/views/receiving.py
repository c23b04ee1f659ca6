"""Receiving a document in two screens: everything as it will be printed, then one button."""

from base64 import b64encode
from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from kualik.accounts.models import Person
from kualik.accounts.queries import applicant_of, confirmed_phone, level_of, way_of
from kualik.accounts.services.entering import applicant as acting_applicant
from kualik.cases.forms.asking import WishForm
from kualik.cases.models import Draft, Request
from kualik.cases.queries.asking import Receivable, live_request_of, receivable
from kualik.cases.services.application import Wish, data_digest, printed_data
from kualik.cases.services.confirming import Confirmation, signed_confirmation
from kualik.cases.services.drafting import begin, find_draft, keep
from kualik.cases.services.receiving import Sight, receive, sight_of, text_to_confirm
from kualik.core import clock, errors
from kualik.core.access import applicant
from kualik.core.headers import reaching
from kualik.rules.errors import RuleViolation
from kualik.rules.phones import masked
from kualik.signatures.services.trusting import installation_fetcher, installation_trust

BY_KEY = "eds"
BY_CODE = "otp"
NOT_VALID = 422
read_and_send = require_http_methods(["GET", "HEAD", "POST"])


@applicant
@read_and_send
def receive_document(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything as it will be printed, the choices, and the one button."""
    person, now = applicant_of(request), clock.now()
    draft = _draft(request, person, pk, now)
    if draft.result:
        return to_result(draft.result)
    found = receivable(person, pk, now=now)
    if found is None:
        return _to_its_request(person, pk)
    sight = sight_of(found.completion, now=now)
    sent = request.POST if request.method == "POST" else None
    language = person.language or get_language() or "kk"
    form = WishForm(sent, results=sight.results, language=language)
    if sent is not None and form.is_valid():
        return _go_on(request, draft, found, form, now)
    context = _shown(request, found, sight) | {"form": form, "draft": draft}
    return render(request, "cases/receive.html", context, status=NOT_VALID if sent else 200)


@applicant
@sensitive_post_parameters("signature")
@read_and_send
def receive_signing(request: HttpRequest, pk: int) -> HttpResponse:
    """The text of the application, to be signed by the person's own key (A303.10.b)."""
    person, now = applicant_of(request), clock.now()
    draft = _draft(request, person, pk, now)
    if draft.result:
        return to_result(draft.result)
    found = receivable(person, pk, now=now)
    wish = _kept_wish(draft, found)
    if found is None or wish is None or level_of(request) != BY_KEY:
        return redirect("cases:receive", pk)
    content = text_to_confirm(found.completion, wish, draft=draft, now=now)
    if request.method != "POST":
        context = signing_context(content) | {"draft": draft, "completion": found.completion}
        page = render(request, "cases/receive_sign.html", context)
        return reaching(page, settings.NCALAYER_URL)
    try:
        confirmation = signature_over(request, content, person, now)
        # The text that was signed names all the data, so it is itself what was seen.
        seen = data_digest(found.completion)
        filed = _file(draft, found, wish, seen, confirmation, person, now)
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
        return redirect("cases:receive_sign", pk)
    return to_result(filed.number)


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


def signing_context(content: str) -> dict[str, object]:
    """What the page needs to have a text signed by NCALayer."""
    return {
        "text": content,
        "content": b64encode(content.encode()).decode(),
        "ncalayer": settings.NCALAYER_URL,
        "chain": "test" if settings.DEMO else "production",
    }


def to_result(number: str) -> HttpResponse:
    """The page of what was filed."""
    return redirect("cases:own_request", number)


def _draft(request: HttpRequest, person: Person, pk: int, now: datetime) -> Draft:
    """The form's own draft; 404 for a key that is somebody else's or another form's."""
    kind = f"receive:{pk}"
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
    if request.POST.get("do") == "sign":
        keep(draft=draft, data=form.cleaned_data, now=now)
        return redirect("cases:receive_sign", found.completion.pk)
    wish = _of_principal(form.wish(), found)
    content = text_to_confirm(found.completion, wish, draft=draft, now=now)
    try:
        confirmation = confirmed_by(request, content, person)
        filed = _file(draft, found, wish, seen, confirmation, person, now)
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
        return redirect("cases:receive", found.completion.pk)
    return to_result(filed.number)


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


def _of_principal(wish: Wish, found: Receivable) -> Wish:
    """The wish with the power of attorney under which it is filed, if any."""
    return Wish(
        paper=wish.paper, language=wish.language, delivery=wish.delivery, mandate=found.mandate
    )


def _kept_wish(draft: Draft, found: Receivable | None) -> Wish | None:
    """What was chosen before signing; None when nothing was."""
    given = {name: str(draft.data.get(name, "")) for name in ("paper", "language", "delivery")}
    if found is None or not all(given.values()):
        return None
    wish = Wish(paper=given["paper"], language=given["language"], delivery=given["delivery"])
    return _of_principal(wish, found)


def _shown(request: HttpRequest, found: Receivable, sight: Sight) -> dict[str, object]:
    return {
        "completion": found.completion,
        "mandate": found.mandate,
        "sight": sight,
        "lines": printed_data(found.completion),
        "may_sign": level_of(request) == BY_KEY,
        "is_in_hours": sight.term.accepted_at == sight.term.filed_at,
    }
