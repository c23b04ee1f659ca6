"""What a document prints of a completion, and whether its sheet holds it."""

from collections.abc import Mapping
from copy import copy

from kualik.accounts.queries import authorised_person
from kualik.certificates.services.drafting import Draft, check_draft
from kualik.rules import standards, volumes
from kualik.rules.errors import RuleViolation
from kualik.rules.language import Text
from kualik.rules.standards import Result
from kualik.training.models import Completion, Programme


def draft_of(completion: Completion, result: Result) -> Draft:
    """The document that certifies a completion by one of the results of a standard."""
    programme = completion.programme
    return Draft(
        person=completion.person,
        holder_kk=completion.holder_kk,
        holder_ru=completion.holder_ru,
        programme=Text(programme.title_kk, programme.title_ru),
        specialty=_specialty(programme),
        hours=completion.hours,
        credits=volumes.credits_text(completion.credits),
        started_on=completion.started_on,
        ended_on=completion.mastered_on,
        result=result,
    )


def check_printable(completion: Completion, names: Mapping[str, str]) -> None:
    """Try on every sheet that the completion may get whether it holds the ``names`` (by field) in
    place of the present ones. Where nobody may sign just now, it is left to the next try.

    Raises ``paper_overflow`` (part) or ``paper_glyph_missing``.
    """
    try:
        signer = authorised_person(completion.provider)
    except RuleViolation:
        return
    tried = copy(completion)
    for field, name in names.items():
        setattr(tried, field, name)
    newest = [versions[-1] for versions in standards.load_all().values()]
    for standard, result in [(one, result) for one in newest for result in one.results]:
        if result.kind == completion.programme.kind:
            check_draft(
                provider=completion.provider,
                standard=standard,
                draft=draft_of(tried, result),
                signer=signer,
                issued_on=completion.mastered_on,
            )


def _specialty(programme: Programme) -> Text | None:
    """In both languages; the one that was given where the other was not."""
    given = programme.specialty_ru or programme.specialty_kk
    if not given:
        return None
    return Text(programme.specialty_kk or given, programme.specialty_ru or given)
