"""The authorised person signs prepared documents with eGov Mobile (A57.10-2).

The same as signing with NCALayer, twenty documents at a time: looked at, confirmed, signed by the
person's own key, each issued by itself.
"""

import secrets
from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kualik.accounts.models import User
from kualik.accounts.queries import person_of
from kualik.cases.services.sealing import accept_signatures
from kualik.cases.views.acts import SEALERS
from kualik.cases.views.prepared import (
    Prepared,
    content_of,
    portion_for,
    prepared_rows,
    rights_for,
)
from kualik.certificates.services.letters import SIGNERS
from kualik.certificates.services.signing import SignatureOutcome
from kualik.core import clock, errors
from kualik.core.access import staff
from kualik.core.methods import post_only
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.signatures.services.phone import (
    MOST_DOCUMENTS,
    Document,
    Organisation,
    Standing,
    offer_signing,
    standing_of,
    take_result,
)
from kualik.signatures.services.phone_judging import ExpectedSigner, Method
from kualik.signatures.services.phone_page import phone_page
from kualik.signatures.services.trusting import installation_fetcher, installation_trust

# What the session keeps: the token of the offer, and the secret that the offer is bound to.
KEPT, SECRET = "seal_phone", "seal_phone_secret"
HOLDER = "Т.А.Ә. / Ф.И.О."
HTTP_NOT_FOUND = 404


@staff(*SIGNERS)
def seal_phone(request: HttpRequest) -> HttpResponse:
    """Choose and confirm, then the code and where it stands; by POST an offer, or the end of it."""
    if not settings.EGOV_MOBILE:
        raise Http404
    user, now = person_of(request), clock.now()
    if request.method == "POST":
        return _offered(request, user, now)
    found = _standing(request, now)
    if found is None:
        portion = portion_for(user, MOST_DOCUMENTS, now)
        may_seal = user.has_role(SEALERS)
        context = {"portion": portion, "prepared": portion.now, "may_seal": may_seal}
        return render(request, "cases/seal_phone_choice.html", context)
    token, standing = found
    context = {
        "phone": phone_page(token=token, standing=standing, now=now),
        "state_url": reverse("cases:seal_phone_state"),
        "answer_url": reverse("cases:seal_phone_answer"),
        "hidden": {"again": "yes"},
        "reloads": request.GET.get("reload") != "no",
    }
    return render(request, "cases/seal_phone.html", context)


@staff(*SIGNERS)
def seal_phone_state(request: HttpRequest) -> HttpResponse:
    """Where the browser's own code stands, for the page's script."""
    now = clock.now()
    found = _standing(request, now)
    if found is None:
        return JsonResponse({"stage": "unknown"}, status=HTTP_NOT_FOUND)
    token, standing = found
    return JsonResponse(phone_page(token=token, standing=standing, now=now).to_record())


@staff(*SIGNERS)
@post_only("cases:seal_phone")
def seal_phone_answer(request: HttpRequest) -> HttpResponse:
    """Issue by what the phone signed; what is not issued is told with its reason."""
    user, now = person_of(request), clock.now()
    try:
        result = take_result(
            token=request.session.get(KEPT, ""), session_secret=_secret(request), now=now
        )
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
        return redirect("cases:seal_phone")
    request.session.pop(KEPT, None)
    signatures = dict(zip(result.about["numbers"], result.signatures, strict=True))
    outcomes = accept_signatures(
        user=user,
        signatures=signatures,
        trust=installation_trust(),
        fetcher=installation_fetcher(),
        now=now,
    )
    return redirect("cases:signed" if _told(request, outcomes) else "cases:seal_phone")


def _offered(request: HttpRequest, user: User, now: datetime) -> HttpResponse:
    request.session.pop(KEPT, None)
    if request.POST.get("again"):
        return redirect("cases:seal_phone")
    wanted = set(request.POST.getlist("number"))
    chosen = [row for row in prepared_rows(user, now) if row.number in wanted]
    if not chosen or request.POST.get("confirm") != "yes":
        none = _("Select at least one document.")
        unread = _("Confirm first that you have looked at the documents.")
        messages.error(request, none if not chosen else unread)
        return redirect("cases:seal_phone")
    try:
        request.session[KEPT] = _offer(request, user, chosen, now)
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    return redirect("cases:seal_phone")


def _offer(request: HttpRequest, user: User, chosen: list[Prepared], now: datetime) -> str:
    """The token of a fresh offer of the chosen documents."""
    provider, count = user.provider, len(chosen)
    if provider is None:
        raise Http404
    offer = offer_signing(
        documents=[_document(one, now) for one in chosen],
        method=Method.CMS_SIGN_ONLY,
        purpose="signing",
        description=f"Құжаттарға қол қою: {count} / Подписание документов: {count}",
        organisation=Organisation(name=provider.name, bin=provider.bin),
        about={"numbers": [one.number for one in chosen]},
        session_secret=_secret(request),
        now=now,
        signer=ExpectedSigner(user=user, bin=provider.bin, roles=rights_for(chosen)),
    )
    return offer.token


def _document(one: Prepared, now: datetime) -> Document:
    """The prepared file as the phone shows it; ``prepared_file_changed`` for one that is lost."""
    return Document(
        name=Text(f"{one.title.kk} № {one.number}", f"{one.title.ru} № {one.number}"),
        content=content_of(one.row, now),
        mime="@file/pdf",
        meta=[(HOLDER, one.holder.kk)],
    )


def _standing(request: HttpRequest, now: datetime) -> tuple[str, Standing] | None:
    token = request.session.get(KEPT, "")
    try:
        return token, standing_of(token=token, session_secret=_secret(request), now=now)
    except RuleViolation:
        return None


def _secret(request: HttpRequest) -> str:
    """The secret of this browser's session, made at the first call."""
    found: str = request.session.setdefault(SECRET, secrets.token_urlsafe(32))
    return found


def _told(request: HttpRequest, outcomes: list[SignatureOutcome]) -> bool:
    """Say what became of them, each reason once; whether all of them are issued."""
    faults = [outcome for outcome in outcomes if not outcome.is_issued]
    count = len(outcomes) - len(faults)
    if count:
        told = ngettext(
            "%(count)s document is signed and issued.",
            "%(count)s documents are signed and issued.",
            count,
        )
        messages.success(request, told % {"count": count})
    reasons: dict[str, list[str]] = {}
    for outcome in faults:
        text = errors.message(outcome.violation) if outcome.violation else ""
        reasons.setdefault(text, []).append(f"№ {outcome.number}")
    for text, numbers in reasons.items():
        messages.error(request, f"{', '.join(numbers)}: {text}")
    return not faults
