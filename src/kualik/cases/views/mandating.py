"""The person's side of powers of attorney: given and held, and acting by one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from kualik.accounts.models import Person
from kualik.accounts.queries import applicant_of, level_of, may_sign, way_of
from kualik.cases.forms.keeping import keeps_typed
from kualik.cases.forms.mandating import MandateForm
from kualik.cases.models import Attachment, Draft, Mandate
from kualik.cases.queries.asking import receivable_by
from kualik.cases.queries.mandates import acting_for, filed_by, mandates_given, mandates_held
from kualik.cases.services.attaching import scans_of
from kualik.cases.services.drafting import begin, find_draft, keep
from kualik.cases.services.mandating import ask_mandate, confirm_mandate, revoke_mandate
from kualik.cases.views.acts import carry_out
from kualik.cases.views.enclosing import drop_scan, take_scans
from kualik.core import clock, errors
from kualik.core.access import applicant
from kualik.core.clock import local_day
from kualik.core.methods import post_only
from kualik.core.uploads import takes_scans
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text

KIND = "mandate"
ENDED = "ended"
STATES: dict[str, str | Promise] = {
    Mandate.State.WAITING: _("Waits for its check"),
    Mandate.State.CHECKED: _("In force"),
    Mandate.State.REFUSED: _("Not accepted"),
    Mandate.State.REVOKED: _("Revoked"),
    ENDED: _("Its term is over"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A power of attorney with how it stands today; ``state`` is one of ``STATES``."""

    mandate: Mandate
    state: str
    label: str | Promise

    @property
    def reason(self) -> Text:
        """Why it was not accepted."""
        return Text(self.mandate.reason_kk, self.mandate.reason_ru)

    @property
    def is_waiting(self) -> bool:
        return self.state == Mandate.State.WAITING

    @property
    def is_in_force(self) -> bool:
        return self.state == Mandate.State.CHECKED


@applicant
def mandates(request: HttpRequest) -> HttpResponse:
    """Who asks to act for the person, who may, and for whom the person may."""
    person, now = applicant_of(request), clock.now()
    context = {
        "given": shown(mandates_given(person), now=now),
        "held": shown(mandates_held(person), now=now),
        "filed": filed_by(person),
        "may_sign": may_sign(request),
    }
    return render(request, "cases/mandates.html", context)


def _typed(request: HttpRequest, draft: Draft) -> Mapping[str, object]:
    form = MandateForm(request.POST, representative=draft.person, typed=draft.data)
    form.is_valid()
    return form.typed()


@applicant
@sensitive_post_parameters("principal_iin")
@takes_scans
@keeps_typed(KIND, _typed)
def mandate_new(request: HttpRequest) -> HttpResponse:
    """Enter a power of attorney for the clerk to check."""
    person, now = applicant_of(request), clock.now()
    draft = begin(person=person, kind=KIND, now=now)
    if request.method == "POST":
        sent = find_draft(person=person, kind=KIND, key=request.POST.get("key", ""))
        draft = sent or draft
        if draft.result:
            return redirect("cases:mandates")
    form = MandateForm(request.POST or None, representative=person, typed=draft.data)
    if request.method == "POST" and _entered(request, form, person, draft, now):
        messages.success(request, _("The power of attorney is entered; a clerk will check it."))
        return redirect("cases:mandates")
    if "drop" in request.POST:
        return redirect("cases:mandate_new")
    scans = scans_of(draft)
    is_begun = request.method != "POST" and bool(draft.data or scans)
    context = {"form": form, "draft": draft, "scans": scans, "is_begun": is_begun}
    return render(request, "cases/mandate_new.html", context)


@applicant
@post_only("cases:mandates")
def mandate_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """The principal confirms that the person may act."""
    person = applicant_of(request)
    found = get_object_or_404(mandates_given(person), pk=pk)
    way, level = way_of(request), level_of(request)
    told = _("Confirmed: this person may act for you at this provider.")
    given = {"mandate": found, "principal": person, "way": way, "level": level}
    return carry_out(request, confirm_mandate, told, back=reverse("cases:mandates"), **given)


@applicant
@post_only("cases:mandates")
def mandate_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """The principal rejects or takes back; the representative gives up."""
    person = applicant_of(request)
    own = mandates_given(person).filter(pk=pk) | mandates_held(person).filter(pk=pk)
    found = own.first()
    if found is None:
        raise Http404
    told = _("The power of attorney has ended.")
    given = {"mandate": found, "person": person}
    return carry_out(request, revoke_mandate, told, back=reverse("cases:mandates"), **given)


@applicant
def acting(request: HttpRequest, pk: int) -> HttpResponse:
    """What waits to be received for the principal at that provider, and what was filed so far."""
    person, now = applicant_of(request), clock.now()
    found = next((row for row in acting_for(person, now=now) if row.pk == pk), None)
    if found is None:
        raise Http404
    context = {
        "mandate": found,
        "waiting": [row for row in receivable_by(person, now=now) if row.mandate == found],
        "filed": filed_by(person).filter(mandate=found),
    }
    return render(request, "cases/acting.html", context)


def shown(rows: Iterable[Mandate], *, now: datetime) -> list[Shown]:
    """Powers of attorney as they stand today: a term that is over ends one that was in force."""
    today = local_day(now)
    found = []
    for row in rows:
        has_ended = row.valid_until < today and row.state in (
            Mandate.State.WAITING,
            Mandate.State.CHECKED,
        )
        state = ENDED if has_ended else row.state
        found.append(Shown(mandate=row, state=state, label=STATES[state]))
    return found


def _entered(
    request: HttpRequest, form: MandateForm, person: Person, draft: Draft, now: datetime
) -> bool:
    """Keep scans and words without the IIN, then enter what is right; whether it is entered."""
    is_valid = form.is_valid()
    purpose = Attachment.Purpose.MANDATE
    count = take_scans(request, form, person=person, purpose=purpose, draft=draft, now=now)
    is_dropped = drop_scan(request, draft)
    if not count and not form.has_error("scans"):
        form.add_error("scans", errors.message(RuleViolation("mandate_needs_scan")))
    keep(draft=draft, data=form.typed(), now=now)
    if is_dropped or not (is_valid and form.is_valid()):
        return False
    scans = scans_of(draft)
    try:
        ask_mandate(representative=person, facts=form.facts(), scans=scans, draft=draft, now=now)
    except RuleViolation as violation:
        form.add_error(None, errors.message(violation))
        return False
    return True
