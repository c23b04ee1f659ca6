"""What a call that is refused is told: ``application/problem+json`` (RFC 9457) with our code."""

import json
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from typing import Annotated, Any, Final, Self

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Field, Schema
from pydantic import AfterValidator, model_validator

from kualik.core import errors
from kualik.rules.errors import RuleViolation
from kualik.rules.identifiers import holds_iin, parse_iin, replace_iins
from kualik.rules.language import LANGUAGES, Text

MEDIA_TYPE: Final = "application/problem+json"
REQUEST_ID: Final = "kualik.request_id"
GIVEN_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
# What explains a code to people; the page has an anchor for each code of the interface.
PAGE: Final = "/api/"
# A name of ours is a plain word; any other was invented by whoever sent it.
PLAIN_PART: Final = re.compile(r"[A-Za-z_-]{1,40}")
NOT_OURS: Final = "?"
# The first step of a way: what was sent as a whole, which the program has a name of its own for.
WHOLE: Final = frozenset({"body", "query"})
# What the library calls a misfit → our code; of any other only that it is one.
MISFITS: Final[Mapping[str, str]] = {
    "missing": "field_required",
    "extra_forbidden": "field_not_described",
    **dict.fromkeys(
        ("int_parsing", "int_type", "int_from_float", "int_parsing_size"), "field_no_number"
    ),
    **dict.fromkeys(
        (
            "string_type",
            "bool_type",
            "bool_parsing",
            "list_type",
            "dict_type",
            "model_type",
            "model_attributes_type",
        ),
        "field_kind_wrong",
    ),
    **dict.fromkeys(
        ("string_too_long", "string_too_short", "too_long", "too_short"), "field_size_wrong"
    ),
    **dict.fromkeys(
        ("less_than_equal", "greater_than_equal", "less_than", "greater_than"), "field_out_of_range"
    ),
}


def _of_nobody(text: str) -> str:
    """The text, unless an IIN stands in it; twelve digits that are none may. Raises ValueError."""

    def read(digits: str) -> str:
        try:
            parse_iin(digits)
        except RuleViolation:
            return digits
        raise ValueError("an IIN is no name of a row")

    replace_iins(text, read)
    return text


# A caller's own name for a row: it comes back with the answer and is kept with it.
Ref = Annotated[str, AfterValidator(_of_nobody)]


class Texts(Schema):
    """A text in the languages of the service; English falls back on Kazakh."""

    kk: str
    ru: str
    en: str

    @model_validator(mode="after")
    def _has_english(self) -> Self:
        self.en = self.en or self.kk
        return self


class Fault(Schema):
    """What is wrong with one field of what was sent; ``row`` counts from 0 and is null outside a
    list."""

    row: int | None = None
    ref: str | None = None
    field: str
    code: str
    severity: str = Field(default="error", json_schema_extra={"enum": ["error", "warning", "note"]})
    message: Texts


class Problem(Schema):
    """A refusal: ``code`` is stable, ``message`` is for people."""

    type: str
    title: str
    status: int
    code: str
    message: Texts
    request_id: str
    errors: list[Fault] = []


class Refused(RuleViolation):
    """A rule broken in several places of what was sent."""

    def __init__(self, code: str, faults: Sequence[Fault], **params: object) -> None:
        super().__init__(code, **params)
        self.faults = faults


def texts(text: Text) -> Texts:
    """A text as it is sent."""
    return Texts(kk=text.kk, ru=text.ru, en=text.en)


def said(violation: RuleViolation) -> Texts:
    """What a violation says."""
    return Texts(**{language: errors.message(violation, language) for language in LANGUAGES})


def misfits(found: Iterable[tuple[Sequence[int | str], str]]) -> list[Fault]:
    """Faults of what does not fit the description: the way to each value, from what was sent as a
    whole, and what the library calls the misfit."""
    return [
        Fault(
            row=next((part for part in way if isinstance(part, int)), None),
            field=_path(way),
            code=MISFITS.get(kind, "field_invalid"),
            message=_misfit(MISFITS.get(kind, "field_invalid")),
        )
        for way, kind in found
    ]


def _path(way: Sequence[int | str]) -> str:
    """The way as the caller knows it; of a whole that does not fit, where it stands."""
    inner = way[2:] if way[0] in WHOLE else way[1:]
    return ".".join(map(_part, inner or way[:1]))


def _part(part: int | str) -> str:
    is_told = isinstance(part, int) or PLAIN_PART.fullmatch(part)
    return str(part) if is_told else NOT_OURS


@cache
def _misfit(code: str) -> Texts:
    return said(RuleViolation(code))


def problem(
    request: HttpRequest, violation: RuleViolation, *, faults: Sequence[Fault] = ()
) -> HttpResponse:
    """The answer about a broken rule, with the headers that its status wants."""
    status, message = errors.status(violation), said(violation)
    told = Problem(
        type=f"{settings.PUBLIC_URL}{PAGE}#{violation.code}",
        title=HTTPStatus(status).phrase,
        status=status,
        code=violation.code,
        message=message,
        request_id=request_id(request),
        errors=list(faults),
    )
    response = HttpResponse(
        json.dumps(told.model_dump(), ensure_ascii=False), status=status, content_type=MEDIA_TYPE
    )
    for name, value in _headers(status, violation.params).items():
        response.headers[name] = value
    return response


def request_id(request: HttpRequest) -> str:
    """The caller's own name for the call where it is a plain one, else a new one; one a call."""
    kept = request.META.get(REQUEST_ID)
    if isinstance(kept, str):
        return kept
    given = request.headers.get("X-Request-Id", "")
    is_plain = GIVEN_ID.fullmatch(given) is not None and not holds_iin(given)
    request.META[REQUEST_ID] = named = given if is_plain else secrets.token_hex(16)
    return named


def _headers(status: int, params: Mapping[str, Any]) -> dict[str, str]:
    if status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": 'Bearer realm="kualik"'}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return {"Retry-After": str(params.get("seconds") or int(params.get("minutes", 1)) * 60)}
    return {}
