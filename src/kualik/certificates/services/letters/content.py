"""What a letter's facts hold, kind by kind, and how they are frozen as plain JSON.

Values by the types in KEYS, all of them required, none besides, never an IIN. Signs that no paper
can show are left out of texts:

- ``refusal``, ``not_accepted``: the decision on a request; made by ``refusal_letter_facts``;
- ``notice``: which document was issued, and who certified it; made by ``notice_letter_facts``;
- ``decision``: ``complaint`` is its number, ``subject`` what it is against (a refusal, a delay),
  ``decision`` its kind, in words; ``found`` may have several lines, ``court`` is the note on court;
- ``transcript``: lists of rows;
- ``report``: the figures of a month; ``tables`` are records of title, columns, rows, note and
  shares, every cell {"kk", "ru"}.

The draft adds number, code, issued_on, provider_name, provider_bin, city, signer_name and
signer_position.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Final

from kualik.certificates.models import Certificate, Letter
from kualik.papers.queries import form, words
from kualik.papers.services import printed
from kualik.rules import facts as fact_rules
from kualik.rules import identifiers
from kualik.rules.complaints import last_day_to_complain
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.refusal import Refusal

Kind = Letter.Kind
Facts = Mapping[str, object]

_REFUSAL: Final = {
    "request": str,
    "applicant": Text,
    "service": Text,
    "ground": Text,
    "law": Text,
    "clause": Text,
    "reasons": Text,
    "mend": Text,
    "appeal": Text,
    "bodies": Text,
    "appeal_until": date,
    "decided_on": date,
}
KEYS: Final[Mapping[str, Mapping[str, type]]] = {
    Kind.REFUSAL: _REFUSAL,
    Kind.NOT_ACCEPTED: _REFUSAL,
    Kind.NOTICE: {
        "request": str,
        "applicant": Text,
        "service": Text,
        "document": Text,
        "document_number": str,
        "document_code": str,
        "programme": Text,
        "issued_on": date,
        "certified_by": Text,
    },
    Kind.DECISION: {
        "complaint": str,
        "filed_on": date,
        "applicant": Text,
        "subject": Text,
        "complained_of": Text,
        "found": Text,
        "decision": Text,
        "effect": Text,
        "court": Text,
        "decided_on": date,
    },
    Kind.TRANSCRIPT: {
        "holder": Text,
        "rows": list,
        "periods": list,
        "made_on": date,
    },
    Kind.REPORT: {"period": Text, "tables": list, "made_on": date},
}


def refusal_letter_facts(
    *, decision: Refusal, request: str, applicant: Text, mend: Text, bodies: Text
) -> dict[str, object]:
    """The facts of a "refusal" or "not_accepted" from the decision itself (A57.9, A303.9).

    ``mend`` is what to do before asking again; ``bodies`` who takes a complaint and where, a line
    each.
    """
    until = last_day_to_complain(decision.decided_on, appeal=decision.appeal, ways_were_named=True)
    return {
        "request": request,
        "applicant": applicant,
        "service": decision.standard.title,
        "ground": decision.ground.text,
        "law": decision.ground.law,
        "clause": _clause(decision),
        "reasons": decision.facts,
        "mend": mend,
        "appeal": decision.appeal.text(),
        "bodies": bodies,
        "appeal_until": until,
        "decided_on": decision.decided_on,
    }


def _clause(decision: Refusal) -> Text:
    """Where the standard has the ground: the row as people call it, and its id."""
    clause, act = decision.ground.clause, decision.standard.act.number
    said = words(f"letters/{Kind.REFUSAL}")["clause_place"]
    known = {"row": clause.split(".")[1], "act": act, "clause": clause}
    return Text(said.kk.format(**known), said.ru.format(**known))


def notice_letter_facts(
    *, certificate: Certificate, request: str, service: Text
) -> dict[str, object]:
    """The facts of a "notice" that a document was issued (A57.10-2)."""
    known = fact_rules.from_record(certificate.facts)
    signer = getattr(certificate, "person_signature", None)
    by_person = Text(
        f"{known.signer_name}, {known.signer_position.kk}",
        f"{known.signer_name}, {known.signer_position.ru}",
    )
    return {
        "request": request,
        "applicant": Text(known.holder_kk, known.holder_ru),
        "service": service,
        "document": form(known.form).title,
        "document_number": known.number,
        "document_code": identifiers.format_code(known.code),
        "programme": known.programme,
        "issued_on": known.issued_on,
        "certified_by": by_person if signer else known.provider_name,
    }


def frozen(kind: str, given: Facts) -> dict[str, object]:
    """The facts as JSON. Raises ``letter_facts_invalid`` (field) for a key too many, one too few
    or a value of another type; a record {"kk", "ru"} counts as a Text, an ISO day as a date."""
    wanted = KEYS[kind]
    for field in wanted.keys() ^ given.keys():
        raise RuleViolation("letter_facts_invalid", field=field)
    return {name: _plain(name, given[name], shape) for name, shape in wanted.items()}


def _plain(name: str, value: object, shape: type) -> object:
    if shape is Text and isinstance(value, Mapping):
        value = Text(str(value["kk"]), str(value["ru"]))
    if shape is date and isinstance(value, str):
        value = date.fromisoformat(value)
    if not isinstance(value, shape) or isinstance(value, datetime):
        raise RuleViolation("letter_facts_invalid", field=name)
    if isinstance(value, Text):
        return _both(name, value)
    if isinstance(value, date):
        return value.isoformat()
    return [_row(name, row) for row in value] if isinstance(value, list) else value


def _both(name: str, value: Text) -> dict[str, str]:
    """A paper is in Kazakh and Russian: neither side may be empty."""
    if not value.kk.strip() or not value.ru.strip():
        raise RuleViolation("letter_facts_invalid", field=name)
    return {"kk": printed(value.kk), "ru": printed(value.ru)}


def _row(name: str, row: object) -> dict[str, object]:
    if not isinstance(row, Mapping):
        raise RuleViolation("letter_facts_invalid", field=name)
    return {str(key): _cell(value) for key, value in row.items()}


def _cell(value: object) -> object:
    if isinstance(value, Text):
        return asdict(value)
    return value.isoformat() if isinstance(value, date) else value
