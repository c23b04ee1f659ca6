"""Lasting proof: milliseconds and bytes a document for B-T, B-LT and B-LTA, and for the check.

The authorities answer in this process, so the figures are ours alone; a real one adds the way to
it. Measured elsewhere on a machine of this kind, with pyHanko as documented: B-T 24 ms and
17.8 kB, B-LT 32 ms and 26.5 kB, B-LTA 45 ms and 35.9 kB, without our judgement of what is added.
"""

import hashlib
import json
import tempfile
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import django
from cryptography import x509

from bench.seal import SEALED_AT, page_in
from kualik.signatures.adapters.pades import Sealer
from kualik.signatures.adapters.reading import Anchor, TrustStore
from kualik.signatures.adapters.test_authority import (
    Hierarchy,
    Role,
    Scheme,
    Subject,
    answer_ocsp,
    answer_timestamp,
    make_hierarchy,
    sealing_key,
)
from kualik.signatures.adapters.trust import trust_of
from kualik.signatures.adapters.tsa import make_request, token_of

NONCE = 7


@dataclass(frozen=True)
class Authority:
    """Time-stamps and revocation data without a network."""

    hierarchy: Hierarchy

    def stamp(self, data: bytes) -> bytes:
        request = make_request(hashlib.sha256(data).digest(), nonce=NONCE)
        answer = answer_timestamp(self.hierarchy, request, now=SEALED_AT, serial=1)
        return token_of(answer, data, nonce=NONCE)

    def ask(self, _url: str, request: bytes) -> bytes:
        return answer_ocsp(self.hierarchy, request, status_of=lambda _serial: "good", now=SEALED_AT)

    def get(self, _url: str) -> bytes:
        return self.hierarchy.root_crl({}, now=SEALED_AT)


def run(*, count: int = 30, rounds: int = 3) -> dict[str, float]:
    """By level: milliseconds (best of ``rounds``) from B-B, bytes added, milliseconds a check."""
    django.setup()
    hierarchy = make_hierarchy(
        scheme=Scheme.RSA, now=SEALED_AT, base_url="http://authority.invalid"
    )
    sealed = _sealed(hierarchy)
    figures: dict[str, float] = {}
    for level in ("B-B", "B-T", "B-LT", "B-LTA"):
        measured = [_measured(hierarchy, sealed, level, count) for _ in range(rounds)]
        name = level.removeprefix("B-").lower()
        if level != "B-B":
            figures[f"{name}_ms"] = round(min(each[0] for each in measured), 1)
            figures[f"{name}_bytes"] = measured[0][2]
        figures[f"{name}_check_ms"] = round(min(each[1] for each in measured), 1)
    return figures


def _measured(
    hierarchy: Hierarchy, sealed: bytes, level: str, count: int
) -> tuple[float, float, int]:
    """Milliseconds to make the level and to check it, and the bytes added."""
    preserving = import_module("kualik.signatures.services.preserving")
    checking = import_module("kualik.signatures.services.checking")
    above = [hierarchy.root.certificate_der, hierarchy.issuing.certificate_der]
    root, issuing = map(x509.load_der_x509_certificate, above)
    trust, store = trust_of(above), TrustStore((Anchor(root, is_test=True),), (issuing,))
    authority = Authority(hierarchy)
    start = time.perf_counter()
    for _ in range(count):
        made = preserving.extend(
            content=sealed,
            wanted=level,
            tsa=authority,
            trust=trust,
            fetcher=authority,
            now=SEALED_AT,
        )
    middle = time.perf_counter()
    for _ in range(count):
        found = checking.check_pdf(content=made.content, trust=store, now=SEALED_AT)
    end = time.perf_counter()
    if (made.level, found.level) != (level, level):
        raise RuntimeError(f"{level} was not reached: {made.waits_for}")
    added = len(made.content) - len(sealed)
    return (middle - start) * 1000 / count, (end - middle) * 1000 / count, added


def _sealed(hierarchy: Hierarchy) -> bytes:
    subject = Subject(common_name="ЖҮЙЕ", organisation="Демо", bin="990140000015")
    roles = (Role.LEGAL_ENTITY, Role.INFORMATION_SYSTEM)
    key = sealing_key(hierarchy.issue(subject, not_before=SEALED_AT, roles=roles))
    with tempfile.TemporaryDirectory() as name:
        page = page_in(Path(name))
    return Sealer(key).seal(page, sealed_at=SEALED_AT, reason="Куәлік", location="Алматы")


if __name__ == "__main__":
    print(json.dumps(run()))
