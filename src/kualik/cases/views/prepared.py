"""What lies prepared for a person's signature: certificates and letters in one list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404

from kualik.accounts.models import User
from kualik.cases.services.sealing import prepared_content, prepared_for
from kualik.certificates.models import Certificate, Letter
from kualik.certificates.queries import own_prepared
from kualik.certificates.services.letters import (
    HANDLER_ROLES,
    prepared_letter_content,
    prepared_letters,
    text_in,
    title_of,
)
from kualik.certificates.services.policy import may_sign_today
from kualik.certificates.services.signing import SIGNS_FOR
from kualik.papers.queries import form as paper_form
from kualik.rules import facts as fact_rules
from kualik.rules.language import Text


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that waits for the signature: ``about`` is the programme, or what kind of letter
    it is; ``title`` what the paper calls itself."""

    row: Certificate | Letter
    holder: Text
    about: Text
    title: Text

    @property
    def number(self) -> str:
        """The number that the paper bears."""
        return self.row.number

    @property
    def is_letter(self) -> bool:
        """Whether it is a letter and no certificate."""
        return isinstance(self.row, Letter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """What is signed in one go: ``later`` documents come after these, ``over`` are beyond the
    person's quota, of which ``left`` are left today (None without a quota). Letters come first and
    no quota counts them: each ends somebody's waiting."""

    now: list[Prepared]
    later: int
    over: int
    left: int | None


def portion_for(user: User, most: int, now: datetime) -> Portion:
    """What is prepared for the person, ``most`` documents of it and no more than the quota lets."""
    found, left = prepared_for(user, now), may_sign_today(user, now=now)
    allowed = found if left is None else found[:left]
    letters = [letter_look(row) for row in prepared_letters(user)]
    certificates = [row.certificate for row in allowed if row.certificate]
    rest = max(0, most - len(letters))
    return Portion(
        now=letters[:most] + [_certificate_look(row) for row in certificates[:rest]],
        later=max(0, len(letters) + len(certificates) - most),
        over=len(found) - len(allowed),
        left=left,
    )


def prepared_rows(user: User, now: datetime) -> list[Prepared]:
    """Everything that waits for the signature, whatever the quota says."""
    certificates = [row.certificate for row in prepared_for(user, now) if row.certificate]
    letters = [letter_look(row) for row in prepared_letters(user)]
    return letters + [_certificate_look(row) for row in certificates]


def content_of(row: Certificate | Letter, now: datetime) -> bytes:
    """The prepared file; raises ``prepared_file_changed`` for one that is lost or damaged."""
    if isinstance(row, Letter):
        return prepared_letter_content(letter=row, now=now)
    return prepared_content(certificate=row, now=now)


def own_row(user: User, number: str) -> Certificate | Letter:
    """The prepared document of that number that names ``user``; 404 without one."""
    certificate = own_prepared(user).filter(number=number).first()
    found = certificate or prepared_letters(user).filter(number=number).first()
    if found is None:
        raise Http404
    return found


def rights_for(chosen: Sequence[Prepared]) -> tuple[str, ...]:
    """The rights a key must give to sign all of these in one go."""
    are_decisions = all(
        isinstance(one.row, Letter) and one.row.kind == Letter.Kind.DECISION for one in chosen
    )
    return HANDLER_ROLES if are_decisions else SIGNS_FOR


def letter_look(row: Letter) -> Prepared:
    """A letter with its applicant and what it is about."""
    title, about = title_of(row), row.about.partition(":")[2]
    said = Text(f"{title.kk}: № {about}", f"{title.ru}: № {about}")
    return Prepared(row, text_in(row.facts, "applicant"), said, title)


def _certificate_look(row: Certificate) -> Prepared:
    facts = fact_rules.from_record(row.facts)
    title = paper_form(facts.form).title
    return Prepared(row, Text(facts.holder_kk, facts.holder_ru), facts.programme, title)
