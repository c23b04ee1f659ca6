"""Milliseconds a seal: the key in memory with a prepared CMS beside pyHanko as documented.

Floors measured elsewhere on a machine of this kind: 2.1 ms with a prepared CMS, 0.35 ms the
RSA-2048 operation alone (2 900 in a second), 0.94 ms the same in a token of SoftHSM, 137 ms pyHanko
as documented. The share of a seal in an issued certificate is in ``bench.certificates``.
"""

import json
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import typst
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.keys import load_private_key_from_pemder_data
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.pdf_cms import SimpleSigner
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner
from pyhanko_certvalidator.registry import CertificateRegistry

from kualik.signatures.adapters.keys import LoadedKey
from kualik.signatures.adapters.pades import Sealer, as_asn1
from kualik.signatures.adapters.test_authority import (
    Role,
    Scheme,
    Subject,
    make_hierarchy,
    sealing_key,
)

FONTS = Path(__file__).resolve().parents[1] / "node_modules" / "@expo-google-fonts" / "pt-serif"
SEALED_AT = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
PAGE = '#set document(title: "Куәлік")\n#set text(font: "PT Serif", lang: "kk")\n= Куәлік\n'


def run(*, ours: int = 200, naive: int = 10, rounds: int = 3) -> dict[str, float]:
    """Milliseconds a signature, best of ``rounds``, the two ways interleaved."""
    with tempfile.TemporaryDirectory() as name:
        page, key = page_in(Path(name)), test_key()
    sealer, plain = Sealer(key), plain_signer(key)
    times: dict[str, list[float]] = {"ours_ms": [], "naive_ms": []}
    for _ in range(rounds):
        times["ours_ms"].append(_milliseconds(ours, lambda: _ours(sealer, page)))
        times["naive_ms"].append(_milliseconds(naive, lambda: plain_signature(plain, page)))
    best = {way: round(min(measured), 2) for way, measured in times.items()}
    return {
        **best,
        "ours_per_second": round(1000 / best["ours_ms"], 1),
        "times_faster": round(best["naive_ms"] / best["ours_ms"], 1),
    }


def _ours(sealer: Sealer, page: bytes) -> None:
    sealer.seal(page, sealed_at=SEALED_AT, reason="Куәлік", location="Алматы")


def plain_signature(signer: SimpleSigner, page: bytes) -> None:
    facts = PdfSignatureMetadata(
        field_name="Seal", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, certify=True
    )
    PdfSigner(facts, signer=signer, new_field_spec=SigFieldSpec("Seal")).sign_pdf(
        IncrementalPdfFileWriter(BytesIO(page))
    )


def _milliseconds(count: int, work: Callable[[], None]) -> float:
    start = time.perf_counter()
    for _ in range(count):
        work()
    return (time.perf_counter() - start) * 1000 / count


def page_in(directory: Path) -> bytes:
    """A page as typst makes it."""
    source = directory / "page.typ"
    source.write_text(PAGE, encoding="utf-8")
    made = typst.compile(
        str(source),
        pdf_standards=["a-2a", "ua-1"],
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
    )
    if not isinstance(made, bytes):
        raise TypeError("one page is one file")
    return made + b"\n"


def test_key() -> LoadedKey:
    subject = Subject(common_name="ЖҮЙЕ", organisation="Демо", bin="990140000015")
    roles = (Role.LEGAL_ENTITY, Role.INFORMATION_SYSTEM)
    hierarchy = make_hierarchy(scheme=Scheme.RSA, now=SEALED_AT)
    return sealing_key(hierarchy.issue(subject, not_before=SEALED_AT, roles=roles))


def plain_signer(key: LoadedKey) -> SimpleSigner:
    pem = key.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return SimpleSigner(
        signing_cert=as_asn1(key.certificate),
        signing_key=load_private_key_from_pemder_data(pem, passphrase=None),
        cert_registry=CertificateRegistry.build(map(as_asn1, key.chain)),
    )


if __name__ == "__main__":
    print(json.dumps(run()))
