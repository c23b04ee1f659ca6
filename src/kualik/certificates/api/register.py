"""An organisation's own register for its own programs, and what changed in it since."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext_noop
from ninja import Field, Path, Query, Router, Schema

from kualik.accounts.adapters.bearer import Bearer, caller, program_actor, provider_of
from kualik.accounts.adapters.cursors import MOMENT, Paged, page_of, read_moment, read_place
from kualik.accounts.adapters.problems import Problem, Texts, texts
from kualik.accounts.models import ApiToken
from kualik.accounts.queries.tokens import Scope
from kualik.accounts.services import record_look
from kualik.certificates.models import Certificate
from kualik.certificates.queries import SEALED
from kualik.certificates.services.exporting import record_program_read
from kualik.core import clock
from kualik.rules import facts as fact_rules
from kualik.rules.errors import RuleViolation
from kualik.rules.identifiers import parse_public_number
from kualik.rules.language import Text

router = Router(tags=["register"])
# An act tells the moment at which it began, and signatures on some hundred documents are taken in
# minutes; by now those of that moment have ended, so nothing appears behind a cursor given out.
SETTLED = timedelta(minutes=5)
TOLD = (
    "kind",
    "paper",
    "edition",
    "holder_kk",
    "holder_ru",
    "programme",
    "hours",
    "credits",
    "started_on",
    "ended_on",
    "issued_on",
    "signer_name",
)
STATUSES = [status.value for status in SEALED]
REFUSALS: dict[int | frozenset[int], Any] = {frozenset({401, 403, 404, 422, 429}): Problem}


class Entry(Schema):
    """One document of the register, without the check code: whoever has that opens the document."""

    number: str
    status: str = Field(json_schema_extra={"enum": [*STATUSES]})
    status_changed_at: str
    status_reason: Texts | None
    replaced_by: str | None = Field(
        description=gettext_noop("The number of the document that took its place.")
    )
    kind: str = Field(json_schema_extra={"enum": ["pd", "cc", "rt"]})
    paper: str = Field(json_schema_extra={"enum": ["certificate", "reference"]})
    edition: str
    holder_kk: str
    holder_ru: str
    programme: Texts
    hours: int
    credits: str
    started_on: str
    ended_on: str
    issued_on: str
    signer_name: str
    in_force_since: str | None
    file_sha256: str


class RegisterPage(Schema):
    """A page of the register in the order of the last change."""

    documents: list[Entry]
    cursor: str | None = Field(
        description=gettext_noop(
            "Where to go on, now or another day; null while the register is empty."
        )
    )
    has_more: bool = Field(description=gettext_noop("Whether a further page waits already."))


class RegisterQuery(Paged):
    """Which part of the register is read."""

    changed_since: str = Field(
        default="",
        pattern=f"{MOMENT}|^$",
        description=gettext_noop(
            "Only what was issued or changed since this moment (ISO 8601 with an offset)."
        ),
    )


@router.get(
    "/register",
    auth=Bearer(Scope.REGISTER),
    response={200: RegisterPage, **REFUSALS},
    operation_id="list_register",
    summary=gettext_noop("Read the register"),
    description=gettext_noop(
        "The organisation's documents in the order of their last change. Keep the last cursor and "
        "ask with it again: you get what was issued, suspended, restored, revoked or replaced "
        "since. A change appears five minutes after it was made."
    ),
)
def list_register(request: HttpRequest, asked: Query[RegisterQuery]) -> dict[str, Any]:
    token, now = caller(request), clock.now()
    rows = _changes(token, asked, now)
    shown, rest = page_of(rows, asked, stands_at=lambda row: row.status_changed_at)
    record_program_read(actor=program_actor(token), now=now)
    return {"documents": [_entry(row) for row in shown], **rest}


@router.get(
    "/register/{number}",
    auth=Bearer(Scope.REGISTER),
    response={200: Entry, **REFUSALS},
    operation_id="get_registered",
    summary=gettext_noop("Read one document of the register"),
    description=gettext_noop("A document of the organisation itself; another's is not found."),
)
def get_registered(
    request: HttpRequest,
    number: Path[
        Annotated[
            str, Field(max_length=64, description=gettext_noop("The number of the document."))
        ]
    ],
) -> dict[str, Any]:
    token = caller(request)
    try:
        plain = parse_public_number(number).text
    except RuleViolation as error:
        raise Http404 from error
    row = _own(token).filter(number=plain).first()
    if row is None:
        raise Http404
    record_look(
        person=row.person,
        what="certificate",
        about=row.number,
        actor=program_actor(token),
        now=clock.now(),
    )
    return _entry(row)


def _own(token: ApiToken) -> QuerySet[Certificate]:
    rows = Certificate.objects.filter(provider=provider_of(token), status__in=SEALED)
    return rows.select_related("replaced_by", "person")


def _changes(token: ApiToken, asked: RegisterQuery, now: datetime) -> QuerySet[Certificate]:
    """Raises ``cursor_unreadable``, ``moment_unreadable``."""
    rows = _own(token).filter(status_changed_at__lte=now - SETTLED)
    if asked.changed_since:
        rows = rows.filter(status_changed_at__gte=read_moment(asked.changed_since))
    if asked.cursor:
        moment, pk = read_place(asked.cursor)
        rows = rows.filter(Q(status_changed_at__gt=moment) | Q(status_changed_at=moment, pk__gt=pk))
    return rows.order_by("status_changed_at", "pk")


def _entry(row: Certificate) -> dict[str, Any]:
    facts = fact_rules.to_record(fact_rules.from_record(row.facts))
    reason = Text(row.status_reason_kk, row.status_reason_ru)
    return {
        **{name: facts[name] for name in TOLD},
        "number": row.number,
        "status": row.status,
        "status_changed_at": clock.local_iso(row.status_changed_at),
        "status_reason": texts(reason) if reason.kk else None,
        "replaced_by": row.replaced_by.number if row.replaced_by else None,
        "in_force_since": clock.local_iso(row.sealed_at) if row.sealed_at else None,
        "file_sha256": row.file_sha256,
    }
