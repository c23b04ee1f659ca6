"""The parts of the applicants' journeys: each is played by a person of its own in each language."""

from dataclasses import dataclass
from itertools import product

LANGUAGES = ("kk", "ru")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Somebody of the applicants' journeys; ``id`` is that of the simulators, ``number`` that of
    a request there is already, ``session`` an open cabinet."""

    id: str
    name: str
    iin: str
    phone: str
    session: str
    completion: int
    title: dict[str, str]
    number: str


@dataclass(frozen=True, slots=True)
class Begin:
    """Where a part begins: whether the person's number is confirmed, and whether the person has
    agreed to the processing of data."""

    has_phone: bool = False
    has_agreed: bool = True


# Entering
PARTS = {
    "key": Begin(has_agreed=False),
    "phone": Begin(has_agreed=False),
    "code": Begin(has_phone=True),
    "guess": Begin(has_phone=True),
    "identity": Begin(has_agreed=False),
    # Asking
    "plain": Begin(),
    "hands": Begin(has_phone=True),
    "answer": Begin(has_phone=True),
    "unknown": Begin(),
    "twice": Begin(),
    "torn": Begin(),
    "principal": Begin(),
    # Following
    "misspelt": Begin(),
    "refused": Begin(),
    "overdue": Begin(),
    # At the portal of e-government
    "portal": Begin(),
}
# These are told by short message that they may receive their document.
OFFERED = ("answer", "unknown")
# Of these the list of the organisation does not know.
REPRESENTATIVE = "friend"
ALL = [f"{part}-{language}" for part, language in product(PARTS, LANGUAGES)]
