"""How requests stand, for other programs: by number and code for everybody (docs/status.md), and an
organisation's own ones by its token (docs/api.md)."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from ninja import Field, Path, Query, Router, Schema

from kualik.accounts.adapters.bearer import Bearer, caller, program_actor, provider_of
from kualik.accounts.adapters.cursors import MOMENT, Paged, page_of, read_moment, read_place
from kualik.accounts.adapters.problems import Problem, Ref, Texts, texts
from kualik.accounts.models import ApiToken
from kualik.accounts.queries.tokens import Scope
from kualik.accounts.services import record_look
from kualik.cases.models import Request
from kualik.cases.queries import plain_number
from kualik.cases.services.following import follow, to_record
from kualik.cases.services.looking import look_up, look_up_receipts
from kualik.core import clock, errors
from kualik.core.access import public
from kualik.core.bodies import read_body
from kualik.core.throttle import address_of
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES
from kualik.rules.lifecycle import STATE_LABELS, State

MOST_BYTES = 2048
MOST_RECEIPTS = 50
STATES = [state.value for state in State]
router = Router(tags=["requests"])
REFUSALS: dict[int | frozenset[int], Any] = {frozenset({401, 403, 404, 422, 429}): Problem}


class Overdue(Schema):
    """An answer that did not come in time."""

    since: str
    meaning: Texts
    goes_on: Texts


class Step(Schema):
    """What happened and in which role somebody did it."""

    at: str
    action: str
    what: Texts
    who: Texts


class Turn(Schema):
    """What comes next, and by when where a term runs."""

    what: Texts
    who: Texts
    by: str | None


class ClockStep(Texts):
    """A sentence of how the term was counted, with its clause."""

    clause: str


class Course(Schema):
    """How a request stands: no name, no IIN, no document's number."""

    number: str
    state: str = Field(json_schema_extra={"enum": [*STATES]})
    state_text: Texts
    document: Texts
    programme: Texts
    provider: Texts
    filed_at: str
    accepted_at: str
    due_at: str
    is_waiting: bool
    overdue: Overdue | None
    usual_minutes: int | None
    steps: list[Step]
    next: Turn
    clock: list[ClockStep]


class OwnCourse(Course):
    """How a request of the organisation stands, and what it led to."""

    completion: int | None
    certificate: str | None = Field(
        description=gettext_noop("The number of the document, once it is issued.")
    )


class Listed(Schema):
    """A request in a list."""

    number: str
    state: str = Field(json_schema_extra={"enum": [*STATES]})
    state_text: Texts
    channel: str
    kind: str = Field(json_schema_extra={"enum": ["pd", "cc", "rt"]})
    paper: str = Field(json_schema_extra={"enum": ["certificate", "reference"]})
    completion: int | None
    certificate: str | None
    filed_at: str
    accepted_at: str
    due_at: str


class RequestPage(Schema):
    """A page of requests in the order in which they came."""

    requests: list[Listed]
    cursor: str | None
    has_more: bool


class RequestQuery(Paged):
    """Which requests are read."""

    state: str = Field(default="", pattern=f"^({'|'.join(STATES)})?$")
    completion: int | None = Field(
        default=None,
        ge=1,
        le=2**53,
        description=gettext_noop("Only those for this completion, as a push told it."),
    )
    filed_since: str = Field(
        default="",
        pattern=f"{MOMENT}|^$",
        description=gettext_noop("Only what was filed since this moment."),
    )


@router.get(
    "/requests",
    auth=Bearer(Scope.REQUESTS),
    response={200: RequestPage, **REFUSALS},
    operation_id="list_requests",
    summary=gettext_noop("List requests"),
    description=gettext_noop("The organisation's requests in the order in which they came."),
)
def list_requests(request: HttpRequest, asked: Query[RequestQuery]) -> dict[str, Any]:
    rows = _asked_for(caller(request), asked)
    shown, rest = page_of(rows, asked, stands_at=lambda row: row.filed_at)
    return {"requests": [_listed(row) for row in shown], **rest}


@router.get(
    "/requests/{number}",
    auth=Bearer(Scope.REQUESTS),
    response={200: OwnCourse, **REFUSALS},
    operation_id="get_request",
    summary=gettext_noop("Follow one request"),
    description=gettext_noop("A request of the organisation itself; another's is not found."),
)
def get_request(
    request: HttpRequest,
    number: Path[
        Annotated[str, Field(max_length=64, description=gettext_noop("The number of the request."))]
    ],
) -> dict[str, Any]:
    token, now = caller(request), clock.now()
    try:
        row = _own(token).filter(number=plain_number(number)).first()
    except RuleViolation as error:
        raise Http404 from error
    if row is None:
        raise Http404
    record_look(
        person=row.person, what="request", about=row.number, actor=program_actor(token), now=now
    )
    own = {"completion": row.completion_id, "certificate": _certificate(row)}
    return {**to_record(follow(row, now=now)), **own}


class StatusAsked(Schema):
    """A request and the proof that it is one's own."""

    number: str = Field(max_length=64)
    code: str = Field(
        max_length=64,
        description=gettext_noop(
            "The code of the receipt, or the last four digits of the phone of the request."
        ),
    )

    model_config = {"extra": "forbid"}


@router.post(
    "/status",
    auth=None,
    response={200: Course, frozenset({400, 404, 413, 415, 422, 429}): Problem},
    operation_id="look_up_status",
    summary=gettext_noop("Status by number and code"),
    description=gettext_noop(
        "For whoever has the receipt: no token is needed, and the limits on guessing are those of "
        "the public page."
    ),
)
def look_up_status(request: HttpRequest, asked: StatusAsked) -> dict[str, Any]:
    now = clock.now()
    found = look_up(number=asked.number, code=asked.code, address=address_of(request), now=now)
    return to_record(follow(found, now=now))


class Receipt(Schema):
    """A request by what its receipt says."""

    number: str = Field(max_length=64)
    code: str = Field(
        max_length=64, description=gettext_noop("The code of the receipt; no phone opens it here.")
    )
    ref: Ref = Field(
        default="",
        max_length=60,
        description=gettext_noop("Your own name for the row; it comes back with the answer."),
    )

    model_config = {"extra": "forbid"}


class Receipts(Schema):
    """The requests of a portal's visitors."""

    requests: list[Receipt] = Field(min_length=1, max_length=MOST_RECEIPTS)

    model_config = {"extra": "forbid"}


class ReceiptCourse(Schema):
    """How the request of one row stands."""

    ref: str
    status: Course | None = Field(
        description=gettext_noop("Null where no request has this number and code.")
    )


class ReceiptCourses(Schema):
    """The answers in the order of the rows."""

    requests: list[ReceiptCourse]


@router.post(
    "/statuses",
    auth=Bearer(Scope.STATUS),
    response={200: ReceiptCourses, frozenset({400, 401, 403, 413, 415, 422, 429}): Problem},
    operation_id="look_up_statuses",
    summary=gettext_noop("Statuses by receipts"),
    description=gettext_noop(
        "For a portal that shows its visitors how their requests stand: up to 50 at once, of any "
        "organisation, each by its number and the code of its receipt. Nothing of the list is kept."
    ),
)
def look_up_statuses(request: HttpRequest, asked: Receipts) -> dict[str, Any]:
    token, now = caller(request), clock.now()
    receipts = [(row.number, row.code) for row in asked.requests]
    found = look_up_receipts(receipts=receipts, guesser=str(token.pk), now=now)
    return {
        "requests": [
            {"ref": row.ref, "status": one and to_record(follow(one, now=now))}
            for row, one in zip(asked.requests, found, strict=True)
        ]
    }


def _own(token: ApiToken) -> QuerySet[Request]:
    rows = Request.objects.filter(provider=provider_of(token))
    return rows.select_related("provider", "person", "certificate", "completion__programme")


def _asked_for(token: ApiToken, asked: RequestQuery) -> QuerySet[Request]:
    """Raises ``cursor_unreadable``, ``moment_unreadable``."""
    rows = _own(token)
    if asked.state:
        rows = rows.filter(state=asked.state)
    if asked.completion is not None:
        rows = rows.filter(completion=asked.completion)
    if asked.filed_since:
        rows = rows.filter(filed_at__gte=read_moment(asked.filed_since))
    if asked.cursor:
        rows = rows.filter(pk__gt=read_place(asked.cursor)[1])
    # Not by the moment of filing: an older application may be entered late.
    return rows.order_by("pk")


def _listed(row: Request) -> dict[str, Any]:
    return {
        "number": row.number,
        "state": row.state,
        "state_text": texts(STATE_LABELS[State(row.state)]),
        "channel": row.channel,
        "kind": row.kind,
        "paper": row.paper,
        "completion": row.completion_id,
        "certificate": _certificate(row),
        "filed_at": clock.local_iso(row.filed_at),
        "accepted_at": clock.local_iso(row.accepted_at),
        "due_at": clock.local_iso(row.due_at),
    }


def _certificate(row: Request) -> str | None:
    """The number of the document; a draft's is nobody's business yet."""
    document = row.certificate
    return document.number if document is not None and document.sealed_at else None


@public
@never_cache
@csrf_exempt
@require_POST
def status(request: HttpRequest) -> HttpResponse:
    """The address that came before ``/api/v1/status``; it stays as docs/status.md describes it.

    Exempt from the CSRF token: nothing is changed and no session is looked at.
    """
    now = clock.now()
    try:
        number, code = _sent(request)
        found = look_up(number=number, code=code, address=address_of(request), now=now)
    except RuleViolation as violation:
        refusal = {"error": violation.code, "message": _said(violation)}
        return _answer(refusal, status=errors.status(violation))
    return _answer(to_record(follow(found, now=now)))


def _sent(request: HttpRequest) -> tuple[str, str]:
    """Number and code of the body. Raises ``status_body_unreadable``."""
    try:
        sent = json.loads(read_body(request, most=MOST_BYTES))
    except (RuleViolation, ValueError, RecursionError) as error:
        raise RuleViolation("status_body_unreadable") from error
    match sent:
        case {"number": str(number), "code": str(code)}:
            return number, code
    raise RuleViolation("status_body_unreadable")


def _said(violation: RuleViolation) -> dict[str, str]:
    said = {}
    for language in LANGUAGES:
        with translation.override(language):
            said[language] = errors.message(violation)
    return said


def _answer(record: Mapping[str, object], status: int = 200) -> JsonResponse:
    return JsonResponse(record, status=status, json_dumps_params={"ensure_ascii": False})
