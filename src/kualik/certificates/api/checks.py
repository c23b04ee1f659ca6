"""The check of documents by programs: one, or a list of them."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext_noop
from ninja import Field, Path, Router, Schema

from kualik.accounts.adapters.bearer import Bearer, caller
from kualik.accounts.adapters.problems import Problem, Ref, Texts, texts
from kualik.accounts.models import ApiToken
from kualik.accounts.queries.tokens import Scope
from kualik.certificates.services.answers import Check
from kualik.certificates.services.checking import check_codes
from kualik.certificates.services.recording import to_record
from kualik.core import clock
from kualik.core.throttle import Limit, check_limit, count_miss
from kualik.rules import facts as fact_rules
from kualik.rules.errors import RuleViolation
from kualik.rules.identifiers import parse_code, parse_public_number

router = Router(tags=["check"])
# A code has 80 random bits; whoever misses so often has no documents before them.
GUESSES = Limit("certificate by token", 1000)
MOST_CODES = 200
TOLD = (
    "verdict",
    "standing",
    "status_changed_at",
    "replaced_by",
    "sealed_at",
    "in_force_since",
    "level",
    "stamped_at",
)
VERDICTS = ("valid", "altered", "suspended", "revoked", "replaced", "unknown")
Verdict = Annotated[str, Field(json_schema_extra={"enum": list(VERDICTS)})]
REFUSALS: dict[int | frozenset[int], Any] = {
    frozenset({400, 401, 403, 413, 415, 422, 429}): Problem
}
Code = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        description=gettext_noop("The check code of the document, as it is printed."),
    ),
]


class Document(Schema):
    """What a certificate or a reference says, frozen at the decision."""

    number: str
    code: str
    kind: str = Field(json_schema_extra={"enum": ["pd", "cc", "rt"]})
    paper: str = Field(json_schema_extra={"enum": ["certificate", "reference"]})
    form: str
    edition: str
    edition_version: int
    provider_name: Texts
    provider_bin: str
    city: Texts
    holder_kk: str
    holder_ru: str
    programme: Texts
    specialty: Texts | None
    hours: int
    credits: str
    started_on: str
    ended_on: str
    issued_on: str
    signer_name: str
    signer_position: Texts


class LetterTold(Schema):
    """What is told of a letter that the code belongs to."""

    number: str
    title: Texts
    provider_name: Texts
    provider_bin: str
    dated: str
    applicant: Texts
    by_handler: bool


class Reason(Schema):
    """Why the verdict is as it is."""

    code: str
    text: Texts


class SealTold(Schema):
    """The organisation whose key sealed the file."""

    organisation: Texts
    bin: str
    serial: str
    not_after: str
    is_test: bool


class SignatureTold(Schema):
    """The authorised person's own signature."""

    person: str
    role: Texts
    organisation: str
    bin: str
    signed_at: str
    accepted_at: str
    algorithm: str
    serial: str


class CheckAnswer(Schema):
    """What the register says of a check code now."""

    verdict: Verdict
    title: Texts
    meaning: Texts
    document: Document | None
    letter: LetterTold | None
    standing: Verdict | None
    status_reason: Texts | None
    status_changed_at: str | None
    replaced_by: str | None = Field(
        description=gettext_noop("The check code of the document that took its place.")
    )
    sealed_at: str | None
    in_force_since: str | None
    level: str | None
    stamped_at: str | None
    seal: SealTold | None
    signature: SignatureTold | None
    reasons: list[Reason]


class Asked(Schema):
    """One document of a list."""

    code: Code
    number: str = Field(
        default="",
        max_length=64,
        description=gettext_noop("The number on the paper, to compare with the register."),
    )
    ref: Ref = Field(
        default="",
        max_length=60,
        description=gettext_noop("Your own name for the row; it comes back with the answer."),
    )

    model_config = {"extra": "forbid"}


class AskedList(Schema):
    """The documents to check."""

    documents: list[Asked] = Field(min_length=1, max_length=MOST_CODES)

    model_config = {"extra": "forbid"}


class ListedAnswer(CheckAnswer):
    """The answer about one document of the list."""

    ref: str
    number_differs: bool = Field(
        description=gettext_noop("The register has another number for this code.")
    )


class CheckedAnswers(Schema):
    """The answers in the order of the list, and how many there are of each verdict."""

    counts: dict[str, int]
    documents: list[ListedAnswer]


@router.get(
    "/checks/{code}",
    auth=Bearer(Scope.CHECK),
    response={200: CheckAnswer, **REFUSALS},
    operation_id="check_document",
    summary=gettext_noop("Check a document"),
    description=gettext_noop(
        "What the register says of a check code now. A code that nobody was given is the verdict "
        "unknown. Ask again with If-None-Match: 304 says that nothing has changed."
    ),
)
def check_document(request: HttpRequest, code: Path[Code]) -> CheckAnswer:
    return CheckAnswer(**_answers(caller(request), [code], clock.now())[0])


@router.post(
    "/checks",
    auth=Bearer(Scope.CHECK),
    response={200: CheckedAnswers, **REFUSALS},
    operation_id="check_list",
    summary=gettext_noop("Check a list of documents"),
    description=gettext_noop(
        "Up to 200 documents at once; each has its own answer, whatever the others are. Nothing "
        "of the list is kept."
    ),
)
def check_list(request: HttpRequest, asked: AskedList) -> CheckedAnswers:
    found = _answers(caller(request), [one.code for one in asked.documents], clock.now())
    rows = [
        ListedAnswer(ref=one.ref, number_differs=_differs(one.number, answer), **answer)
        for one, answer in zip(asked.documents, found, strict=True)
    ]
    verdicts = [row.verdict for row in rows]
    return CheckedAnswers(
        counts={verdict: verdicts.count(verdict) for verdict in VERDICTS}, documents=rows
    )


def _answers(token: ApiToken, codes: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    """Raises ``too_many_tries``."""
    guesser = str(token.pk)
    check_limit(GUESSES, guesser, now=now)
    found = check_codes(codes)
    misses = sum(
        answer.verdict == "unknown" and _is_code(code)
        for code, answer in zip(codes, found, strict=True)
    )
    if misses:
        count_miss(GUESSES, guesser, now=now, times=misses)
    return [_told(answer) for answer in found]


def _is_code(text: str) -> bool:
    try:
        parse_code(text)
    except RuleViolation:
        return False
    return True


def _differs(number: str, answer: dict[str, Any]) -> bool:
    """Whether a number was named and is not that of the document behind the code."""
    document = answer["document"] or answer["letter"]
    if not number or document is None:
        return False
    try:
        named = parse_public_number(number).text
    except RuleViolation:
        return True
    return bool(named != document["number"])


def _told(check: Check) -> dict[str, Any]:
    """The record of the public answer, with what is told of the document in one part."""
    record: dict[str, Any] = to_record(check)
    return {
        **{name: record[name] for name in TOLD},
        "title": texts(check.words.title),
        "meaning": texts(check.words.meaning),
        "document": fact_rules.to_record(check.facts) if check.facts else None,
        "letter": _letter(check),
        "status_reason": texts(check.status_reason) if check.status_reason else None,
        "seal": record["signer"],
        "signature": record["signature"],
        "reasons": [{"code": one.code, "text": texts(one.text)} for one in check.reasons],
    }


def _letter(check: Check) -> dict[str, Any] | None:
    if check.letter is None:
        return None
    return {**asdict(check.letter), "dated": check.letter.dated.isoformat()}
