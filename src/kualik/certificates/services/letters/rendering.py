"""From frozen facts to the paper: one renderer for each kind of letter."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from django.conf import settings

from kualik.certificates.models import Letter
from kualik.papers.queries import words
from kualik.papers.services import (
    LetterFacts,
    ReportFacts,
    ReportTable,
    SealBlock,
    TranscriptFacts,
    TranscriptRow,
    TranscriptTotal,
    render_letter,
    render_report,
    render_transcript,
)
from kualik.papers.services.wording import long_date, quoted
from kualik.rules import identifiers
from kualik.rules.language import Text

Kind = Letter.Kind
Record = Mapping[str, Any]
Sections = tuple[tuple[str, Text], ...]
Renderer = Callable[[Letter, SealBlock, bool], bytes]


def render(letter: Letter, *, seal: SealBlock, is_test: bool) -> bytes:
    """The letter's PDF, not yet signed; raises what ``papers.services.render_letter`` does."""
    return RENDERERS[letter.kind](letter, seal, is_test)


def address_of_letter(code: str) -> str:
    """The public address that the QR of a letter carries, as that of a certificate does."""
    return f"{settings.PUBLIC_URL}/c/{code}"


def text_in(record: Record, name: str) -> Text:
    """A text of the facts; empty where there is none."""
    row = record.get(name) or {}
    return Text(str(row.get("kk", "")), str(row.get("ru", "")))


def title_of(letter: Letter) -> Text:
    """What the paper calls itself, as one phrase."""
    table = words(f"letters/{letter.kind}")
    return Text(*(_phrase(table, language) for language in ("kk", "ru")))


def _phrase(table: Mapping[str, Text], language: str) -> str:
    name, subject = table["title"].get(language), table["subtitle"].get(language)
    phrase = f"{subject} {name}" if language == "kk" else f"{name} {subject}"
    return phrase.capitalize()


def lines_of(kind: str, record: Record) -> list[tuple[Text, Text]]:
    """What the common sheet of that kind says, label by label, as pages show it beforehand."""
    table = words(f"letters/{kind}")
    return [(table[name], text) for name, text in SECTIONS[kind](record)]


def _sheet(kind: str, dated: str) -> Renderer:
    """A renderer of the common sheet; ``dated`` names the fact that is its day."""

    def rendered(letter: Letter, seal: SealBlock, is_test: bool) -> bytes:
        record = letter.facts
        is_signed = seal.has_person_signature
        facts = LetterFacts(
            kind=letter.kind,
            number=letter.number,
            provider_name=text_in(record, "provider_name"),
            sections=SECTIONS[kind](record),
            dated=date.fromisoformat(record[dated]),
            signer_name=record["signer_name"] if is_signed else "",
            signer_position=text_in(record, "signer_position"),
        )
        url = address_of_letter(letter.code)
        return render_letter(facts=facts, check_url=url, seal=seal, is_test=is_test)

    return rendered


def _same(value: str) -> Text:
    return Text(value, value)


def _day(record: Record, name: str) -> Text:
    day = date.fromisoformat(record[name])
    return Text(long_date(day, "kk"), long_date(day, "ru"))


def _all(record: Record, names: tuple[str, ...]) -> Sections:
    return tuple((name, text_in(record, name)) for name in names)


def _some(record: Record, names: tuple[str, ...]) -> Sections:
    """Those that the facts have: of a draft from before, what it was frozen with."""
    return tuple((name, text_in(record, name)) for name in names if name in record)


def _refusal(record: Record) -> Sections:
    ground, law = text_in(record, "ground"), text_in(record, "law")
    return (
        ("number", _same(record["request"])),
        *_all(record, ("applicant", "service")),
        ("ground", Text(f"{ground.kk} ({law.kk})", f"{ground.ru} ({law.ru})")),
        *_some(record, ("clause", "reasons", "mend", "appeal", "bodies")),
        *[(name, _day(record, name)) for name in ("appeal_until", "decided_on") if name in record],
    )


def _notice(record: Record) -> Sections:
    document, programme = text_in(record, "document"), text_in(record, "programme")
    number = record["document_number"]
    code = identifiers.parse_code(record["document_code"])
    cabinet, check = f"{settings.PUBLIC_URL}/cabinet/", address_of_letter(code)
    place = words(f"letters/{Kind.NOTICE}")["place_cabinet"]
    return (
        ("number", _same(record["request"])),
        *_all(record, ("applicant", "service")),
        ("document", Text(f"{document.kk} № {number}", f"{document.ru} № {number}")),
        ("programme", Text(quoted(programme.kk), quoted(programme.ru))),
        ("issued_on", _day(record, "issued_on")),
        *_all(record, ("certified_by",)),
        (
            "place",
            Text(*(one.format(cabinet=cabinet, check=check) for one in (place.kk, place.ru))),
        ),
    )


def _decision(record: Record) -> Sections:
    return (
        ("complaint", _same(record["complaint"])),
        ("filed_on", _day(record, "filed_on")),
        *_all(record, ("applicant", "subject", "complained_of", "found")),
        *_all(record, ("decision", "effect", "court")),
        ("decided_on", _day(record, "decided_on")),
    )


def _transcript(letter: Letter, seal: SealBlock, is_test: bool) -> bytes:
    record = letter.facts
    facts = TranscriptFacts(
        number=letter.number,
        organisation=text_in(record, "provider_name"),
        holder=text_in(record, "holder"),
        made_on=date.fromisoformat(record["made_on"]),
        rows=tuple(_row(row) for row in record["rows"]),
        totals=tuple(_total(row) for row in record["periods"]),
    )
    url = address_of_letter(letter.code)
    return render_transcript(facts=facts, check_url=url, seal=seal, is_test=is_test)


def _row(record: Record) -> TranscriptRow:
    started_on, ended_on, issued_on = (
        date.fromisoformat(record[name]) for name in ("started_on", "ended_on", "issued_on")
    )
    return TranscriptRow(
        number=record["number"],
        paper=text_in(record, "paper"),
        programme=text_in(record, "programme"),
        provider=text_in(record, "provider"),
        started_on=started_on,
        ended_on=ended_on,
        issued_on=issued_on,
        hours=record["hours"],
        credits=record["credits"],
        state=text_in(record, "state"),
    )


def _total(record: Record) -> TranscriptTotal:
    first, last = (date.fromisoformat(record[name]) for name in ("first", "last"))
    return TranscriptTotal(**{**record, "first": first, "last": last})


def _report(letter: Letter, seal: SealBlock, is_test: bool) -> bytes:
    record = letter.facts
    facts = ReportFacts(
        number=letter.number,
        organisation=text_in(record, "provider_name"),
        period=text_in(record, "period"),
        made_on=date.fromisoformat(record["made_on"]),
        tables=tuple(_table(row) for row in record["tables"]),
        signer_name=record["signer_name"] if seal.has_person_signature else "",
        signer_position=text_in(record, "signer_position"),
    )
    url = address_of_letter(letter.code)
    return render_report(facts=facts, check_url=url, seal=seal, is_test=is_test)


def _table(record: Record) -> ReportTable:
    return ReportTable(
        title=text_in(record, "title"),
        columns=tuple(Text(cell["kk"], cell["ru"]) for cell in record["columns"]),
        rows=tuple(tuple(Text(cell["kk"], cell["ru"]) for cell in row) for row in record["rows"]),
        note=text_in(record, "note"),
        shares=tuple(record["shares"]),
    )


SECTIONS: Final[Mapping[str, Callable[[Record], Sections]]] = {
    Kind.REFUSAL: _refusal,
    Kind.NOT_ACCEPTED: _refusal,
    Kind.NOTICE: _notice,
    Kind.DECISION: _decision,
}
RENDERERS: Final[Mapping[str, Renderer]] = {
    Kind.REFUSAL: _sheet(Kind.REFUSAL, "decided_on"),
    Kind.NOT_ACCEPTED: _sheet(Kind.NOT_ACCEPTED, "decided_on"),
    Kind.NOTICE: _sheet(Kind.NOTICE, "issued_on"),
    Kind.DECISION: _sheet(Kind.DECISION, "decided_on"),
    Kind.TRANSCRIPT: _transcript,
    Kind.REPORT: _report,
}
