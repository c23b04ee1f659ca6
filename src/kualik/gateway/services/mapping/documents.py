"""What a question of the portal and an answer to it hold, however they are written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from kualik.rules.language import Text

SUBMIT: Final = "submit"
STATUS: Final = "status"
RESULT: Final = "result"
WITHDRAW: Final = "withdraw"
ADD: Final = "add"
DICTIONARY: Final = "dictionary"
PAPERS: Final[Mapping[str, Text]] = {
    "certificate": Text("Куәлік", "Свидетельство", "Certificate"),
    "reference": Text("Анықтама", "Справка", "Reference"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalFile:
    """A file of the form: its bytes, or where it lies in the temporary file store."""

    name: str
    content: bytes = b""
    file_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalForm:
    """What the portal says; empty where it said nothing. Codes are our own words."""

    operation: str = SUBMIT
    number: str = ""
    chain: str = ""
    system: str = ""
    iin: str = ""
    family_name: str = ""
    given_name: str = ""
    patronymic: str = ""
    phone: str = ""
    email: str = ""
    kind: str = ""
    programme_code: str = ""
    programme: str = ""
    started_on: date | None = None
    ended_on: date | None = None
    hours: int = 0
    paper: str = "certificate"
    language: str = "kk"
    delivery: str = "electronic"
    confirmation: str = ""
    comment: str = ""
    dictionary: str = ""
    files: tuple[PortalFile, ...] = ()

    @property
    def full_name(self) -> str:
        """Surname, given name and, if any, patronymic."""
        return " ".join(filter(None, (self.family_name, self.given_name, self.patronymic)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A document of the answer; ``signature`` is the person's detached CMS over it."""

    kind: str
    name: str
    number: str
    day: date
    content: bytes = b""
    file_id: str = ""
    mime: str = "application/pdf"
    signature: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is said of a request: ``status`` is a step of ``status_words``; ``code`` and
    ``reasons`` belong to a refusal. ``echo`` are values of the form given back."""

    status: str
    at: datetime
    echo: Mapping[str, str]
    language: str = "kk"
    our_number: str = ""
    accepted_at: datetime | None = None
    due_at: datetime | None = None
    code: str = ""
    reasons: Text | None = None
    papers: Sequence[Paper] = ()
