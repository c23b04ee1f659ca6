"""Saying which training a claim is about: the page of the registrar."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kualik.accounts.queries import person_of
from kualik.cases.forms.asking import EntryForm, LinkForm
from kualik.cases.models import Request
from kualik.cases.queries.asking import UNDECIDED_STATES, linkable
from kualik.cases.services.application import claim_days
from kualik.cases.services.attaching import attachments_of
from kualik.cases.services.linking import enter_training, link_training
from kualik.cases.views.acts import DECIDERS, own
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.rules.errors import RuleViolation
from kualik.training.queries import groups_of

NOT_VALID = 422


@staff(*DECIDERS)
@require_http_methods(["GET", "HEAD", "POST"])
def claim_training(request: HttpRequest, number: str) -> HttpResponse:
    """Choose among the person's records here, or enter one in a group."""
    found = own(request, number)
    if found.completion_id is not None or found.state not in UNDECIDED_STATES:
        return redirect("cases:request", number)
    link, entry = _forms(request, found)
    sent = next((form for form in (link, entry) if form.is_bound), None)
    if sent is not None and sent.is_valid() and _done(request, found, sent):
        messages.success(request, _("The record of training is linked. You may decide now."))
        return redirect("cases:request", number)
    context = {
        "case": found,
        "claim": found.claim,
        "days": claim_days(found.claim or {}),
        "scans": attachments_of(found),
        "link": link,
        "entry": entry,
        "has_records": bool(link.fields["completion"].widget.choices),
        "sent": sent,
    }
    status = 200 if sent is None else NOT_VALID
    return render(request, "cases/claim_training.html", context, status=status)


def _forms(request: HttpRequest, found: Request) -> tuple[LinkForm, EntryForm]:
    """Both forms; the one that was sent is bound."""
    do = request.POST.get("do", "") if request.method == "POST" else ""
    name = found.person.full_name
    initial = {
        "holder_kk": name,
        "holder_ru": name,
        "mastered_on": found.claimed("ended_on"),
    }
    link = LinkForm(request.POST if do == "link" else None, completions=linkable(found))
    entry = EntryForm(
        request.POST if do == "enter" else None,
        groups=list(groups_of(found.provider)),
        initial=initial,
    )
    return link, entry


def _done(request: HttpRequest, found: Request, form: LinkForm | EntryForm) -> bool:
    """Link or enter; a broken rule becomes the form's error."""
    user, now = person_of(request), clock.now()
    role = role_of(user, DECIDERS)
    try:
        if isinstance(form, LinkForm):
            chosen = form.chosen()
            link_training(request=found, completion=chosen, user=user, role=role, now=now)
        else:
            group, entry = form.chosen(), form.entry(found)
            enter_training(request=found, group=group, entry=entry, user=user, role=role, now=now)
    except RuleViolation as violation:
        form.add_error(None, errors.message(violation))
        return False
    return True
