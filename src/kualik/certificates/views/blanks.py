"""The ledger of blanks: figures, deliveries, who holds what, one blank and how it ended."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Max, Min, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from kualik.accounts.models import User
from kualik.accounts.queries import person_of
from kualik.certificates.forms import CountForm, DeliveryForm, FindBlankForm, GiveForm, WriteOffForm
from kualik.certificates.models import Blank, BlankCount, BlankReceipt
from kualik.certificates.queries import life_of_blank
from kualik.certificates.services import blanks as ledgers
from kualik.certificates.services.blanks import HOLDERS, KEEPERS
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.core.methods import post_only
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

WORKERS = KEEPERS | HOLDERS
LOOKERS = WORKERS | {Role.INSPECTOR}
PAGE, LAST = 50, 10
State = Blank.State
ENDS: dict[str, Callable[..., Blank]] = {
    "spoil": ledgers.spoil_blank,
    "lose": ledgers.lose_blank,
}


@staff(*LOOKERS)
@require_safe
def blanks(request: HttpRequest) -> HttpResponse:
    """The own ledger; for who sees several providers the figures of each."""
    user = person_of(request)
    if user.provider is not None:
        return _ledger_page(request, user, user.provider)
    providers = list(ledgers.providers_visible_to(user))
    found = ledgers.ledgers_of(providers)
    rows = [(provider, found[provider.pk]) for provider in providers]
    return render(request, "certificates/blank_ledgers.html", {"rows": rows})


@staff(*LOOKERS)
@require_safe
def ledger(request: HttpRequest, code: str) -> HttpResponse:
    """The ledger of one provider."""
    user = person_of(request)
    provider = get_object_or_404(ledgers.providers_visible_to(user), code=code)
    return _ledger_page(request, user, provider)


@staff(*KEEPERS)
@require_http_methods(["GET", "HEAD", "POST"])
def blanks_receive(request: HttpRequest) -> HttpResponse:
    """Enter a delivery."""
    user, provider = _keeper(request)
    today = clock.local_day(clock.now())
    form = DeliveryForm(request.POST or None, initial={"received_on": today})
    if form.is_valid():
        given = {"provider": provider, "delivery": form.delivery()}
        if _done(form, ledgers.receive_blanks, user, KEEPERS, **given):
            messages.success(request, gettext("The blanks are in the ledger."))
            return redirect("certificates:blanks")
    return render(request, "certificates/blanks_receive.html", {"form": form})


@staff(*KEEPERS)
@require_http_methods(["GET", "HEAD", "POST"])
def blanks_give(request: HttpRequest) -> HttpResponse:
    """Give blanks out of the safe."""
    user, provider = _keeper(request)
    people = _holders(provider)
    form = GiveForm(request.POST or None, initial=_next(provider))
    form.offer(people)
    if form.is_valid() and _given(form, user, provider, people):
        messages.success(request, gettext("The blanks are given."))
        return redirect("certificates:blanks")
    return render(request, "certificates/blanks_give.html", {"form": form})


@staff(*KEEPERS)
@require_http_methods(["GET", "HEAD", "POST"])
def blanks_count(request: HttpRequest) -> HttpResponse:
    """The count of the evening."""
    user, provider = _keeper(request)
    form = CountForm(request.POST or None)
    if form.is_valid():
        given = {"provider": provider, **form.cleaned_data}
        if _done(form, ledgers.count_evening, user, KEEPERS, **given):
            messages.success(request, gettext("The count is entered."))
            return redirect("certificates:blanks")
    context = {"form": form, "ledger": ledgers.ledger_of(provider)}
    return render(request, "certificates/blanks_count.html", context)


@staff(*LOOKERS)
@require_safe
def blank(request: HttpRequest, pk: int) -> HttpResponse:
    """One blank and all that happened to it."""
    user = person_of(request)
    found = get_object_or_404(ledgers.blanks_visible_to(user), pk=pk)
    actions = ledgers.BLANK_ACTIONS
    subject = ledgers.subject_of(found)
    context = {
        "blank": found,
        "state": ledgers.BLANK_STATES[found.state],
        "life": [(line, actions.get(line.action)) for line in life_of_blank(subject)],
        "printing": ledgers.print_on(found),
        "acts": _possible_acts(user, found),
    }
    return render(request, "certificates/blank.html", context)


@staff(*WORKERS)
@post_only("certificates:blank", "pk")
def blank_back(request: HttpRequest, pk: int) -> HttpResponse:
    """A clean blank goes back into the safe."""
    found = _own(request, pk)
    user = person_of(request)
    try:
        ledgers.take_back(blank=found, user=user, role=role_of(user, _roles(user)), now=clock.now())
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    else:
        messages.success(request, gettext("The blank is back in the safe."))
    return redirect("certificates:blank", pk=found.pk)


@staff(*WORKERS)
@post_only("certificates:blank", "pk")
def blank_nothing(request: HttpRequest, pk: int) -> HttpResponse:
    """Nothing came out of the printer: the blank is as clean as before."""
    user, printing = person_of(request), ledgers.print_on(_own(request, pk))
    role, now = role_of(user, _roles(user)), clock.now()
    try:
        if printing is None:
            raise RuleViolation("print_answered")
        answer = partial(ledgers.answer_print, printing=printing, outcome="nothing", act=None)
        answer(user=user, role=role, now=now)
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    else:
        messages.success(request, gettext("The print is answered; the blank is clean."))
    return redirect("certificates:blank", pk=pk)


@staff(*WORKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def blank_spoil(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a spoiled blank off."""
    return _ended(request, pk, "spoil")


@staff(*WORKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def blank_lose(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a lost blank off."""
    return _ended(request, pk, "lose")


def _ended(request: HttpRequest, pk: int, end: str) -> HttpResponse:
    found, user = _own(request, pk), person_of(request)
    if end not in _possible_acts(user, found):
        raise RuleViolation("blank_state_wrong", blank=found.label)
    form = WriteOffForm(request.POST or None)
    if form.is_valid() and _done(form, _service(found, end), user, _roles(user), act=form.act()):
        messages.success(request, gettext("The blank is written off."))
        return redirect("certificates:blank", pk=found.pk)
    context = {"blank": found, "end": end, "form": form}
    return render(request, "certificates/blank_end.html", context)


def _service(found: Blank, end: str) -> Callable[..., object]:
    """What writes the blank off; one at a printer by the answer for its print."""
    printing = ledgers.print_on(found)
    if printing is not None and end == "spoil":
        return partial(ledgers.answer_print, printing=printing, outcome="spoiled")
    return partial(ENDS[end], blank=found)


def _ledger_page(request: HttpRequest, user: User, provider: Provider) -> HttpResponse:
    form = FindBlankForm(request.GET)
    form.offer()
    found = _narrowed(ledgers.blanks_visible_to(user).filter(provider=provider), form)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "provider": provider,
        "ledger": ledgers.ledger_of(provider),
        **_counted(provider, clock.local_day(clock.now())),
        "receipts": BlankReceipt.objects.filter(provider=provider).order_by("-pk")[:LAST],
        "holders": _held(provider),
        "form": form,
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "query": _kept(request),
        "rows": [(row, ledgers.BLANK_STATES[row.state]) for row in page],
        "keeps": user.provider_id == provider.pk and user.has_role(KEEPERS),
        "works": user.provider_id == provider.pk,
    }
    return render(request, "certificates/blanks.html", context)


def _kept(request: HttpRequest) -> str:
    """What was looked for, without the page and the language."""
    query = request.GET.copy()
    for name in ("page", "lang"):
        query.pop(name, None)
    return query.urlencode()


def _counted(provider: Provider, today: date) -> dict[str, object]:
    """The last counts, and whether nothing moved since today's."""
    counts = BlankCount.objects.filter(provider=provider).select_related("counted_by")
    return {
        "today": counts.filter(day=today).first(),
        "is_counted": ledgers.is_counted(provider, today),
        "counts": counts.order_by("-day")[:LAST],
    }


def _narrowed(found: QuerySet[Blank], form: FindBlankForm) -> QuerySet[Blank]:
    if not form.is_valid():
        return found
    if form.cleaned_data["number"]:
        found = found.filter(number=form.cleaned_data["number"])
    if form.cleaned_data["state"]:
        found = found.filter(state=form.cleaned_data["state"])
    return found


def _held(provider: Provider) -> list[Mapping[str, object]]:
    """Who holds how many, from which number to which."""
    given = Blank.objects.filter(provider=provider, state=State.GIVEN)
    named = given.values("holder__full_name", "series").order_by("holder__full_name", "series")
    rows = named.annotate(total=Count("pk"), first=Min("number"), last=Max("number"))
    return [{**row, "holder": row["holder__full_name"]} for row in rows]


def _holders(provider: Provider) -> list[User]:
    """The staff who may hold blanks, by name."""
    roles = sorted(role.value for role in HOLDERS)
    people = User.objects.filter(provider=provider, is_active=True, grants__role__in=roles)
    return list(people.distinct().order_by("full_name"))


def _next(provider: Provider) -> dict[str, object]:
    """The lowest number in the safe."""
    stock = Blank.objects.filter(provider=provider, state=State.IN_STOCK)
    row = stock.order_by("series", "number").first()
    return {"series": row.series, "first": row.number} if row else {}


def _given(form: GiveForm, user: User, provider: Provider, people: list[User]) -> bool:
    data = form.cleaned_data
    holder = next((person for person in people if person.pk == data["holder"]), None)
    if holder is None:
        raise Http404
    try:
        rows = ledgers.pick_blanks(
            provider=provider, series=data["series"], first=data["first"], count=data["count"]
        )
    except RuleViolation as violation:
        form.add_error("first", errors.message(violation))
        return False
    return _done(form, ledgers.give_blanks, user, KEEPERS, blanks=rows, holder=holder)


def _done(
    form: CountForm | DeliveryForm | GiveForm | WriteOffForm,
    service: Callable[..., object],
    user: User,
    roles: frozenset[Role],
    **given: object,
) -> bool:
    """Whether the service did it; what stands against it becomes the form's error."""
    try:
        service(user=user, role=role_of(user, roles), now=clock.now(), **given)
    except RuleViolation as violation:
        form.add_error(None, errors.message(violation))
        return False
    return True


def _keeper(request: HttpRequest) -> tuple[User, Provider]:
    user = person_of(request)
    if user.provider is None:
        raise RuleViolation("not_permitted")
    return user, user.provider


def _own(request: HttpRequest, pk: int) -> Blank:
    """A blank of the own provider; 404 for another one's."""
    user = person_of(request)
    if user.provider_id is None:
        raise Http404
    return get_object_or_404(ledgers.blanks_visible_to(user), pk=pk)


def _roles(user: User) -> frozenset[Role]:
    """A keeper acts as a keeper, whatever else they are."""
    return KEEPERS if user.has_role(KEEPERS) else WORKERS


def _possible_acts(user: User, found: Blank) -> list[str]:
    """What this member of staff may do with a blank now."""
    keeps = user.has_role(KEEPERS)
    if user.provider_id != found.provider_id or not (keeps or found.holder_id == user.pk):
        return []
    if ledgers.print_on(found) is not None:
        return ["nothing", "spoil"]
    acts = {
        State.IN_STOCK: ["spoil", "lose"],
        State.GIVEN: ["back", "spoil", "lose"],
        State.USED: ["spoil"] if keeps else [],
        State.SPOILED: ["act"],
        State.LOST: ["act"],
    }
    return acts[State(found.state)]
