"""Feeds the readers of signatures with what a coverage-guided fuzzer invents, until it is stopped.

Needs atheris, which is no dependency: ``pip install atheris`` into a folder of its own. Only the
readers' own errors may come out; anything else ends the run and leaves the bytes in a file.

    python tools/fuzz.py CORPUS -max_total_time=600

CORPUS is a folder of samples, made with genuine ones when it is empty.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))
with atheris.instrument_imports(include=["kualik", "asn1crypto"]):
    from kualik.signatures.adapters.asn1 import Asn1Error, as_der, split_first, unarmoured
    from kualik.signatures.adapters.certificates import BrokenCertificate, read_certificate
    from kualik.signatures.adapters.cms import CmsError, read_cms
    from kualik.signatures.adapters.crl import BrokenCrl, read_crl
    from kualik.signatures.adapters.envelope import BrokenEnvelope, parse_envelope
    from kualik.signatures.adapters.ocsp import BrokenOcsp, read_ocsp
    from kualik.signatures.adapters.signers import check_signer
    from kualik.signatures.adapters.timestamps import BrokenStamp, read_stamp
    from kualik.signatures.adapters.xml_reading import XmlError
    from kualik.signatures.adapters.xml_shape import XmlSignatureError
    from kualik.signatures.adapters.xml_signatures import check_signature, read_document

from kualik.signatures.adapters.test_authority import (
    Revocation,
    Scheme,
    Subject,
    make_hierarchy,
    sign_cms,
    sign_xml,
)

OWN = (Asn1Error, BrokenCertificate, CmsError, BrokenCrl, BrokenEnvelope, BrokenOcsp, BrokenStamp,
       XmlError, XmlSignatureError)  # fmt: skip
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def read_signers(data: bytes) -> None:
    signed = read_cms(data)
    for signer in signed.signers:
        check_signer(signed, signer, None)


def read_xml(data: bytes) -> None:
    document = read_document(data)
    for signature in document.signatures:
        check_signature(document, signature)


READERS: tuple[Callable[[bytes], object], ...] = (
    unarmoured, as_der, split_first, read_signers, read_certificate, read_crl, read_ocsp,
    parse_envelope, lambda data: read_stamp(data, b""), read_xml,
)  # fmt: skip


def try_all(data: bytes) -> None:
    """Every reader over the same bytes."""
    for read in READERS:
        try:
            read(data)
        except OWN:
            continue


def write_samples(folder: Path) -> None:
    """One genuine file of every kind, by RSA and by GOST."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        return
    for scheme in (Scheme.RSA, Scheme.GOST256):
        made = make_hierarchy(scheme=scheme, now=NOW)
        leaf = made.issue(Subject(surname="ТЕСТОВА", iin="840805414770"), not_before=NOW)
        files = {
            "cms": sign_cms(leaves=[leaf], content=b"text", detached=False, signing_time=NOW),
            "certificate": leaf.certificate_der,
            "crl": made.crl({leaf.serial: Revocation(at=NOW)}, now=NOW),
            "ocsp": made.ocsp_response(leaf, "good", now=NOW),
            "stamp": made.timestamp(bytes(32), now=NOW),
            "xml": sign_xml(leaf, b"<a/>", exclusive=False),
        }
        for name, content in files.items():
            (folder / f"{scheme}-{name}").write_bytes(content)


def main() -> None:
    """Run until stopped or until something else than an own error comes out."""
    folders = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    if not folders:
        sys.exit(__doc__)
    write_samples(Path(folders[0]))
    atheris.Setup(sys.argv, try_all)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
