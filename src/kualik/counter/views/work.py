"""Who stands at the window, and everything the provider holds for them (A57.8.1, A303.8.1)."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters

from kualik.accounts.models import Person, User
from kualik.accounts.queries import confirmed_phone, identity_documents, person_of
from kualik.accounts.services import masked_iin, record_look
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.counter.adapters.digital_documents import is_connected
from kualik.counter.adapters.registers import registers
from kualik.counter.forms.work import AT_FIELD, IdentifyForm
from kualik.counter.models import Identification, Visit
from kualik.counter.queries.work import (
    desk_of,
    facts_of,
    identifications_visible_to,
    is_standing,
    office_of,
    visit_in_hand,
)
from kualik.counter.services.identifying import Place, identify
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from kualik.rules.phones import spaced

COUNTER = frozenset({Role.REGISTRAR, Role.CLERK, Role.OFFICE_HEAD})
NOT_VALID = 422
WITHOUT_TICKET = "no"
View = Callable[..., HttpResponse]
NAME_PARTS = ("family_name", "given_name", "patronymic")


@staff(*COUNTER)
@sensitive_post_parameters()
def identify_visitor(request: HttpRequest) -> HttpResponse:
    """Type what the identity document says; the page of the person follows."""
    visit = visit_of(request)
    form = IdentifyForm(request.POST or None, needs_names=NAME_PARTS[0] in request.POST)
    if form.is_valid():
        try:
            record = _identified(request, form, visit)
        except RuleViolation as violation:
            form = _corrected(form, violation)
        else:
            return redirect("counter:work", record.pk)
    return identify_page(request, form, visit)


def while_here(view: View) -> View:
    """The page of a person who was identified within the hour; later it asks for the document
    again and shows nothing of theirs. 404 for a record of another provider."""

    @wraps(view)
    def shown(request: HttpRequest, pk: int, **parts: object) -> HttpResponse:
        found = get_object_or_404(identifications_visible_to(person_of(request)), pk=pk)
        if is_standing(found, now=clock.now()):
            return view(request, pk=pk, **parts)
        over = errors.status(RuleViolation("identify_again"))
        return render(request, "counter/gone.html", {"visit": found.visit}, status=over)

    return shown


@staff(*COUNTER)
@while_here
def work(request: HttpRequest, pk: int) -> HttpResponse:
    """What may be asked for, what is on its way, what is ready."""
    user, now, record = person_of(request), clock.now(), own_record(request, pk)
    desk = desk_of(record, user, now=now)
    for mandate in desk.mandates:
        if mandate.principal is not None:
            looked(user, record, mandate.principal, now=now)
    has_register = registers() is not None
    context = {**person_context(record, now=now), "desk": desk, "has_register": has_register}
    return render(request, "counter/work.html", context)


def identify_page(request: HttpRequest, form: IdentifyForm, visit: Visit | None) -> HttpResponse:
    """The page that asks who is here."""
    context = {
        "form": form,
        "visit": visit,
        "is_connected": is_connected(),
        "without_ticket": request.GET.get("visit") == WITHOUT_TICKET,
        "in_hand": visit_in_hand(person_of(request)),
    }
    status = NOT_VALID if form.is_bound else 200
    return render(request, "counter/identify.html", context, status=status)


def own_record(request: HttpRequest, pk: int) -> Identification:
    """A record of the provider's own offices, and the look at it; 404 for any other."""
    user = person_of(request)
    found = get_object_or_404(identifications_visible_to(user), pk=pk)
    looked(user, found, found.person, now=clock.now())
    return found


def visit_of(request: HttpRequest) -> Visit | None:
    """The ticket in hand, unless the page was opened to serve somebody without one."""
    given = request.POST if request.method == "POST" else request.GET
    wanted = given.get("visit", "")
    in_hand = visit_in_hand(person_of(request))
    if in_hand is None or wanted == WITHOUT_TICKET:
        return None
    return in_hand if request.method != "POST" or wanted == str(in_hand.pk) else None


def place_of(user: User, visit: Visit | None) -> Place:
    """Where somebody works now. Raises ``not_permitted`` for staff of no office."""
    office = visit.office if visit is not None else office_of(user)
    if office is None:
        raise RuleViolation("not_permitted")
    return Place(office=office, user=user, role=role_of(user, COUNTER), visit=visit)


def person_context(record: Identification, *, now: datetime) -> dict[str, object]:
    """Who is here and by which document, as every page of the work shows it."""
    told = facts_of(record, now=now)
    names = " ".join(filter(None, (told.get(name) for name in NAME_PARTS)))
    return {
        "record": record,
        "person": record.person,
        "masked_iin": masked_iin(record.person),
        "document": identity_documents()[record.kind],
        "phone": spaced(confirmed_phone(record.person)),
        "facts": told,
        "other_name": names if names.casefold() != record.person.full_name.casefold() else "",
    }


def looked(user: User, record: Identification, person: Person, *, now: datetime) -> None:
    """The person at the window, or somebody they act for, sees later who opened this."""
    about = record.visit.number if record.visit else ""
    actor = user.acting_as(role_of(user, COUNTER))
    record_look(person=person, what="window", about=about, actor=actor, now=now)


def _identified(request: HttpRequest, form: IdentifyForm, visit: Visit | None) -> Identification:
    place = place_of(person_of(request), visit)
    record = identify(facts=form.facts(), shown=form.shown(), place=place, now=clock.now())
    messages.success(request, gettext("The person is identified."))
    return record


def _corrected(form: IdentifyForm, violation: RuleViolation) -> IdentifyForm:
    """The form with the broken rule at its field; with the names of somebody whom the register
    turned out not to know, which nobody learns before the document is typed."""
    field = AT_FIELD.get(violation.code)
    if field in NAME_PARTS and field not in form.fields:
        return IdentifyForm(form.data, needs_names=True)
    form.add_error(field if field in form.fields else None, errors.message(violation))
    return form
