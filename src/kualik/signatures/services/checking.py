"""What an uploaded PDF is: sealed and intact, altered, unsigned, or no readable PDF at all."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from kualik.rules.language import Text
from kualik.signatures.adapters.certificates import BrokenCertificate
from kualik.signatures.adapters.envelope import (
    BrokenEnvelope,
    find_spans,
    read_envelope,
)
from kualik.signatures.adapters.keys import serial_hex
from kualik.signatures.adapters.reading import (
    CLOCK_TOLERANCE,
    SignatureReading,
    TrustStore,
    UnreadablePdf,
    read_signatures,
)
from kualik.signatures.services.proofs import Level, Proof, proof_of

Verdict = Literal["intact", "altered", "unsigned", "unreadable"]
Coverage = Literal["entire_file", "part", "none"]

SIZE_LIMIT_BYTES = 20 * 1024 * 1024
HEADER_WINDOW = 1024
MARK_OF_A_SEAL = b"/DocMDP"
# A seal stands near the end of the file, behind it at most a few hundred kilobytes of proof.
TRACE_BYTES = 1024 * 1024
TRACE_LIMIT = 20

REASONS: dict[str, Text] = {
    "empty": Text("Файл бос.", "Файл пустой.", "The file is empty."),
    "too_large": Text(
        "Файл 20 мегабайттан үлкен.",
        "Файл больше 20 мегабайт.",
        "The file is larger than 20 megabytes.",
    ),
    "not_a_pdf": Text("Бұл PDF файлы емес.", "Это не файл PDF.", "This is not a PDF file."),
    "structure_damaged": Text(
        "Файлдың құрылымы бұзылған.",
        "Структура файла повреждена.",
        "The structure of the file is damaged.",
    ),
    "truncated": Text(
        "Файл толық емес: соңы жоқ.",
        "Файл неполный: нет его конца.",
        "The file is incomplete: its end is missing.",
    ),
    "no_signature": Text(
        "Файлда электрондық қолтаңба жоқ.",
        "В файле нет электронной подписи.",
        "The file bears no electronic signature.",
    ),
    "signature_detached": Text(
        "Файлда қолтаңбаның іздері бар, бірақ қолтаңба алып тасталған немесе бүлінген.",
        "В файле есть следы подписи, но сама подпись убрана или испорчена.",
        "The file bears traces of a signature, but the signature was removed or damaged.",
    ),
    "content_changed": Text(
        "Құжаттың мазмұны қол қойылғаннан кейін өзгертілген.",
        "Содержание документа изменено после подписания.",
        "The content of the document was changed after signing.",
    ),
    "signature_broken": Text(
        "Қолтаңба оны қойған адамның сертификатына сәйкес келмейді.",
        "Подпись не соответствует сертификату подписавшего.",
        "The signature does not fit the signer's certificate.",
    ),
    "signature_rewritten": Text(
        "Қолтаңбаның қызметтік бөліктері өзгертілген.",
        "Служебные части подписи изменены.",
        "Technical parts of the signature were changed.",
    ),
    "changed_after_signing": Text(
        "Қол қойылғаннан кейін файлға бірдеңе қосылған.",
        "После подписания в файл что-то добавлено.",
        "Something was added to the file after signing.",
    ),
    "signer_not_trusted": Text(
        "Қолтаңбаны бұл жүйе танитын куәландырушы орталықтың сертификаты растамайды.",
        "Подпись не подтверждена сертификатом удостоверяющего центра, которому доверяет система.",
        "No certification authority that this system trusts stands behind the signature.",
    ),
    "signed_in_future": Text(
        "Қол қойылған уақыт әлі келген жоқ.",
        "Указанное время подписания ещё не наступило.",
        "The stated time of signing has not come yet.",
    ),
    "certificate_expired_since": Text(
        "Қол қойылған сәтте сертификат жарамды болған, қазір оның мерзімі өткен.",
        "В момент подписания сертификат действовал, сейчас его срок истёк.",
        "The certificate was valid at the time of signing and has expired since.",
    ),
    "test_signature": Text(
        "Бұл сынақ қолтаңбасы: құжаттың заңдық күші жоқ.",
        "Это тестовая подпись: документ не имеет юридической силы.",
        "This is a test signature: the document has no legal force.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerFacts:
    """Who signed, as the certificate says; ``serial`` in lower-case hex, ``bin`` 12 digits."""

    name: str
    organisation: str
    bin: str
    serial: str
    not_after: datetime
    is_test: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfCheck:
    """The result. "intact" speaks of the bytes only: whom the signature binds is ``trusted``.
    ``reason`` is what the signature says of its purpose (a certificate's number in our seals);
    ``reasons`` are keys of REASONS, the gravest first.

    ``level`` is how far the file proves itself, empty unless intact: with time-stamps behind the
    seal ``stamped_at`` is the proven time and ``lasts_until`` the end of the newest one's
    certificate. ``issued_bytes`` is the length of the file as it was sealed."""

    verdict: Verdict
    trusted: bool = False
    signer: SignerFacts | None = None
    signed_at: datetime | None = None
    reason: str = ""
    coverage: Coverage = "none"
    reasons: tuple[str, ...] = ()
    level: Level | Literal[""] = ""
    stamped_at: datetime | None = None
    lasts_until: datetime | None = None
    issued_bytes: int = 0


def check_pdf(*, content: bytes, trust: TrustStore, now: datetime) -> PdfCheck:
    """Judge a file that anybody may have sent; never raises for any content.

    A file is intact only if one signature covers it to the last byte, save for proof behind it:
    document time-stamps of a trusted authority and the data that verify them. Any other update
    after signing, even a second signature, is an alteration. Several signatures: the first
    trusted one speaks, else the first.
    """
    if not content or len(content) > SIZE_LIMIT_BYTES:
        return PdfCheck(verdict="unreadable", reasons=("too_large" if content else "empty",))
    try:
        readings = read_signatures(content, trust=trust, now=now)
    except UnreadablePdf:
        return _damaged(content)
    if not readings:
        trace = _trace_of_a_seal(content)
        return PdfCheck(
            verdict="altered" if trace else "unsigned", reasons=(trace or "no_signature",)
        )
    speaking = next((reading for reading in readings if reading.trusted), readings[0])
    return _judged(speaking, trust, now)


def _judged(reading: SignatureReading, trust: TrustStore, now: datetime) -> PdfCheck:
    proof = _proof(reading, trust, now)
    faults = _faults(reading, proof)
    return PdfCheck(
        verdict="altered" if faults else "intact",
        trusted=reading.trusted and not faults,
        signer=_facts(reading),
        signed_at=reading.signed_at,
        reason=reading.reason,
        coverage="part" if "changed_after_signing" in faults else "entire_file",
        reasons=(*faults, *_remarks(reading, now)),
        level=proof.level if proof and not faults else "",
        stamped_at=proof.stamped_at if proof else None,
        lasts_until=proof.lasts_until if proof else None,
        issued_bytes=reading.additions.issued_bytes if reading.additions else 0,
    )


def _proof(reading: SignatureReading, trust: TrustStore, now: datetime) -> Proof | None:
    if reading.additions is None:
        return None
    if not reading.additions.stamps:
        return Proof(level="B-B")
    der = reading.certificate.public_bytes(Encoding.DER)
    try:
        return proof_of(der, reading.additions, trust=trust.directory(), now=now)
    except BrokenCertificate:
        return None


def _faults(reading: SignatureReading, proof: Proof | None) -> list[str]:
    found = {
        "content_changed": not reading.digest_matches,
        "signature_broken": not reading.signature_valid,
        "changed_after_signing": proof is None,
        "signature_rewritten": not reading.canonical,
    }
    return [code for code, holds in found.items() if holds]


def _remarks(reading: SignatureReading, now: datetime) -> list[str]:
    early = reading.signed_at is not None and reading.signed_at > now + CLOCK_TOLERANCE
    found = {
        "signed_in_future": early,
        "signer_not_trusted": not reading.trusted,
        "certificate_expired_since": (
            reading.trusted and now > reading.certificate.not_valid_after_utc
        ),
        "test_signature": reading.is_test,
    }
    return [code for code, holds in found.items() if holds]


def _damaged(content: bytes) -> PdfCheck:
    """A file no parser opens: a sealed one that was tampered with, or one cut off, or garbage."""
    trace = _trace_of_a_seal(content)
    if trace:
        return PdfCheck(verdict="altered", reasons=(trace,))
    if b"%PDF-" not in content[:HEADER_WINDOW]:
        return PdfCheck(verdict="unreadable", reasons=("not_a_pdf",))
    if not content.rstrip().endswith(b"%%EOF"):
        return PdfCheck(verdict="unreadable", reasons=("truncated",))
    if MARK_OF_A_SEAL in content:
        return PdfCheck(verdict="altered", reasons=("structure_damaged",))
    return PdfCheck(verdict="unreadable", reasons=("structure_damaged",))


def _trace_of_a_seal(content: bytes) -> str:
    """What became of a seal that no parser finds, or an empty string where there was none.

    A span that ends early with the right digest is a sealed file with something added; with a
    wrong one it is a sealed file carried inside another.
    """
    spans = [span for span in find_spans(content, within=TRACE_BYTES) if span.end <= len(content)]
    for span in spans[:TRACE_LIMIT]:
        try:
            unchanged = read_envelope(content, span).message_digest == span.digest(content)
        except BrokenEnvelope:
            # Not one of our seals: proof behind one, perhaps.
            continue
        if span.end == len(content):
            return "structure_damaged" if unchanged else "content_changed"
        return "changed_after_signing" if unchanged else ""
    is_whole = bool(spans) and spans[0].end == len(content)
    return "signature_detached" if is_whole and MARK_OF_A_SEAL in content else ""


def _facts(reading: SignatureReading) -> SignerFacts:
    certificate = reading.certificate
    unit = _attribute(certificate, NameOID.ORGANIZATIONAL_UNIT_NAME)
    return SignerFacts(
        name=_attribute(certificate, NameOID.COMMON_NAME),
        organisation=_attribute(certificate, NameOID.ORGANIZATION_NAME),
        bin=unit.removeprefix("BIN") if unit.startswith("BIN") else "",
        serial=serial_hex(certificate),
        not_after=certificate.not_valid_after_utc,
        is_test=reading.is_test,
    )


def _attribute(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    found = certificate.subject.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""
