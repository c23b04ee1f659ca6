"""The consent to the processing of personal data: its text, who gave it, the gate before it."""

import hashlib
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from django.conf import settings
from django.http import HttpRequest

from kualik.accounts.models import Consent, Person
from kualik.accounts.queries.persons import DATA
from kualik.core.access import entry_of
from kualik.rules.language import LANGUAGES, Text

# What the text says where an installation names no operator.
UNNAMED = Text(
    "осы ақпараттық жүйенің иесі",
    "владелец этой информационной системы",
    "the owner of this information system",
)


@dataclass(frozen=True, slots=True)
class Part:
    """A heading with its paragraphs."""

    heading: Text
    paragraphs: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class ConsentText:
    """The consent as a person reads it; editions that people agreed to stay in the data."""

    version: int
    since: date
    title: Text
    parts: tuple[Part, ...]

    def sha256(self, language: str) -> str:
        """The digest of what is shown in a language: every line, with a line feed between two."""
        lines = [self.title.get(language)]
        for part in self.parts:
            lines += [part.heading.get(language)]
            lines += [paragraph.get(language) for paragraph in part.paragraphs]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def consent_text() -> ConsentText:
    """The text asked for now, with the operator of this installation in it."""
    return consent_texts(tuple(settings.OPERATOR.items()))[-1]


@cache
def consent_texts(operator: tuple[tuple[str, str], ...]) -> Sequence[ConsentText]:
    """All editions of the text, the oldest first."""
    rows = tomllib.loads((DATA / "consent.toml").read_text(encoding="utf-8"))["edition"]
    named = dict(operator)
    who = Text(*(_named(named, language) for language in LANGUAGES))
    return [
        ConsentText(
            version=row["version"],
            since=row["since"],
            title=Text(**row["title"]),
            parts=tuple(
                Part(
                    _filled(part["heading"], who),
                    tuple(_filled(paragraph, who) for paragraph in part["paragraph"]),
                )
                for part in row["part"]
            ),
        )
        for row in rows
    ]


def consent_of(person: Person) -> Consent | None:
    """The consent in force: given to the text of today and not withdrawn."""
    return Consent.objects.filter(
        person=person, version=consent_text().version, withdrawn_at=None
    ).first()


def has_consent(person: Person) -> bool:
    """Whether the person agreed to the text of today."""
    return consent_of(person) is not None


def withdrawn_among(people: Collection[int]) -> set[int]:
    """Of persons by primary key, those who withdrew their consent and gave no other since."""
    rows = Consent.objects.filter(person_id__in=people)
    given = rows.filter(withdrawn_at=None).values("person_id")
    gone = rows.exclude(person_id__in=given)
    return set(gone.values_list("person_id", flat=True))


def first_page(request: HttpRequest) -> str:
    """The page that stands before the cabinet of this visitor; empty when nothing is left to do.

    The access middleware asks at every page of an applicant, so that a consent withdrawn in one
    browser closes the cabinet in all of them.
    """
    entry = entry_of(request)
    if entry is None:
        return ""
    person = str(entry["person"])
    given = Consent.objects.filter(
        person_id=person, version=consent_text().version, withdrawn_at=None
    )
    # Somebody who is no more is left to the page itself, which refuses.
    is_free = given.exists() or not Person.objects.filter(pk=person).exists()
    return "" if is_free else "accounts:consent"


def _named(operator: dict[str, str], language: str) -> str:
    name, number = operator.get(language, ""), operator.get("bin", "")
    if not name:
        return UNNAMED.get(language)
    word = {"kk": "БСН", "ru": "БИН", "en": "BIN"}[language]
    return f"{name} ({word} {number})" if number else name


def _filled(words: dict[str, str], who: Text) -> Text:
    return Text(*(words[name].replace("{operator}", who.get(name)) for name in LANGUAGES))
