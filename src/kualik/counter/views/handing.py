"""Documents on paper: who waits, printing on a blank and what came out (A57.4, A303.4)."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from kualik.accounts.models import User
from kualik.accounts.queries import confirmed_phone, identity_documents, person_of
from kualik.accounts.services import record_look
from kualik.cases.models import Request
from kualik.cases.queries import own_requests
from kualik.cases.services.delivery import ON_PAPER, ask_for_paper, check_in_force
from kualik.certificates.models import PrinterSetting, Printing
from kualik.certificates.services.blanks import (
    KEEPERS,
    answer_print,
    blank_of,
    blanks_visible_to,
    held_by,
    needs_reason,
    open_print,
    printers_of,
    render_print,
)
from kualik.core import clock, errors
from kualik.core.access import role_of, staff
from kualik.core.methods import post_only
from kualik.counter.forms.handing import CameOutForm, PrintForm, ScanForm
from kualik.counter.models import HandOver
from kualik.counter.queries.handing import Receiver, hand_over_of, receiver_of, waiting_on_paper
from kualik.counter.services.handing import begin_print
from kualik.counter.views.work import COUNTER
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import State

SHOWN = 50
PRINTER = "printer"
PAGE = "counter:hand_over"


@staff(*COUNTER)
@require_safe
def hand_overs(request: HttpRequest) -> HttpResponse:
    """The documents that wait to be handed out on paper."""
    user = person_of(request)
    found = waiting_on_paper(user)
    context = {
        "rows": found[:SHOWN],
        "total": found.count(),
        "blanks": held_by(user).count(),
    }
    return render(request, "counter/hand_overs.html", context)


@staff(*COUNTER)
@require_safe
def hand_over(request: HttpRequest, number: str) -> HttpResponse:
    """One document on its way to paper and into somebody's hands, step by step."""
    user, now, found = person_of(request), clock.now(), own_case(request, number)
    actor = user.acting_as(role_of(user, COUNTER))
    record_look(person=found.person, what="window", about=found.number, actor=actor, now=now)
    done = hand_over_of(found)
    context = {
        "case": found,
        "on_paper": found.delivery in ON_PAPER,
        "is_ready": found.state == State.ISSUED,
        "done": done,
        "scan_form": ScanForm(),
        "blank": blank_of(found.certificate) if found.certificate else None,
        "came_out": CameOutForm(),
        **_printing(user, found),
    }
    if found.state == State.ISSUED:
        context |= _to_print(request, user, found) | who(receiver_of(found, user, now=now))
        context["why_not"] = _why_not(found)
    elif done is not None:
        context |= _proof(done)
    return render(request, "counter/hand_over.html", context)


@staff(*COUNTER)
@post_only(PAGE, "number")
def hand_over_paper(request: HttpRequest, number: str) -> HttpResponse:
    """The person asks for paper at the window."""
    user, found = person_of(request), own_case(request, number)
    role, now = role_of(user, COUNTER), clock.now()
    return outcome_of(
        request, found, lambda: ask_for_paper(request=found, user=user, role=role, now=now)
    )


@staff(*COUNTER)
@post_only(PAGE, "number")
def hand_over_print(request: HttpRequest, number: str) -> HttpResponse:
    """Begin a print on the blank that is chosen."""
    user, found = person_of(request), own_case(request, number)
    form = _print_form(request, user, found)
    if not form.is_valid():
        messages.error(request, gettext("Choose a blank that was given to you."))
        return redirect(PAGE, found.number)
    data = form.cleaned_data
    blank = get_object_or_404(blanks_visible_to(user), pk=data["blank"])
    printer = _printer(user, data["printer"])
    request.session[PRINTER] = data["printer"]
    given = {"reason": data.get("reason", ""), "user": user, "role": role_of(user, COUNTER)}
    return outcome_of(
        request,
        found,
        lambda: begin_print(request=found, blank=blank, printer=printer, now=clock.now(), **given),
    )


@staff(*COUNTER)
@require_safe
def hand_over_file(request: HttpRequest, number: str) -> HttpResponse:
    """The words for the blank; only while the print is open."""
    found = own_case(request, number)
    printing = _open(found)
    if printing is None:
        raise RuleViolation("print_answered")
    headers = {"Content-Disposition": f'inline; filename="print-{found.number}.pdf"'}
    return HttpResponse(render_print(printing), content_type="application/pdf", headers=headers)


@staff(*COUNTER)
@post_only(PAGE, "number")
def hand_over_answer(request: HttpRequest, number: str) -> HttpResponse:
    """What came out of the printer."""
    user, found = person_of(request), own_case(request, number)
    form, printing = CameOutForm(request.POST), _open(found)
    if printing is None or not form.is_valid():
        return redirect(PAGE, found.number)
    role = role_of(user, KEEPERS if user.has_role(KEEPERS) else COUNTER)
    given = {"printing": printing, "outcome": form.cleaned_data["outcome"], "act": form.act()}
    return outcome_of(
        request,
        found,
        lambda: answer_print(user=user, role=role, now=clock.now(), **given),
    )


def own_case(request: HttpRequest, number: str) -> Request:
    """A request of the own provider; 404 for any other."""
    rows = own_requests(person_of(request)).select_related("certificate__key")
    return get_object_or_404(rows, number=number)


def outcome_of(request: HttpRequest, found: Request, act: Callable[[], object]) -> HttpResponse:
    """Do the act and go back to the page, with what stands against it in words."""
    try:
        act()
    except RuleViolation as violation:
        messages.error(request, errors.message(violation))
    return redirect(PAGE, found.number)


def who(receiver: Receiver | None) -> dict[str, object]:
    """Who stands at the window, as the page shows it."""
    if receiver is None:
        return {"receiver": None}
    return {
        "receiver": receiver,
        "document": identity_documents()[receiver.record.kind],
        "last": confirmed_phone(receiver.person)[-4:],
    }


def _printing(user: User, found: Request) -> dict[str, object]:
    """The open print, and whether it is this member of staff who may say what came out."""
    printing = _open(found)
    is_own = printing is not None and printing.blank.holder_id == user.pk
    return {"printing": printing, "is_own": is_own, "answers": is_own or user.has_role(KEEPERS)}


def _to_print(request: HttpRequest, user: User, found: Request) -> dict[str, object]:
    form = _print_form(request, user, found)
    return {"form": form, "has_blanks": bool(held_by(user).exists())}


def _why_not(found: Request) -> str:
    """In words, why the document may not be handed over; empty when it may."""
    try:
        check_in_force(found)
    except RuleViolation as violation:
        return errors.message(violation)
    return ""


def _print_form(request: HttpRequest, user: User, found: Request) -> PrintForm:
    sent = request.POST if request.method == "POST" else None
    form = PrintForm(sent, initial={"printer": request.session.get(PRINTER)})
    printers = printers_of(found.provider)
    is_again = found.certificate is not None and needs_reason(found.certificate)
    form.offer(list(held_by(user)[:SHOWN]), printers, is_again=is_again)
    if printers and "printer" not in request.session:
        form.initial["printer"] = printers[0].pk
    return form


def _printer(user: User, pk: int | None) -> PrinterSetting | None:
    if pk is None:
        return None
    return get_object_or_404(PrinterSetting, pk=pk, provider=user.provider_id)


def _open(found: Request) -> Printing | None:
    return open_print(found.certificate) if found.certificate else None


def _proof(done: HandOver) -> dict[str, object]:
    """By what the receiver was known."""
    kind = str(done.evidence.get("document", ""))
    return {"document": identity_documents().get(kind)}
