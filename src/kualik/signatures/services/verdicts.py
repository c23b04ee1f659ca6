"""What a verification answers: one verdict per signer, with reasons in words."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from kualik.rules.identifiers import format_serial
from kualik.rules.language import LANGUAGES, Text
from kualik.signatures.adapters.certificates import Certificate

DATA: Final = Path(__file__).parents[1] / "data"

Status = Literal["valid", "invalid", "indeterminate"]
Kind = Literal["invalid", "indeterminate", "remark"]
TimeSource = Literal["timestamp", "stated", "none"]

# Identifiers of the national centre, https://root.gov.kz/oid/ and reference of its certificates.
ROLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "1.2.398.3.3.4.1.1": "individual",
        "1.2.398.3.3.4.1.2": "legal_entity",
        "1.2.398.3.3.4.1.2.1": "first_head",
        "1.2.398.3.3.4.1.2.2": "right_to_sign",
        "1.2.398.3.3.4.1.2.3": "right_to_sign_financial",
        "1.2.398.3.3.4.1.2.4": "hr",
        "1.2.398.3.3.4.1.2.5": "employee",
        "1.2.398.3.3.4.1.2.6": "information_system",
        "1.2.398.3.3.4.2.1": "nca_administrator",
        "1.2.398.3.3.4.2.2": "nca_manager",
        "1.2.398.3.3.4.2.3": "nca_operator",
        "1.2.398.3.3.4.3.1": "identified_in_person",
        "1.2.398.3.3.4.3.2": "identified_remotely",
        "1.2.398.3.3.4.3.2.1": "digital_id",
        "1.2.398.5.19.1.2.2.1": "treasury_client",
    }
)
INFORMATION_SYSTEM: Final = "1.2.398.3.3.4.1.2.6."


@dataclass(frozen=True, slots=True)
class Reason:
    """A finding; its ``kind`` and ``text`` stand in ``data/reasons.toml``. ``about`` is what the
    text names, the file for example."""

    code: str
    about: str = ""

    @property
    def kind(self) -> Kind:
        """Whether it makes a signature invalid, leaves it open, or only tells something."""
        return _table()[self.code][0]

    @property
    def text(self) -> Text:
        """What it says, in three languages."""
        said = _table()[self.code][1]
        if not self.about:
            return said
        return Text(*(said.get(language).replace("{about}", self.about) for language in LANGUAGES))

    def to_record(self) -> dict[str, object]:
        """The shape of the command line's answer."""
        text = {language: self.text.get(language) for language in LANGUAGES}
        return {"code": self.code, "kind": self.kind, "text": text}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerVerdict:
    """One signer. The certificate's facts are empty where there is no readable certificate.

    ``person`` is the full name, ``iin`` and ``bin`` 12 digits or empty, ``roles`` values of
    ROLES, ``serial`` lower-case hexadecimal. ``signed_at`` is None unless its source is a
    ``timestamp`` (proven) or ``stated`` (the signer's word); ``stated_at`` is that word, also
    where a time-stamp proves a later moment. ``is_valid_now`` speaks of the
    certificate's dates at the moment of judgement.
    """

    reasons: tuple[Reason, ...]
    person: str = ""
    iin: str = ""
    organisation: str = ""
    bin: str = ""
    roles: tuple[str, ...] = ()
    signed_at: datetime | None = None
    signed_at_source: TimeSource = "none"
    stated_at: datetime | None = None
    algorithm: str = ""
    serial: str = ""
    issuer: str = ""
    certificate_not_before: datetime | None = None
    certificate_not_after: datetime | None = None
    is_valid_now: bool = False
    certificate_der: bytes = b""

    @property
    def status(self) -> Status:
        """The gravest of the reasons decides."""
        return _status(self.reasons)

    @property
    def is_test(self) -> bool:
        """Whether only a test authority stands behind it: no signature outside a demonstration."""
        return Reason("test_signature") in self.reasons

    def to_record(self) -> dict[str, object]:
        """The shape of the command line's answer; moments in ISO 8601."""
        return {
            "status": self.status,
            "reasons": [reason.to_record() for reason in self.reasons],
            "person": self.person,
            "iin": self.iin,
            "organisation": self.organisation,
            "bin": self.bin,
            "roles": list(self.roles),
            "signed_at": _iso(self.signed_at),
            "signed_at_source": self.signed_at_source,
            "stated_at": _iso(self.stated_at),
            "algorithm": self.algorithm,
            "serial": format_serial(self.serial),
            "issuer": self.issuer,
            "certificate_not_before": _iso(self.certificate_not_before),
            "certificate_not_after": _iso(self.certificate_not_after),
            "is_valid_now": self.is_valid_now,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The answer about a signature file. ``reasons`` speak of the file as a whole;
    ``is_attached`` says that it carries its document, ``content`` being that document."""

    signers: tuple[SignerVerdict, ...]
    reasons: tuple[Reason, ...] = ()
    is_attached: bool = False
    content: bytes | None = None

    @property
    def status(self) -> Status:
        """The worst of the signers and the reasons; a file without signers is not valid."""
        return _status(self._found()) if self.signers else "invalid"

    @property
    def against(self) -> tuple[Reason, ...]:
        """What speaks against the file and its signers, each once, the gravest first; no
        remarks."""
        codes = dict.fromkeys(reason.code for reason in self._found() if reason.kind != "remark")
        return _reasons(codes)

    def to_record(self) -> dict[str, object]:
        """The shape of the command line's answer; the document itself is left out."""
        return {
            "status": self.status,
            "is_attached": self.is_attached,
            "reasons": [reason.to_record() for reason in self.reasons],
            "signers": [signer.to_record() for signer in self.signers],
        }

    def _found(self) -> tuple[Reason, ...]:
        return (*self.reasons, *(reason for signer in self.signers for reason in signer.reasons))


def in_words(reasons: Iterable[Reason]) -> Text:
    """The reasons as sentences, one after another."""
    said = list(reasons)
    return Text(*(" ".join(reason.text.get(language) for reason in said) for language in LANGUAGES))


def is_reason(code: str) -> bool:
    """Whether the table of reasons has the code."""
    return code in _table()


def verdict_of(
    certificate: Certificate | None,
    codes: Iterable[str],
    *,
    moment: datetime,
    signed_at: datetime | None = None,
    signed_at_source: TimeSource = "none",
    stated_at: datetime | None = None,
    algorithm: str = "",
) -> SignerVerdict:
    """A verdict from findings by code (repeated ones count once) and the signer's certificate.

    ``moment`` is the moment of judgement: a certificate that was good when it was used and has
    ended since gets a remark.
    """
    found = list(dict.fromkeys(codes))
    told = SignerVerdict(
        reasons=_reasons(found), signed_at=signed_at, signed_at_source=signed_at_source,
        stated_at=stated_at, algorithm=algorithm,
    )  # fmt: skip
    if certificate is None:
        return told
    if moment > certificate.not_after and "certificate_expired" not in found:
        found.append("certificate_expired_since")
    return replace(
        told,
        reasons=_reasons(found),
        person=certificate.person,
        iin=certificate.iin,
        organisation=certificate.organisation,
        bin=certificate.bin,
        roles=roles_of(certificate),
        serial=certificate.serial_hex,
        issuer=certificate.issuer_common_name,
        certificate_not_before=certificate.not_before,
        certificate_not_after=certificate.not_after,
        is_valid_now=certificate.covers(moment),
        certificate_der=certificate.der,
    )


def with_findings(verdict: SignerVerdict, codes: Iterable[str]) -> SignerVerdict:
    """The verdict with more findings by code."""
    found = [reason.code for reason in verdict.reasons]
    return replace(verdict, reasons=_reasons(dict.fromkeys([*codes, *found])))


def roles_of(certificate: Certificate) -> tuple[str, ...]:
    """The roles that the extended key usage names, in its order."""
    found = (
        ROLES.get(purpose)
        or ("information_system" if purpose.startswith(INFORMATION_SYSTEM) else "")
        for purpose in certificate.purposes
    )
    return tuple(dict.fromkeys(role for role in found if role))


def _reasons(codes: Iterable[str]) -> tuple[Reason, ...]:
    """The gravest first, otherwise in the order they were found."""
    order: dict[Kind, int] = {"invalid": 0, "indeterminate": 1, "remark": 2}
    return tuple(sorted(map(Reason, codes), key=lambda reason: order[reason.kind]))


def _status(reasons: Iterable[Reason]) -> Status:
    kinds = {reason.kind for reason in reasons}
    if "invalid" in kinds:
        return "invalid"
    return "indeterminate" if "indeterminate" in kinds else "valid"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


@cache
def _table() -> Mapping[str, tuple[Kind, Text]]:
    rows = tomllib.loads((DATA / "reasons.toml").read_text(encoding="utf-8"))
    return {
        code: (row["kind"], Text(**{language: row[language] for language in LANGUAGES}))
        for code, row in rows.items()
    }
