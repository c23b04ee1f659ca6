"""Who a verified signature names, as persons are registered."""

from typing import Final

from kualik.accounts.services import PersonFacts
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.certificates import read_certificate
from kualik.signatures.services.verdicts import SignerVerdict

COMMON_NAME: Final = "2.5.4.3"
SURNAME: Final = "2.5.4.4"
# The national centre writes the patronymic there.
GIVEN_NAME: Final = "2.5.4.42"
LENGTH: Final = 100


def holder_iin(verdict: SignerVerdict) -> str:
    """The IIN of the signer, as the authority vouches for it: keys of the national test authority
    have no right check digit. Raises ``certificate_without_iin``."""
    if not verdict.iin:
        raise RuleViolation("certificate_without_iin")
    return verdict.iin


def private_person(verdict: SignerVerdict) -> PersonFacts:
    """The signer as a private person, names in ordinary letters.

    Raises ``certificate_without_iin`` and ``certificate_of_organisation``: others may hold the
    keys that an organisation gives out.
    """
    iin = holder_iin(verdict)
    if verdict.bin:
        raise RuleViolation("certificate_of_organisation")
    subject = read_certificate(verdict.certificate_der).subject
    common, surname, patronymic = (
        next(iter(subject.get(oid, ())), "").strip() for oid in (COMMON_NAME, SURNAME, GIVEN_NAME)
    )
    words = common.split()
    surname = surname or next(iter(words), "")
    rest = common.removeprefix(surname).strip()
    given = rest.removesuffix(patronymic).strip() or rest
    return PersonFacts(iin, _ordinary(surname), _ordinary(given), _ordinary(patronymic))


def _ordinary(name: str) -> str:
    """Certificates are written in capitals."""
    return (name.title() if name.isupper() else name)[:LENGTH]
