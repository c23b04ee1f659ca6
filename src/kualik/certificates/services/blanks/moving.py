"""Every change of a blank: compare-and-set on state and version, and an entry in the journal."""

from collections.abc import Collection
from datetime import datetime

from django.db import IntegrityError, transaction

from kualik.accounts.models import User
from kualik.certificates.models import Blank
from kualik.core import journal
from kualik.core.journal import Actor
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

State = Blank.State
# Who keeps the safe, and who may answer for blanks given out of it.
KEEPERS = frozenset({Role.REGISTRAR, Role.OFFICE_HEAD, Role.PROVIDER_ADMIN})
HOLDERS = frozenset({Role.REGISTRAR, Role.CLERK, Role.OFFICE_HEAD})


def subject_of(blank: Blank) -> str:
    """A blank as the journal names it."""
    return f"{prefix_of(blank.provider)}{blank.series}-{blank.number:0{blank.receipt.digits}d}"


def prefix_of(provider: Provider) -> str:
    """How the journal's names of all blanks of a provider begin."""
    return f"blank:{provider.code}:"


def book_of(provider: Provider) -> str:
    """The ledger of a provider as the journal names it: deliveries and counts."""
    return f"blanks:{provider.code}"


@transaction.atomic
def move(
    blank: Blank,
    *,
    frm: Collection[Blank.State],
    to: Blank.State,
    action: str,
    actor: Actor,
    now: datetime,
    data: dict[str, object] | None = None,
    **changes: object,
) -> Blank:
    """Bring a blank from one of ``frm`` to ``to``; ``changes`` are further columns.

    Raises ``blank_state_wrong``, ``blank_conflict`` (somebody moved it since it was read) and
    ``document_on_blank`` (the certificate is on another blank already).
    """
    if blank.state not in frm:
        raise RuleViolation("blank_state_wrong", blank=blank.label)
    values = {"state": to, "changed_at": now, **changes}
    same = Blank.objects.filter(pk=blank.pk, state=blank.state, version=blank.version)
    try:
        with transaction.atomic():
            written = same.update(version=blank.version + 1, **values)
    except IntegrityError as error:
        raise RuleViolation("document_on_blank", blank=blank.label) from error
    if not written:
        raise RuleViolation("blank_conflict", blank=blank.label)
    blank.version += 1
    for name, value in values.items():
        setattr(blank, name, value)
    journal.record(subject=subject_of(blank), action=action, actor=actor, now=now, data=data)
    return blank


def check_keeper(user: User, provider: Provider, role: Role) -> Actor:
    """Who keeps the safe of this very provider. Raises ``not_permitted``."""
    if user.provider_id != provider.pk or role not in KEEPERS or not user.has_role(KEEPERS):
        raise RuleViolation("not_permitted")
    return user.acting_as(role)


def check_answerable(blank: Blank, user: User, role: Role) -> Actor:
    """Who holds the blank, or keeps the safe. Raises ``not_permitted``, ``blank_of_another``."""
    if user.provider_id != blank.provider_id:
        raise RuleViolation("not_permitted")
    if blank.holder_id != user.pk and role not in KEEPERS:
        raise RuleViolation("blank_of_another", blank=blank.label)
    return user.acting_as(role)
