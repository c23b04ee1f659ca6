"""Completions from learning systems (docs/api.md): checked as a list is, saved all or none."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop
from ninja import Field, Router, Schema, Status
from ninja.params.functions import Header

from kualik.accounts.adapters.bearer import Bearer, caller, program_actor, provider_of
from kualik.accounts.adapters.problems import Fault, Problem, Ref, Refused, Texts
from kualik.accounts.models import ApiToken
from kualik.accounts.queries.tokens import Scope
from kualik.accounts.services.commands import command_digest, do_once
from kualik.core import clock
from kualik.core.throttle import Limit, check_limit, count_miss
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES
from kualik.training.services.cells import Remark
from kualik.training.services.check import CheckedList, CheckedRow, GroupDefaults
from kualik.training.services.importing import ImportResult
from kualik.training.services.pushing import check_rows, push_rows
from kualik.training.services.recognise import field_names
from kualik.training.services.registered import NAME_OF_ANOTHER
from kualik.training.services.remarks import remark_text

router = Router(tags=["completions"])
MOST_ROWS = 500
# A remark tells that the register knows an IIN; nobody shall try out by it whom it knows.
GUESSES = Limit("person by completion", 200)
REPEATED = "Idempotent-Replayed"
VERDICTS = ["ready", "attention", "known", "refused"]
REFUSALS: dict[int | frozenset[int], Any] = {
    frozenset({400, 401, 403, 409, 413, 415, 422, 429}): Problem
}
PLAIN = r"^[^\x00-\x1f\x7f]*$"
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$|^$")]
Amount = Annotated[str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,2})?$|^$")]
KEY: Any = Header(
    alias="Idempotency-Key",
    pattern=r"^[\x21-\x7e]{8,100}$",
    description=gettext_noop(
        "A name of yours for this command, such as a UUID. The same key with the same body gives "
        "the first answer again, with another body it is refused."
    ),
)


def _line(longest: int, description: str = "") -> Any:
    return Field(default="", max_length=longest, pattern=PLAIN, description=description or None)


class Training(Schema):
    """What was learned and when; a row's own values win over those of its group."""

    kind: Literal["", "pd", "cc", "rt"] = ""
    title_kk: str = _line(500)
    title_ru: str = _line(500)
    specialty_kk: str = _line(200)
    specialty_ru: str = _line(200)
    hours: Annotated[int, Field(strict=True, ge=1, le=9999)] | None = None
    credits: Amount = Field(
        default="", description=gettext_noop("Follow from the hours where they are not told.")
    )
    started_on: Day = ""
    ended_on: Day = Field(default="", description=gettext_noop("The day of full mastery."))

    model_config = {"extra": "forbid"}


class Group(Training):
    """What all rows share."""

    name: str = _line(
        200, gettext_noop("The organisation's own name of the group; it tells groups apart.")
    )


class Completed(Training):
    """A person who mastered a programme in full."""

    ref: Ref = _line(60, gettext_noop("Your own name for the row; it comes back with the answer."))
    iin: str = Field(
        min_length=1,
        max_length=32,
        pattern=PLAIN,
        description=gettext_noop("Only here, in the body; no answer and no address has it."),
    )
    family_name: str = Field(min_length=1, max_length=100, pattern=PLAIN)
    given_name: str = _line(100)
    patronymic: str = _line(100)
    phone: str = _line(32)
    email: str = _line(254)
    workplace: str = _line(300)
    position: str = _line(200)
    result: str = _line(60)
    protocol: str = _line(120)
    study_form: str = _line(60)
    accept: Annotated[bool, Field(strict=True)] = Field(
        default=False,
        description=gettext_noop(
            "A person looked at the warnings about this row and stands by it."
        ),
    )


class Single(Completed):
    """One completion, with the people of its group told or not."""

    offer: Annotated[bool, Field(strict=True)] = Field(
        default=False,
        description=gettext_noop("Tell the people that they may have their documents."),
    )


class Batch(Schema):
    """Completions that are saved together or not at all."""

    group: Group = Group()
    rows: list[Completed] = Field(min_length=1, max_length=MOST_ROWS)
    offer: Annotated[bool, Field(strict=True)] = Field(
        default=False,
        description=gettext_noop("Tell the people that they may have their documents."),
    )

    model_config = {"extra": "forbid"}


class Kept(Schema):
    """A completion of the organisation; ``is_new`` is false for one that was known."""

    row: int
    ref: str
    completion: int
    is_new: bool


class Pushed(Schema):
    """What was saved."""

    created: int
    existing: int
    rows: list[Kept]
    remarks: list[Fault]


class Judged(Schema):
    """What would become of a row."""

    row: int
    ref: str
    verdict: str = Field(json_schema_extra={"enum": [*VERDICTS]})


class Verdicts(Schema):
    """What would become of the rows; nothing is saved."""

    is_fit: bool = Field(description=gettext_noop("Whether a push of the same body is saved."))
    missing: list[str] = Field(
        description=gettext_noop("Fields that neither the group nor any row tells.")
    )
    rows: list[Judged]
    remarks: list[Fault]


@router.post(
    "/completions",
    auth=Bearer(Scope.COMPLETIONS),
    response={201: Pushed, 200: Pushed, **REFUSALS},
    operation_id="push_completion",
    summary=gettext_noop("Send one completion"),
    description=gettext_noop(
        "Somebody mastered a programme in full. The checks are those of an imported list. Status "
        "200 instead of 201 says that the completion was known."
    ),
)
def push_completion(
    request: HttpRequest,
    completed: Single,
    response: HttpResponse,
    key: str = KEY,
) -> Status[dict[str, Any]]:
    return _push(request, response, key, [completed], Group(), offers=completed.offer)


@router.post(
    "/completions/batch",
    auth=Bearer(Scope.COMPLETIONS),
    response={201: Pushed, 200: Pushed, **REFUSALS},
    operation_id="push_completions",
    summary=gettext_noop("Send completions together"),
    description=gettext_noop(
        "Up to 500 rows that are saved together or not at all: where one has an error, or a "
        "warning without accept, the answer is 422 with all remarks and nothing is saved."
    ),
)
def push_completions(
    request: HttpRequest,
    batch: Batch,
    response: HttpResponse,
    key: str = KEY,
) -> Status[dict[str, Any]]:
    return _push(request, response, key, batch.rows, batch.group, offers=batch.offer)


@router.post(
    "/completions/check",
    auth=Bearer(Scope.COMPLETIONS),
    response={200: Verdicts, **REFUSALS},
    operation_id="check_completions",
    summary=gettext_noop("Try completions out"),
    description=gettext_noop("What a push of the same body would say; nothing is saved."),
)
def check_completions(request: HttpRequest, batch: Batch) -> dict[str, Any]:
    provider, now = provider_of(caller(request)), clock.now()
    check_limit(GUESSES, str(provider.pk), now=now)
    checked = _checked(provider, batch.rows, batch.group, now)
    refs = [row.ref for row in batch.rows]
    _count_guesses(provider, checked.rows, now)
    return {
        "is_fit": not (checked.missing or _unfit(checked, batch.rows)),
        "missing": list(checked.missing),
        "rows": [
            {"row": row.row - 1, "ref": refs[row.row - 1], "verdict": row.verdict}
            for row in checked.rows
        ],
        "remarks": _faults(checked.rows, refs),
    }


def _push(
    request: HttpRequest,
    response: HttpResponse,
    key: str,
    rows: Sequence[Completed],
    group: Group,
    *,
    offers: bool,
) -> Status[dict[str, Any]]:
    token, now = caller(request), clock.now()
    provider = provider_of(token)
    check_limit(GUESSES, str(provider.pk), now=now)
    judged: list[CheckedRow] = []
    try:
        done = do_once(
            token=token,
            key=key,
            digest=command_digest(path=request.path, body=request.body),
            act=_saving(token, rows, group, offers, judged, now),
            now=now,
        )
    finally:
        # Outside the act: what is refused is undone, the count stays.
        _count_guesses(provider, judged, now)
    if done.is_repeated:
        response.headers[REPEATED] = "true"
    return Status(done.status, done.body)


def _saving(
    token: ApiToken,
    rows: Sequence[Completed],
    group: Group,
    offers: bool,
    judged: list[CheckedRow],
    now: datetime,
) -> Callable[[], tuple[int, dict[str, Any]]]:
    """The act of a push, which lays what it judged into ``judged``. It raises ``rows_refused`` and
    ``group_incomplete`` with all remarks."""
    provider = provider_of(token)

    def require(checked: CheckedList) -> None:
        judged.extend(checked.rows)
        _require_fit(checked, rows)

    def save() -> tuple[int, dict[str, Any]]:
        checked, result = push_rows(
            provider=provider,
            rows=[_texts(row) for row in rows],
            defaults=_defaults(group),
            accepted=[place for place, row in enumerate(rows, start=1) if row.accept],
            require=require,
            source=token.name,
            offers=offers,
            actor=program_actor(token),
            now=now,
        )
        told = _pushed(checked, result, [row.ref for row in rows])
        return (201 if result.created else 200), told.model_dump()

    return save


def _pushed(checked: CheckedList, result: ImportResult, refs: Sequence[str]) -> Pushed:
    known = {row.row for row in checked.rows if row.verdict == "known"}
    told = [
        Kept(
            row=number - 1,
            ref=refs[number - 1],
            completion=completion,
            is_new=number not in known,
        )
        for number, completion in sorted(result.completions.items())
    ]
    return Pushed(
        created=result.created,
        existing=result.existing,
        rows=told,
        remarks=_faults(checked.rows, refs),
    )


def _checked(
    provider: Provider, rows: Sequence[Completed], group: Group, now: datetime
) -> CheckedList:
    return check_rows(
        provider=provider,
        rows=[_texts(row) for row in rows],
        defaults=_defaults(group),
        now=now,
    )


def _texts(row: Completed) -> Mapping[str, str]:
    """The row as the cells of a list would have it."""
    told = row.model_dump(exclude={"ref", "accept", "offer"})
    return {name: "" if value is None else str(value) for name, value in told.items()}


def _defaults(group: Group) -> GroupDefaults:
    told = group.model_dump(exclude={"name"})
    texts = {name: str(value) for name, value in told.items() if value}
    try:
        return GroupDefaults.from_texts({**texts, "group_name": group.name})
    except ValueError as error:
        raise RuleViolation("day_unknown") from error


def _unfit(checked: CheckedList, rows: Sequence[Completed]) -> list[CheckedRow]:
    """The rows that keep all others from being saved."""
    return [
        row
        for row in checked.rows
        if row.verdict == "refused" or (row.verdict == "attention" and not rows[row.row - 1].accept)
    ]


def _require_fit(checked: CheckedList, rows: Sequence[Completed]) -> None:
    refs = [row.ref for row in rows]
    unfit = _unfit(checked, rows)
    if unfit:
        raise Refused("rows_refused", _faults(unfit, refs), count=len(unfit))
    if checked.missing:
        raise Refused("group_incomplete", [], names=field_names(checked.missing))


def _count_guesses(provider: Provider, rows: Sequence[CheckedRow], now: datetime) -> None:
    """Remember the rows that bring the IIN of a known person under another one's name."""
    guesses = sum(remark.code == NAME_OF_ANOTHER for row in rows for remark in row.remarks)
    if guesses:
        count_miss(GUESSES, str(provider.pk), now=now, times=guesses)


def _faults(rows: Sequence[CheckedRow], refs: Sequence[str]) -> list[Fault]:
    return [
        Fault(
            row=row.row - 1,
            ref=refs[row.row - 1],
            field=remark.field,
            code=remark.code,
            severity=remark.severity,
            message=_said(remark),
        )
        for row in rows
        for remark in row.remarks
    ]


def _said(remark: Remark) -> Texts:
    return Texts(**{language: remark_text(remark, language) for language in LANGUAGES})
