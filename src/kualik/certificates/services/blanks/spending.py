"""How a blank ends: used for a document, spoiled or lost with an act of writing off."""

from dataclasses import dataclass
from datetime import datetime

from django.core.files.base import ContentFile
from django.db import transaction

from kualik.accounts.models import User
from kualik.certificates.models import Blank, Certificate
from kualik.certificates.services.blanks.ledger import blank_of
from kualik.certificates.services.blanks.moving import (
    KEEPERS,
    State,
    check_answerable,
    move,
    subject_of,
)
from kualik.certificates.services.blanks.receiving import check_not_at_printer
from kualik.core import journal
from kualik.core.journal import Actor
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

Status = Certificate.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """The act of writing off: its number, and why."""

    number: str
    reason: str

    @property
    def columns(self) -> dict[str, object]:
        """What is kept of it. Raises ``act_missing``."""
        number, reason = self.number.strip(), self.reason.strip()
        if not number or not reason:
            raise RuleViolation("act_missing")
        return {"act_number": number, "reason": reason}


@transaction.atomic
def use_blank(
    *, blank: Blank, certificate: Certificate, user: User, role: Role, now: datetime
) -> Blank:
    """A document of the register stands on the blank from now on.

    Only its holder uses a blank. Raises ``document_not_in_force``, ``document_on_blank``,
    ``blank_of_another``, ``blank_state_wrong``, ``blank_conflict``, ``not_permitted``.
    """
    check_fit(blank, certificate, user)
    return move(
        blank,
        frm=(State.GIVEN,),
        to=State.USED,
        action="certificates.blank_used",
        actor=user.acting_as(role),
        now=now,
        data={"certificate": certificate.number},
        certificate=certificate,
        holder=None,
    )


def check_fit(blank: Blank, certificate: Certificate, user: User) -> None:
    """Whether a member of staff may put a document on a blank; raises as ``use_blank`` does."""
    own = {user.provider_id, blank.provider_id, certificate.provider_id}
    if len(own) != 1:
        raise RuleViolation("not_permitted")
    if blank.holder_id != user.pk:
        raise RuleViolation("blank_of_another", blank=blank.label)
    if certificate.status != Status.VALID:
        raise RuleViolation("document_not_in_force", number=certificate.number)
    bearing = blank_of(certificate)
    if bearing is not None:
        raise RuleViolation("document_on_blank", blank=bearing.label)


@transaction.atomic
def spoil_blank(*, blank: Blank, act: Act, user: User, role: Role, now: datetime) -> Blank:
    """Write a spoiled blank off: a clean one, or one whose print turned out to be wrong.

    One that bears a document only a keeper of the safe writes off, with the paper in hand. Raises
    ``act_missing``, ``blank_at_printer``, ``blank_state_wrong``, ``blank_conflict``,
    ``blank_of_another``, ``not_permitted``.
    """
    actor = check_answerable(blank, user, role)
    check_not_at_printer(blank)
    if blank.state == State.USED and role not in KEEPERS:
        raise RuleViolation("blank_state_wrong", blank=blank.label)
    frm = (State.IN_STOCK, State.GIVEN, State.USED)
    return write_off(blank, frm=frm, to=State.SPOILED, act=act, actor=actor, now=now)


@transaction.atomic
def lose_blank(*, blank: Blank, act: Act, user: User, role: Role, now: datetime) -> Blank:
    """Write off a blank that nobody can find. Raises as ``spoil_blank`` does."""
    actor = check_answerable(blank, user, role)
    check_not_at_printer(blank)
    frm = (State.IN_STOCK, State.GIVEN)
    return write_off(blank, frm=frm, to=State.LOST, act=act, actor=actor, now=now)


def write_off(
    blank: Blank,
    *,
    frm: tuple[Blank.State, ...],
    to: Blank.State,
    act: Act,
    actor: Actor,
    now: datetime,
) -> Blank:
    """The move itself; call it in a transaction after the checks."""
    columns = act.columns
    data: dict[str, object] = {"act": columns["act_number"], "reason": columns["reason"]}
    if blank.holder_id:
        data["from"] = f"user:{blank.holder_id}"
    if blank.certificate is not None:
        data["certificate"] = blank.certificate.number
    action = f"certificates.blank_{to.value}"
    return move(
        blank,
        frm=frm,
        to=to,
        action=action,
        actor=actor,
        now=now,
        data=data,
        holder=None,
        **columns,
    )


@transaction.atomic
def keep_act(*, blank: Blank, content: bytes, user: User, role: Role, now: datetime) -> None:
    """Keep the scan of the act, looked at before by whoever took it; a later one replaces it in
    the ledger, the journal names both. Raises ``blank_state_wrong``, ``not_permitted``."""
    actor = check_answerable(blank, user, role)
    if blank.state not in (State.SPOILED, State.LOST):
        raise RuleViolation("blank_state_wrong", blank=blank.label)
    blank.act.save("act", ContentFile(content), save=False)
    Blank.objects.filter(pk=blank.pk).update(act=blank.act.name)
    journal.record(
        subject=subject_of(blank),
        action="certificates.blank_act_kept",
        actor=actor,
        now=now,
        data={"file": blank.act.name},
    )
