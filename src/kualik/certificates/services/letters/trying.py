"""A letter set before anybody decides, so that what no sheet holds is said in time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from kualik.accounts.models import User
from kualik.accounts.queries import authorised_person
from kualik.certificates.models import Letter
from kualik.certificates.services.letters.content import frozen
from kualik.certificates.services.letters.drafting import head_of
from kualik.certificates.services.letters.rendering import render
from kualik.core.clock import local_day
from kualik.papers.services import SealBlock
from kualik.providers.models import Provider

# As long as the longest that the series gives.
NUMBER: Final = "0000000000-0000-H000000-0"
CODE: Final = "0" * 16
SERIAL: Final = "0" * 40


def try_letter(
    *,
    kind: str,
    provider: Provider,
    facts: Mapping[str, object],
    signer: User | None = None,
    now: datetime,
) -> dict[str, object]:
    """The facts as a draft would freeze them, after its sheet was set and thrown away.

    Raises what ``draft_letter`` raises, and what keeps its file from being made:
    ``paper_glyph_missing``, ``paper_overflow``.
    """
    content = frozen(kind, facts)
    head = head_of(provider, signer or authorised_person(provider), now)
    letter = Letter(number=NUMBER, code=CODE, kind=kind, facts={**content, **head})
    seal = SealBlock(
        organisation=provider.name,
        certificate_serial=SERIAL,
        certificate_valid_to=local_day(now),
        sealed_at=now,
        has_person_signature=True,
    )
    render(letter, seal=seal, is_test=True)
    return content
