"""GOST signatures checked in a second and hashes in MB/s, on one core, without a closed library:
in plain Python, and beside it with OpenSSL's provider for GOST where the system has it.

Measured elsewhere on a machine of this kind, for comparison:

==========================================  =====================================
512-bit check, plain Python, Shamir's trick  22-29 ms, 34-45 in a second
512-bit check, gost-engine in the process    1.0 ms
512-bit check, PyGOST; gostcrypto            362 ms; 724 ms
Streebog-512, plain Python by tables         3.3 s for a MB; 0.67 ms for 197 bytes
Streebog-512, gostcrypto; PyGOST             9 s for a MB; 52 s for a MB
Streebog-512, OpenSSL with its provider      42 MB/s
RSA-2048, P-256, Ed25519 checks              32 800, 10 700, 7 700 in a second
SHA-256                                      1.4 GB/s
==========================================  =====================================
"""

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

from bench.provider import with_provider
from kualik.signatures.adapters.gost import (
    SIGNATURE_OIDS,
    GostPrivateKey,
    digest_for,
    gost_hash_94,
    read_public_key,
    streebog,
)
from kualik.signatures.adapters.gost.hash2015 import is_native, streebog_by_tables

ROUNDS = 5
CHECKS = 20
PLAIN_BYTES = 100_000
NATIVE_BYTES = 10_000_000
ATTRIBUTES = bytes(197)


def run() -> dict[str, Any]:
    """Medians of ``ROUNDS``, side by side; None where the linked OpenSSL has no GOST."""
    return {"plain": measured(), "with_provider": with_provider("bench.gost")}


def measured() -> dict[str, float | None]:
    """The figures of this process."""
    figures: dict[str, float | None] = {}
    for oid, scheme in SIGNATURE_OIDS.items():
        key = GostPrivateKey.derive(oid=oid, seed=b"bench")
        digest = digest_for(oid, ATTRIBUTES)
        signature, public = key.sign(digest), read_public_key(key.spki_der)
        name = scheme.hash_name.replace("-", "_")
        figures[f"checks_per_second_{name}"] = per_second(
            lambda public=public, digest=digest, signature=signature: public.verify(
                digest, signature
            )
        )
        figures[f"signatures_per_second_{name}"] = per_second(
            lambda key=key, digest=digest: key.sign(digest)
        )
    plain = bytes(PLAIN_BYTES)
    figures["streebog_512_plain_mb_per_second"] = megabytes(
        PLAIN_BYTES, lambda: streebog_by_tables(plain, bits=512)
    )
    figures["streebog_512_plain_197_bytes_ms"] = round(
        1000 * seconds(lambda: streebog_by_tables(ATTRIBUTES, bits=512)), 3
    )
    figures["gost_94_plain_mb_per_second"] = megabytes(PLAIN_BYTES, lambda: gost_hash_94(plain))
    figures["streebog_512_openssl_mb_per_second"] = native_speed()
    return figures


def native_speed() -> float | None:
    """Streebog-512 by OpenSSL, in MB/s."""
    if not is_native(512):
        return None
    data = bytes(NATIVE_BYTES)
    return megabytes(NATIVE_BYTES, lambda: streebog(data, bits=512))


def per_second(work: Callable[[], object]) -> float:
    """How often ``work`` is done in a second."""

    def many() -> None:
        for _ in range(CHECKS):
            work()

    return round(CHECKS / seconds(many), 1)


def megabytes(count: int, work: Callable[[], object]) -> float:
    """The speed of ``work`` over ``count`` bytes."""
    return round(count / 1e6 / seconds(work), 3)


def seconds(work: Callable[[], object]) -> float:
    """The median time of ``work``, which is done once before."""
    work()
    taken = []
    for _ in range(ROUNDS):
        started = perf_counter()
        work()
        taken.append(perf_counter() - started)
    return median(taken)


if __name__ == "__main__":
    print(run())
