"""The list of requests with its filters, and approving many at once."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kualik.accounts.models import User
from kualik.accounts.queries import person_of
from kualik.accounts.services import masked_iin
from kualik.cases.forms import SearchForm
from kualik.cases.forms.office import kept_filters
from kualik.cases.models import Request
from kualik.cases.queries import UNDECIDED, own_requests, requests_visible_to, search
from kualik.cases.services.deciding import BulkResult, approve_requests
from kualik.cases.services.sealing import sealing_by_machine
from kualik.cases.views.acts import DECIDERS
from kualik.cases.views.rows import rows_of
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.core.methods import post_only
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import READERS

PAGE_SIZE = 50


@staff(*READERS)
def requests(request: HttpRequest) -> HttpResponse:
    """Requests that fit the filters, fifty to a page."""
    user, now = person_of(request), clock.now()
    form = SearchForm(request.GET, user=user)
    if form.has_error("text", "iin"):
        messages.error(request, str(form.errors["text"][0]))
        return redirect("cases:requests")
    found = _found(requests_visible_to(user), form)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    kept = kept_filters(SearchForm, request.GET) if form.is_valid() else QueryDict()
    context = {
        "form": form,
        "is_filtered": bool(kept) or not form.is_valid(),
        "chosen": form.in_words(),
        "page": page,
        "rows": rows_of(user, list(page.object_list), now=now),
        "kept": kept.urlencode(),
        "may_decide": user.has_role(DECIDERS) and user.provider_id is not None,
        "undecided": found.filter(state__in=sorted(UNDECIDED)).count(),
        "undecided_states": UNDECIDED,
        "selects_all": request.GET.get("select") == "all",
        "shows_provider": user.provider_id is None,
    }
    return render(request, "cases/requests.html", context)


@staff(*DECIDERS)
@post_only("cases:requests")
def approve_many(request: HttpRequest) -> HttpResponse:
    """Approve the selected requests, or all found ones, after the person saw how many."""
    user = person_of(request)
    kept = kept_filters(SearchForm, QueryDict(request.POST.get("kept", "")))
    back = f"{reverse('cases:requests')}?{kept.urlencode()}"
    if request.POST.get("scope") == "found":
        form = SearchForm(kept, user=user)
        undecided = _found(own_requests(user), form).filter(state__in=sorted(UNDECIDED))
        chosen = list(undecided.filter(completion__isnull=False))
        chosen.sort(key=lambda row: row.pk)
    else:
        chosen = _chosen(user, request.POST.getlist("number"))
    if not chosen:
        messages.error(request, _("Select at least one request."))
        return redirect(back)
    if request.POST.get("confirm") != "yes":
        people = [(row, row.holder, masked_iin(row.person)) for row in chosen]
        context = {"chosen": chosen, "people": people, "kept": kept.urlencode(), "back": back}
        return render(request, "cases/approve_many.html", context)
    _approve(request, user, chosen)
    return redirect(back)


def _approve(request: HttpRequest, user: User, chosen: list[Request]) -> None:
    try:
        role = role_of(user, DECIDERS)
        result = approve_requests(requests=chosen, user=user, role=role, now=clock.now())
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    else:
        _tell(request, result)


def _tell(request: HttpRequest, result: BulkResult) -> None:
    automatic = len(sealing_by_machine(result.moved))
    count = len(result.moved) - automatic
    if automatic:
        text = ngettext(
            "%(count)s request is approved; its document is being sealed automatically.",
            "%(count)s requests are approved; their documents are being sealed automatically.",
            automatic,
        )
        messages.success(request, text % {"count": automatic})
    if count:
        text = ngettext(
            "%(count)s request is approved and waits for the signature.",
            "%(count)s requests are approved and wait for the signature.",
            count,
        )
        messages.success(request, text % {"count": count})
    if result.conflicts:
        text = _("Somebody else had decided before you; these were not touched: %(numbers)s")
        messages.error(request, text % {"numbers": ", ".join(result.conflicts)})


def _chosen(user: User, numbers: list[str]) -> list[Request]:
    """The person's own requests of these numbers; 404 when one of them is not theirs."""
    wanted = set(numbers)
    chosen = list(own_requests(user).filter(number__in=wanted))
    if len(chosen) != len(wanted):
        raise Http404
    return chosen


def _found(visible: QuerySet[Request], form: SearchForm) -> QuerySet[Request]:
    return search(visible, form.wanted(), now=clock.now()) if form.is_valid() else visible.none()
