"""One request as its person sees it: its course, its papers, and what may be done."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from kualik.accounts.queries import applicant_of
from kualik.accounts.services.entering import applicant as acting_applicant
from kualik.cases.forms.following import AskReviewForm
from kualik.cases.models import Request
from kualik.cases.queries.own import followed_by
from kualik.cases.services.application import claim_days
from kualik.cases.services.attaching import attachments_of
from kualik.cases.services.deciding_alone import is_at_work
from kualik.cases.services.following import follow, is_revoked
from kualik.cases.services.receipts import make_receipt
from kualik.cases.services.reviewing import ask_review
from kualik.cases.services.withdrawing import withdraw_request
from kualik.cases.views.courses import again_link, complaint_link, course_context
from kualik.certificates.services.wording import STATUS_LABELS
from kualik.core import clock, errors
from kualik.core.access import applicant
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.lifecycle import State

FRESH = timedelta(minutes=15)
RENEWED_AFTER_SECONDS = "3"
ENDED_WITHOUT = frozenset({State.REFUSED, State.NOT_ACCEPTED, State.WITHDRAWN})
HAS_DOCUMENT = frozenset({State.ISSUED, State.HANDED_OVER})


@applicant
def own_request(request: HttpRequest, number: str) -> HttpResponse:
    """The course of the own request, the receipt first while it is fresh."""
    found, now = _own(request, number), clock.now()
    course = follow(found, now=now)
    is_own = found.person_id == applicant_of(request).pk
    context = {
        **course_context(course),
        "case": found,
        "is_owner": is_own,
        "is_fresh": now - found.filed_at < FRESH and course.is_waiting,
        "status_label": _standing(found) if is_own else None,
        **_asked_for(found, is_own=is_own),
        "is_accepted": now >= course.clock.accepted_at,
        "asks": course.automatic is not None and course.automatic.may_ask,
        "complaint": complaint_link(found),
        "again": again_link(found) if _may_ask_again(found) else "",
        "is_renewing": is_at_work(found, now=now) and request.GET.get("reload") != "no",
    }
    response = render(request, "cases/own_request.html", context)
    if context["is_renewing"]:
        # A header and not a tag: a refresh in the markup fails assistive tools.
        response.headers["Refresh"] = RENEWED_AFTER_SECONDS
    return response


@applicant
def own_receipt(request: HttpRequest, number: str) -> HttpResponse:
    """The receipt with the status code on it, as PDF."""
    found = _own(request, number)
    address = f"{settings.PUBLIC_URL}{reverse('cases:status')}"
    content = make_receipt(request=found, status_url=address)
    headers = {"Content-Disposition": f'inline; filename="receipt-{found.number}.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


@applicant
def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """Take the request back, after a page that says what that means."""
    found = _own(request, number)
    if request.method != "POST":
        return render(request, "cases/withdraw.html", {"case": found})
    try:
        actor = acting_applicant(applicant_of(request))
        withdraw_request(request=found, actor=actor, now=clock.now())
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    else:
        messages.success(request, _("The request is withdrawn."))
    return redirect("cases:own_request", found.number)


@applicant
def human_review(request: HttpRequest, number: str) -> HttpResponse:
    """Demand that a person look at what the machine decided (Digital Code, article 43)."""
    found, now = _own(request, number), clock.now()
    course, form = follow(found, now=now), AskReviewForm(request.POST or None)
    own_page = redirect("cases:own_request", found.number)
    if request.method != "POST" and not (course.automatic and course.automatic.may_ask):
        return own_page
    if request.method != "POST" or not form.is_valid():
        context = {**course_context(course), "case": found, "form": form}
        return render(request, "cases/human_review.html", context)
    try:
        actor = acting_applicant(applicant_of(request))
        ask_review(request=found, why=form.cleaned_data["why"], actor=actor, now=now)
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    else:
        messages.success(request, _("A person will look at the decision. We will tell you."))
    return own_page


def _may_ask_again(found: Request) -> bool:
    """Whether the request ended without a document, or its document was revoked."""
    return found.state in ENDED_WITHOUT or is_revoked(found)


def _asked_for(found: Request, *, is_own: bool) -> dict[str, object]:
    """What the person said and attached; to a representative only what they sent themselves."""
    if not is_own:
        return {}
    scans = [row for row in attachments_of(found) if row.person_id == found.person_id]
    days = claim_days(found.claim or {}) if found.claimed("ended_on") else ""
    return {"claim": found.claim or {}, "days": days, "scans": scans}


def _standing(found: Request) -> Text | None:
    """In what standing the document is; None while there is none."""
    if found.state not in HAS_DOCUMENT or found.certificate is None:
        return None
    return STATUS_LABELS[found.certificate.status]


def _own(request: HttpRequest, number: str) -> Request:
    """A request the person may follow; 404 for any other."""
    found = followed_by(applicant_of(request), number, now=clock.now())
    if found is None:
        raise Http404
    return found
