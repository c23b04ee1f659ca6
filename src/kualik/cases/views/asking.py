"""My programme is not here: what a person says of the training, looked at once more, then filed."""

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.views.decorators.debug import sensitive_post_parameters

from kualik.accounts.models import Person
from kualik.accounts.queries import applicant_of, confirmed_phone, level_of
from kualik.accounts.services.entering import applicant as acting_applicant
from kualik.cases.forms.asking import ClaimForm, ProviderForm
from kualik.cases.forms.keeping import keeps_typed, words_of
from kualik.cases.models import Attachment, Draft, Request
from kualik.cases.services.application import Line, written
from kualik.cases.services.attaching import drop_attachment, keep_attachment, scans_of, too_large
from kualik.cases.services.claiming import file_claim, lines_of_claim, term_of_claim
from kualik.cases.services.drafting import begin, find_draft, keep
from kualik.cases.views.receiving import (
    BY_KEY,
    NOT_VALID,
    confirmed_by,
    filed_now,
    read_and_send,
    signature_over,
    signing_context,
    to_result,
)
from kualik.core import clock, errors
from kualik.core.access import applicant
from kualik.core.headers import reaching
from kualik.core.language import spoken
from kualik.core.uploads import SCANS, is_any_too_large, takes_scans
from kualik.providers.models import Provider
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.spelling import alphabetical
from kualik.training.queries import programmes_of

KIND = "claim"
TYPED = frozenset(ClaimForm.base_fields) | {"provider"}
typed = words_of(*sorted(TYPED))


@applicant
@takes_scans
@read_and_send
@keeps_typed(KIND, typed)
def ask(request: HttpRequest) -> HttpResponse:
    """Provider first, then the training; what is typed and attached is kept at every press."""
    person, now = applicant_of(request), clock.now()
    draft = _draft(request, person, now)
    if draft.result:
        return to_result(draft.result)
    _prefill(request, draft, now)
    provider = _provider(request, draft)
    if provider is None:
        where = ProviderForm(None, providers=sorted(Provider.objects.all(), key=_by_name))
        return render(request, "cases/ask_where.html", {"form": where})
    if request.method != "POST":
        return _form_page(request, draft, provider, _form(None, draft, provider, person, now))
    keep(draft=draft, data=typed(request, draft), now=now)
    is_kept = _keep_scans(request, draft, now)
    if request.POST.get("do") != "continue" or not is_kept:
        return redirect("cases:ask")
    form = _form(request.POST, draft, provider, person, now)
    if form.is_valid():
        return redirect("cases:ask_check")
    return _form_page(request, draft, provider, form)


@applicant
@sensitive_post_parameters("signature")
@read_and_send
def ask_check(request: HttpRequest) -> HttpResponse:
    """The whole application once more, then it is confirmed or signed."""
    person, now = applicant_of(request), clock.now()
    draft = _draft(request, person, now)
    if draft.result:
        return to_result(draft.result)
    provider = _provider(request, draft)
    form = None if provider is None else _form(draft.data, draft, provider, person, now)
    if provider is None or form is None or not form.is_valid():
        return redirect("cases:ask")
    if request.method != "POST":
        return _check_page(request, draft, provider, form, now)
    try:
        number = _file(request, draft, provider, form, now)
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
        return redirect("cases:ask_check")
    return filed_now(request, number)


def _draft(request: HttpRequest, person: Person, now: datetime) -> Draft:
    """What the person began; 404 for a key that is somebody else's or another form's."""
    if request.method != "POST":
        return begin(person=person, kind=KIND, now=now)
    found = find_draft(person=person, kind=KIND, key=request.POST.get("key", ""))
    if found is None:
        raise Http404
    return found


def _by_name(provider: Provider) -> tuple[int, ...]:
    return alphabetical(spoken(provider.name))


def _prefill(request: HttpRequest, draft: Draft, now: datetime) -> None:
    """Begin with what an own earlier claim said, when the person asks again."""
    number = request.GET.get("again", "")
    if not number or draft.data:
        return
    earlier = Request.objects.filter(person=draft.person, number=number, completion=None).first()
    if earlier is None:
        raise Http404
    wishes = {"paper": earlier.paper, "language": earlier.language, "delivery": earlier.delivery}
    claim = {name: value for name, value in (earlier.claim or {}).items() if name in TYPED}
    keep(draft=draft, data={**claim, **wishes, "provider": earlier.provider.code}, now=now)


def _provider(request: HttpRequest, draft: Draft) -> Provider | None:
    """The provider named by the form or the address, else the one kept in the draft."""
    kept = draft.data.get("provider", "")
    if request.method == "POST":
        code = request.POST.get("provider", kept)
        return get_object_or_404(Provider, code=code) if code else None
    code = request.GET.get("provider", kept)
    return Provider.objects.filter(code=code).first()


def _form(
    data: Mapping[str, object] | None,
    draft: Draft,
    provider: Provider,
    person: Person,
    now: datetime,
) -> ClaimForm:
    language = person.language or get_language() or "kk"
    initial = {
        "phone": confirmed_phone(person),
        "email": person.email,
        "language": language if language in ("kk", "ru") else "kk",
    }
    kept = {name: value for name, value in draft.data.items() if value}
    programmes = programmes_of(provider).filter(is_active=True)
    initial = {**initial, **kept}
    return ClaimForm(data, programmes=list(programmes), now=now, initial=initial)


def _keep_scans(request: HttpRequest, draft: Draft, now: datetime) -> bool:
    """Keep what was attached, drop what was taken back; False when a file was not taken."""
    wrong = {too_large().code: too_large()} if is_any_too_large(request) else {}
    for upload in request.FILES.getlist("scans"):
        try:
            keep_attachment(
                person=draft.person,
                purpose=Attachment.Purpose.TRAINING,
                upload=upload,
                now=now,
                draft=draft,
            )
        except RuleViolation as violation:
            wrong[violation.code] = violation
    dropped = request.POST.get("drop", "")
    if dropped.isdigit():
        rows = Attachment.objects.filter(draft=draft, person=draft.person)
        drop_attachment(attachment=get_object_or_404(rows, pk=dropped))
    for found in wrong.values():
        messages.error(request, errors.message(found))
    return not wrong and not dropped


def _form_page(
    request: HttpRequest, draft: Draft, provider: Provider, form: ClaimForm
) -> HttpResponse:
    scans = scans_of(draft)
    context = {
        "form": form,
        "draft": draft,
        "provider": provider,
        "scans": scans,
        "scans_left": SCANS - len(scans),
        "training": [form[name] for name in ("programme", "title", "kind")],
        "days": [form[name] for name in ("started_on", "ended_on", "hours")],
        "reach": [form[name] for name in ("phone", "email")],
        "wishes": [form[name] for name in ("paper", "delivery", "language")],
    }
    status = NOT_VALID if form.is_bound and form.errors else 200
    return render(request, "cases/ask.html", context, status=status)


def _check_page(
    request: HttpRequest, draft: Draft, provider: Provider, form: ClaimForm, now: datetime
) -> HttpResponse:
    term = term_of_claim(form.claim(), provider=provider, now=now)
    context = signing_context(_lines(draft, provider, form, now)) | {
        "draft": draft,
        "provider": provider,
        "term": term,
        "edition": standards.in_force(clock.local_day(now)).edition,
        "is_in_hours": term.accepted_at == term.filed_at,
        "may_sign": level_of(request) == BY_KEY,
    }
    page = render(request, "cases/ask_check.html", context)
    return reaching(page, settings.NCALAYER_URL)


def _lines(draft: Draft, provider: Provider, form: ClaimForm, now: datetime) -> list[Line]:
    return lines_of_claim(
        form.claim(), form.wish(), provider=provider, person=draft.person, draft=draft, now=now
    )


def _file(
    request: HttpRequest, draft: Draft, provider: Provider, form: ClaimForm, now: datetime
) -> str:
    """File what was looked at; the number. Another text than the one on the page is not filed."""
    person, text = draft.person, written(_lines(draft, provider, form, now))
    if request.POST.get("signature"):
        confirmation = signature_over(request, text, person, now)
    elif request.POST.get("seen") == b64encode(text.encode()).decode():
        confirmation = confirmed_by(request, text, person)
    else:
        raise RuleViolation("data_changed")
    filed = file_claim(
        draft=draft,
        claim=form.claim(),
        wish=form.wish(),
        provider=provider,
        confirmation=confirmation,
        facts={},
        actor=acting_applicant(person),
        now=now,
    )
    return filed.number
