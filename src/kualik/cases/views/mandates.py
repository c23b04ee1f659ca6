"""The clerk's side of powers of attorney: the list, the scan, accept or refuse."""

from collections.abc import Callable

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from kualik.accounts.models import User
from kualik.accounts.queries import person_of
from kualik.accounts.services import masked_iin
from kualik.accounts.services.looks import record_look
from kualik.cases.forms.mandating import MandateCheckForm, MandateRefusalForm
from kualik.cases.models import Attachment, Mandate, Request
from kualik.cases.queries.mandates import mandates_visible_to, principal_of
from kualik.cases.services.mandating import check_mandate, refuse_mandate
from kualik.cases.views.acts import carry_out
from kualik.cases.views.mandating import STATES, shown
from kualik.core import clock
from kualik.core.access import role_of, staff
from kualik.rules.lifecycle import Role

CHECKERS = frozenset({Role.CLERK, Role.REGISTRAR, Role.OFFICE_HEAD})
PAGE_SIZE = 50
KEPT_STATES = tuple(Mandate.State.values)


@staff(*CHECKERS)
def mandate_checks(request: HttpRequest) -> HttpResponse:
    """Powers of attorney of one state; those that wait where nothing is chosen."""
    state = request.GET.get("state", Mandate.State.WAITING)
    state = state if state in KEPT_STATES else Mandate.State.WAITING.value
    visible = mandates_visible_to(person_of(request))
    order = "created_at" if state == Mandate.State.WAITING else "-created_at"
    found = visible.filter(state=state).order_by(order, "pk")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": shown(list(page.object_list), now=clock.now()),
        "state": state,
        "states": [
            (code, STATES[code], visible.filter(state=code).count()) for code in KEPT_STATES
        ],
        "kept": f"state={state}",
    }
    return render(request, "cases/mandate_checks.html", context)


@staff(*CHECKERS)
def mandate(request: HttpRequest, pk: int) -> HttpResponse:
    """What was entered, beside the scan."""
    user, found = _found(request, pk)
    context, now = _shown(found), clock.now()
    actor = user.acting_as(role_of(user, CHECKERS))
    for person in filter(None, (found.representative, principal_of(found))):
        record_look(
            person=person, what="mandate", about=f"№ {found.document_number}", actor=actor, now=now
        )
    return render(request, "cases/mandate.html", context)


@staff(*CHECKERS)
@sensitive_post_parameters("principal_iin")
def mandate_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept: the IIN of the scan is typed and must be the one that was entered."""
    user, found = _found(request, pk)
    form = MandateCheckForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = _("The power of attorney is checked.")
        iin = form.cleaned_data["principal_iin"]
        return _decided(request, user, found, check_mandate, told, principal_iin=iin)
    return render(request, "cases/mandate_check.html", {**_shown(found), "form": form})


@staff(*CHECKERS)
def mandate_refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Refuse with a reason of the list."""
    user, found = _found(request, pk)
    form = MandateRefusalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = _("The power of attorney is not accepted; the representative is told why.")
        given = {"ground": form.cleaned_data["ground"], "remark": form.remark()}
        return _decided(request, user, found, refuse_mandate, told, **given)
    return render(request, "cases/mandate_refuse.html", {**_shown(found), "form": form})


def _found(request: HttpRequest, pk: int) -> tuple[User, Mandate]:
    user = person_of(request)
    return user, get_object_or_404(mandates_visible_to(user), pk=pk)


def _shown(found: Mandate) -> dict[str, object]:
    (row,) = shown([found], now=clock.now())
    principal = principal_of(found)
    return {
        "row": row,
        "mandate": found,
        "principal": principal,
        "masked_iin": masked_iin(principal) if principal else "",
        "representative_iin": masked_iin(found.representative),
        "scans": Attachment.objects.filter(mandate=found).order_by("pk"),
        "requests": Request.objects.filter(mandate=found).order_by("-filed_at"),
        "may_decide": found.state == Mandate.State.WAITING,
    }


def _decided(
    request: HttpRequest,
    user: User,
    found: Mandate,
    service: Callable[..., None],
    told: Promise | str,
    **given: object,
) -> HttpResponse:
    parties = {"mandate": found, "user": user, "role": role_of(user, CHECKERS)}
    back = reverse("cases:mandate", args=[found.pk])
    return carry_out(request, service, told, back=back, **parties, **given)
