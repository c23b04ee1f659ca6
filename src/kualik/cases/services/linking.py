"""Saying which training a claim is about; only then can its document be approved."""

from datetime import datetime

from django.db import IntegrityError, transaction

from kualik.accounts.models import User
from kualik.cases.models import Request
from kualik.cases.queries import revoked_before
from kualik.cases.queries.asking import UNDECIDED_STATES
from kualik.cases.services.overdue import CLAIM_TASK
from kualik.core import journal
from kualik.core.clock import local_day
from kualik.core.tasks import close_task
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from kualik.training.models import Completion, Group
from kualik.training.services.entering import Entry, enter_completion

LINKED = "cases.training_linked"


@transaction.atomic
def link_training(
    *, request: Request, completion: Completion, user: User, role: Role, now: datetime
) -> Request:
    """The person's completed programme that the claim is about, found by a member of staff.

    The legal clock stays as it was set at filing. Raises ``training_unfit`` for another person's,
    another provider's or an unfinished one, ``result_not_in_edition``, ``request_exists`` when
    another request lives on it, ``conflict`` when the request has moved or is linked already.
    """
    theirs = (request.person_id, request.provider_id)
    is_theirs = (completion.person_id, completion.provider_id) == theirs
    if not is_theirs or completion.mastered_on > local_day(now):
        raise RuleViolation("training_unfit")
    kind = completion.programme.kind
    standards.get(request.edition, request.edition_version).result(kind, request.paper)
    revoked = revoked_before([completion.pk], filed_at=request.filed_at).get(completion.pk)
    waiting = Request.objects.filter(
        pk=request.pk, version=request.version, completion=None, state__in=UNDECIDED_STATES
    )
    try:
        with transaction.atomic():
            changed = waiting.update(
                completion=completion, kind=kind, replaces=revoked, version=request.version + 1
            )
    except IntegrityError as error:
        raise RuleViolation("request_exists", number=request.number) from error
    if not changed:
        raise RuleViolation("conflict", number=request.number)
    request.completion, request.kind, request.replaces = completion, kind, revoked
    request.version += 1
    journal.record(
        subject=f"request:{request.number}",
        action=LINKED,
        actor=user.acting_as(role),
        now=now,
        data={"completion": completion.pk, "group": completion.group_id},
    )
    close_task(key=f"{CLAIM_TASK}:{request.number}", actor=user.acting_as(role), now=now)
    return request


@transaction.atomic
def enter_training(
    *, request: Request, group: Group, entry: Entry, user: User, role: Role, now: datetime
) -> Request:
    """Enter the training that no list names in a group of the provider, and link it at once.

    Raises what ``enter_completion`` and ``link_training`` raise; then nothing is entered.
    """
    if group.provider_id != request.provider_id:
        raise RuleViolation("training_unfit")
    completion = enter_completion(
        group=group, person=request.person, entry=entry, actor=user.acting_as(role), now=now
    )
    return link_training(request=request, completion=completion, user=user, role=role, now=now)
