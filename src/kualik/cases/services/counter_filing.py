"""Filing for one person at the counter, by the identity document that was shown (A57.8.1,
A303.8.1).

The law asks for nothing but that document, so no paper application is written: what will be printed
is shown to the person, who says yes, and a member of staff files. Then the machine approves what it
may (docs/adr/0024), or the registrar is called at once: a clerk decides nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from kualik.accounts.models import Person, User
from kualik.cases.models import Draft, Evidence, Request
from kualik.cases.services.application import Wish, completion_lines, data_digest, written
from kualik.cases.services.claiming import Claim, file_claim, lines_of_claim
from kualik.cases.services.confirming import Confirmation, keep_evidence
from kualik.cases.services.deciding_alone import COUNTER_LEVEL, decide_later, why_not
from kualik.cases.services.drafting import held
from kualik.cases.services.filing import Filing, file_requests, standard_for
from kualik.cases.services.waiting import call_decider
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role
from kualik.rules.standards import Standard
from kualik.training.models import Completion

DIGITAL: Final = "digital_document"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Who stood at the counter: the number of the record of identification, the kind of document
    (``accounts.queries.identity_documents``) and the end of its number."""

    record: int
    document: str
    end: str


def check_shown(standard: Standard, document: str) -> None:
    """Raises ``document_not_in_edition``: an electronic document shows who somebody is under A303
    (A303.8.1), not under A57 (A57.8.1)."""
    known = {item.code for item in standard.items_of("document")}
    if document == DIGITAL and DIGITAL not in known:
        raise RuleViolation("document_not_in_edition", edition=standard.edition)


def check_not_own(user: User, here: Collection[str]) -> None:
    """Raises ``own_case``: nobody serves themselves, nor whoever acts for them; ``here`` are the
    look-up hashes of the IINs of everybody concerned."""
    if user.iin_hash and user.iin_hash in here:
        raise RuleViolation("own_case")


@transaction.atomic
def file_at_counter(
    *,
    completion: Completion,
    wish: Wish,
    seen: str,
    key: str,
    presence: Presence,
    user: User,
    role: Role,
    now: datetime,
) -> Request:
    """File for the person who is here, or for the principal of the representative who is.

    ``seen`` is the digest of the data that the person looked at, ``key`` that of the form: sent
    twice it files once. Raises ``own_case``, ``document_not_in_edition``, ``data_changed`` and what
    ``file_requests`` raises.
    """
    Person.objects.select_for_update(no_key=True).get(pk=completion.person_id)
    earlier = _filed_before(completion, key)
    if earlier is not None:
        return earlier
    standard, digest = standard_for("", now), data_digest(completion)
    _check(completion, wish, standard=standard, presence=presence, user=user)
    if seen != digest:
        raise RuleViolation("data_changed")
    (request,) = file_requests(
        provider=completion.provider,
        filings=[_filing(completion, wish)],
        channel=Request.Channel.COUNTER,
        filed_at=now,
        actor=user.acting_as(role),
        now=now,
    )
    lines = completion_lines(completion, wish, scans=[], standard=standard, key=key)
    said, facts = confirmed_here(written(lines), presence, user), {"data": digest, "key": key}
    keep_evidence(request=request, confirmation=said, facts=facts, now=now)
    _have_decided(request, now=now)
    return request


@transaction.atomic
def file_claim_at_counter(
    *,
    draft: Draft,
    claim: Claim,
    wish: Wish,
    presence: Presence,
    user: User,
    role: Role,
    now: datetime,
) -> Request:
    """File for the person of ``draft``, who is here and whom no list names; the registrar finds or
    enters the training. Sent twice it files once. Raises ``not_permitted``, ``own_case``,
    ``document_not_in_edition`` and what ``file_claim`` raises."""
    before, provider = held(draft=draft).result, user.provider
    if before:
        return Request.objects.get(number=before)
    if provider is None:
        raise RuleViolation("not_permitted")
    check_not_own(user, {draft.person.iin_hash})
    check_shown(standard_for("", now), presence.document)
    lines = lines_of_claim(
        claim, wish, provider=provider, person=draft.person, draft=draft, now=now, scans=[]
    )
    request = file_claim(
        draft=draft,
        claim=claim,
        wish=wish,
        provider=provider,
        confirmation=confirmed_here(written(lines), presence, user),
        facts={},
        actor=user.acting_as(role),
        now=now,
        channel=Request.Channel.COUNTER,
    )
    call_decider(request, now=now)
    return request


def confirmed_here(content: str, presence: Presence, user: User) -> Confirmation:
    """The yes of whoever stood at the counter, taken by a member of staff."""
    facts = {
        "identification": presence.record,
        "document": presence.document,
        "last": presence.end,
        "staff": f"user:{user.pk}",
    }
    return Confirmation(content=content, level=COUNTER_LEVEL, way="window", facts=facts)


def _check(
    completion: Completion, wish: Wish, *, standard: Standard, presence: Presence, user: User
) -> None:
    if user.provider_id != completion.provider_id:
        raise RuleViolation("not_permitted")
    here = {completion.person.iin_hash}
    if wish.mandate is not None:
        here.add(wish.mandate.representative.iin_hash)
    check_not_own(user, here)
    check_shown(standard, presence.document)


def _have_decided(request: Request, *, now: datetime) -> None:
    """By the machine where it will do it now, else by the registrar, whom the person waits for."""
    is_left = decide_later(request=request, now=now)
    if not is_left or now < request.accepted_at or why_not(request, now=now):
        call_decider(request, now=now)


def _filed_before(completion: Completion, key: str) -> Request | None:
    """What the same form filed, sent twice at once or later."""
    rows = Evidence.objects.filter(request__completion=completion, level=COUNTER_LEVEL)
    found = rows.filter(facts__key=key).select_related("request").first()
    return found.request if found else None


def _filing(completion: Completion, wish: Wish) -> Filing:
    return Filing(
        completion=completion,
        paper=wish.paper,
        language=wish.language,
        delivery=wish.delivery,
        mandate=wish.mandate,
    )
