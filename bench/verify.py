"""Signatures verified in full in a second: signer, chain, revocation list; plain and with OpenSSL.

"first" is a certificate seen for the first time, "again" one whose chain is known by now. Floors
measured elsewhere on a machine of this kind:

=====================================  ==========================================
RSA-2048, the bare operation           32 800 in a second
GOST 34.10-2015, the bare operation    22-29 ms plain, 34-45 in a second
… signer and issuing authority         41 ms; with a time-stamp 68 ms
Streebog-512 over 100 KiB              339 ms plain, 2.5 ms by the provider
=====================================  ==========================================
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from importlib import import_module
from time import perf_counter
from typing import Any

import django

from bench.provider import with_provider

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
TEXT = bytes(1000)
PAPER = bytes(100 * 1024)
SCHEMES = {"rsa": 60, "gost512": 12, "gost256": 12}
"""How many people sign by each."""


def run() -> dict[str, Any]:
    """Verifications in a second, by algorithm."""
    return {"plain": measured(), "with_provider": with_provider("bench.verify")}


def measured() -> dict[str, dict[str, float]]:
    """The figures of this process."""
    django.setup()
    return {scheme: _of_scheme(scheme, people) for scheme, people in SCHEMES.items()}


def _of_scheme(scheme: str, people: int) -> dict[str, float]:
    made = import_module("kualik.signatures.adapters.test_authority")
    trusting = import_module("kualik.signatures.adapters.trust")
    hierarchy = made.make_hierarchy(scheme=scheme, now=NOW)
    trust = trusting.trust_of(
        [hierarchy.root.certificate_der, hierarchy.issuing.certificate_der],
        crls=[hierarchy.crl({}, now=NOW)],
    )
    leaves = [
        hierarchy.issue(made.Subject(surname=f"ТЕСТ {number}"), not_before=NOW - timedelta(days=1))
        for number in range(people)
    ]

    def signed(content: bytes, **dress: object) -> list[bytes]:
        return [
            made.sign_cms(leaves=[leaf], content=content, detached=True, signing_time=NOW, **dress)
            for leaf in leaves
        ]

    small, stamped = signed(TEXT), signed(TEXT, timestamp=hierarchy.stamper(now=NOW))
    return {
        "first_per_second": _rate(small, TEXT, trust),
        "again_per_second": _rate(small, TEXT, trust),
        "with_a_time_stamp_per_second": _rate(stamped, TEXT, trust),
        "over_100_kb_per_second": _rate(signed(PAPER), PAPER, trust),
    }


def _rate(signatures: Sequence[bytes], document: bytes, trust: Any) -> float:
    verify = import_module("kualik.signatures.services").verify_cms
    started = perf_counter()
    for signature in signatures:
        found = verify(signature=signature, document=document, trust=trust, at=None, now=NOW)
        if found.status != "valid":
            raise RuntimeError(found.to_record())
    return round(len(signatures) / (perf_counter() - started), 1)


if __name__ == "__main__":
    print(run())
