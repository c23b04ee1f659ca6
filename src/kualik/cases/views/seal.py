"""What waits for the authorised person: look, have it prepared, follow; the signing is a page of
its own (A57.10-2)."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from kualik.accounts.models import User
from kualik.accounts.queries import person_of
from kualik.cases.models import Request
from kualik.cases.queries import open_jobs
from kualik.cases.services.sealing import (
    order_seal,
    prepared_for,
    seal_job_key,
    seal_progress,
    waiting_for_seal,
)
from kualik.cases.views.acts import SEALERS
from kualik.cases.views.faults import told_faults
from kualik.cases.views.prepared import letter_look
from kualik.certificates.services.letters import prepared_letters
from kualik.certificates.services.policy import may_sign_today
from kualik.core import clock, errors
from kualik.core.access import staff
from kualik.papers.queries import form as paper_form
from kualik.papers.services.wording import long_date, period, quoted, volume
from kualik.rules import facts as fact_rules
from kualik.rules.errors import RuleViolation
from kualik.rules.facts import CertificateFacts
from kualik.rules.language import Text
from kualik.signatures.models import SigningKey
from kualik.signatures.queries import organisation_key

PAGE_SIZE = 100
REFRESH_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Waiting:
    """A draft with its facts as the paper will print them: label and value in two languages."""

    request: Request
    holder: Text
    programme: Text
    title: Text
    printed: tuple[tuple[Text, Text], ...]


@staff(*SEALERS)
def seal(request: HttpRequest) -> HttpResponse:
    """Look through what waits, choose, have it prepared for the signature."""
    user, now = person_of(request), clock.now()
    waiting = _not_ordered(waiting_for_seal(user, now))
    if request.method == "POST":
        return _ordered(request, user, waiting, now)
    page = Paginator(waiting, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "waiting": [_look(row) for row in page.object_list],
        "selects": request.GET.get("select") != "none",
        "key": _key(user, now),
        "prepared": len(prepared_for(user, now)),
        "letters": [letter_look(row) for row in prepared_letters(user)],
        "left": may_sign_today(user, now=now),
        "progress": seal_progress(user, now),
    }
    return render(request, "cases/seal.html", context)


@staff(*SEALERS)
def progress(request: HttpRequest) -> HttpResponse:
    """How far the last order has come; reloads itself until it is done."""
    user, now = person_of(request), clock.now()
    found = seal_progress(user, now)
    if found is None:
        return redirect("cases:seal")
    is_done = found.waiting == 0
    stays = request.GET.get("reload") == "no"
    context = {
        "progress": found,
        "faults": told_faults(user, found.faults),
        "failed": sum(fault.is_final for fault in found.faults),
        "made": found.prepared + found.signed,
        "is_done": is_done,
        "reloads": not is_done and not stays,
        "seconds": REFRESH_SECONDS,
    }
    response = render(request, "cases/seal_progress.html", context)
    if context["reloads"]:
        response.headers["Refresh"] = str(REFRESH_SECONDS)
    return response


def _ordered(
    request: HttpRequest, user: User, waiting: list[Request], now: datetime
) -> HttpResponse:
    chosen = waiting if request.POST.get("scope") == "all" else _chosen(request, waiting)
    if not chosen:
        messages.error(request, _("Select at least one document."))
        return redirect("cases:seal")
    try:
        order_seal(requests=chosen, user=user, now=now)
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
        return redirect("cases:seal")
    return redirect("cases:seal_progress")


def _chosen(request: HttpRequest, waiting: list[Request]) -> list[Request]:
    """The chosen ones that still wait; 404 for a number that is not the person's to seal."""
    numbers = set(request.POST.getlist("number"))
    known = Request.objects.filter(number__in=numbers, provider=person_of(request).provider_id)
    if known.count() != len(numbers):
        raise Http404
    return [row for row in waiting if row.number in numbers]


def _not_ordered(waiting: list[Request]) -> list[Request]:
    """Without those whose ordered seal is still being made; a failed order may be given again."""
    keys = {row.pk: seal_job_key(row.certificate.number) for row in waiting if row.certificate}
    jobs = open_jobs(list(keys.values()))
    running = {key for key, job in jobs.items() if job.failed_at is None}
    return [row for row in waiting if keys.get(row.pk) not in running]


def _key(user: User, now: datetime) -> SigningKey | None:
    """The key with which the organisation's seal is made; None without one in force."""
    try:
        return organisation_key(provider=user.provider, now=now) if user.provider else None
    except RuleViolation:
        return None


def _look(row: Request) -> Waiting:
    if row.certificate is None:
        raise Http404
    facts = fact_rules.from_record(row.certificate.facts)
    form = paper_form(facts.form)
    return Waiting(
        request=row,
        holder=Text(facts.holder_kk, facts.holder_ru),
        programme=facts.programme,
        title=Text(
            f"{form.title.kk} {form.subtitle.kk}".strip(),
            f"{form.title.ru} {form.subtitle.ru}".strip(),
        ),
        printed=tuple(_printed(facts)),
    )


def _printed(facts: CertificateFacts) -> list[tuple[Text, Text]]:
    form = paper_form(facts.form)
    issued = Text(*(long_date(facts.issued_on, name) for name in ("kk", "ru")))
    days = (period(facts.started_on, facts.ended_on, name) for name in ("kk", "ru"))
    lines = [
        (form.labels["number"], Text(facts.number, facts.number)),
        (form.lead, Text(facts.holder_kk, facts.holder_ru)),
        (form.confirms, Text(quoted(facts.programme.kk), quoted(facts.programme.ru))),
        (form.labels["volume"], volume(form, facts)),
        (form.labels["period"], Text(*(" ".join(line) for line in days))),
        (form.labels["issued"], issued),
        (facts.signer_position, Text(facts.signer_name, facts.signer_name)),
    ]
    if facts.specialty:
        lines.insert(3, (form.labels["specialty"], facts.specialty))
    return lines
