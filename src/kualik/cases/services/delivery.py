"""How a person wants the document (A57.4, A303.4), changed after the request was filed, and whether
it may be given at all."""

from datetime import datetime
from typing import Final

from django.db import transaction

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.certificates.models import Certificate
from kualik.core import journal
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import OPEN_STATES, Role, State

CHANGED: Final = "cases.delivery_changed"
ON_PAPER: Final = frozenset({Request.Delivery.PAPER, Request.Delivery.BOTH})


def check_in_force(request: Request) -> None:
    """Whether the document of a request, as the register has it now, may be given to anybody.

    Raises ``document_replaced`` where a corrected one came in its place (that one is handed over),
    ``document_not_handed_over`` for one that is suspended, revoked or not certified yet.
    """
    if request.certificate is None:
        return
    certificate = Certificate.objects.get(pk=request.certificate.pk)
    if certificate.status == Certificate.Status.VALID:
        return
    is_replaced = certificate.status == Certificate.Status.REPLACED
    code = "document_replaced" if is_replaced else "document_not_handed_over"
    raise RuleViolation(code, number=certificate.number)


@transaction.atomic
def ask_for_paper(*, request: Request, user: User, role: Role, now: datetime) -> Request:
    """Enter that the person, who asked for the electronic document, asks for paper too.

    Nothing happens where paper was asked for before. Raises ``not_permitted``,
    ``transition_unknown`` (the request is over) and ``conflict``.
    """
    if user.provider_id != request.provider_id:
        raise RuleViolation("not_permitted")
    if request.delivery in ON_PAPER:
        return request
    if State(request.state) not in OPEN_STATES:
        raise RuleViolation("transition_unknown", state=request.state, event=CHANGED)
    same = Request.objects.filter(pk=request.pk, state=request.state, version=request.version)
    wanted = Request.Delivery.BOTH
    if not same.update(delivery=wanted, version=request.version + 1):
        raise RuleViolation("conflict", number=request.number)
    before, request.delivery = request.delivery, wanted
    request.version += 1
    journal.record(
        subject=f"request:{request.number}",
        action=CHANGED,
        actor=user.acting_as(role),
        now=now,
        data={"from": before, "to": wanted.value},
    )
    return request
