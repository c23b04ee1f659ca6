"""Whom a test certificate names, and what it may be used for, in the NCA's identifiers."""

import enum
from dataclasses import dataclass

from asn1crypto import core, x509

COUNTRY = "KZ"
COMMON_NAME_LENGTH = 64


class Role(enum.StrEnum):
    """Who the holder is, as the extended key usage says it."""

    INDIVIDUAL = "1.2.398.3.3.4.1.1"
    LEGAL_ENTITY = "1.2.398.3.3.4.1.2"
    FIRST_HEAD = "1.2.398.3.3.4.1.2.1"
    RIGHT_TO_SIGN = "1.2.398.3.3.4.1.2.2"
    RIGHT_TO_SIGN_FINANCIAL = "1.2.398.3.3.4.1.2.3"
    HR = "1.2.398.3.3.4.1.2.4"
    EMPLOYEE = "1.2.398.3.3.4.1.2.5"
    INFORMATION_SYSTEM = "1.2.398.3.3.4.1.2.6"


class Purpose(enum.StrEnum):
    """What the key is for, as the first extended key usage says it."""

    SIGNING = "1.3.6.1.5.5.7.3.4"
    AUTHENTICATION = "1.3.6.1.5.5.7.3.2"
    TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
    OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The holder: a person, a person of an organisation, or an organisation's system.

    ``common_name`` is made of surname and given name when empty. ``given_name`` is the word of
    the common name; ``patronymic`` goes, as the NCA does it, into the attribute GIVENNAME.
    ``mark`` is a unit besides the organisation's, to say of a person that it is none.
    """

    surname: str = ""
    given_name: str = ""
    patronymic: str = ""
    iin: str = ""
    organisation: str = ""
    bin: str = ""
    common_name: str = ""
    mark: str = ""

    def name(self) -> x509.Name:
        """The distinguished name, in the NCA's order of attributes."""
        common = self.common_name or f"{self.surname} {self.given_name}".strip()
        return distinguished_name(
            ("common_name", common[:COMMON_NAME_LENGTH]),
            ("surname", self.surname),
            ("serial_number", f"IIN{self.iin}" if self.iin else ""),
            ("country_name", COUNTRY),
            ("given_name", self.patronymic),
            ("organization_name", self.organisation),
            ("organizational_unit_name", f"BIN{self.bin}" if self.bin else ""),
            ("organizational_unit_name", self.mark),
        )


def distinguished_name(*attributes: tuple[str, str]) -> x509.Name:
    """A name of one attribute per relative name; an empty value is left out."""
    sets = [
        x509.RelativeDistinguishedName(
            [x509.NameTypeAndValue({"type": kind, "value": _value(kind, text)})]
        )
        for kind, text in attributes
        if text
    ]
    return x509.Name(name="", value=x509.RDNSequence(sets))


def _value(kind: str, text: str) -> x509.DirectoryString:
    if kind in {"country_name", "serial_number"}:
        return x509.DirectoryString(name="printable_string", value=core.PrintableString(text))
    return x509.DirectoryString(name="utf8_string", value=core.UTF8String(text))
