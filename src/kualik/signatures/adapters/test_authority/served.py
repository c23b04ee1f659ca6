"""What stands at the addresses of test authorities, one prefix per scheme: ``/rsa/ocsp``."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from kualik.signatures.adapters.test_authority.answers import (
    answer_ocsp,
    answer_timestamp,
    delta_list,
    full_list,
)
from kualik.signatures.adapters.test_authority.hierarchy import Hierarchy
from kualik.signatures.adapters.test_authority.schemes import Scheme
from kualik.signatures.adapters.test_authority.storage import (
    held_hierarchy,
    is_hierarchy,
    revoked,
    status_of,
)

SERIAL_BITS: Final = 63
LIST: Final = "application/pkix-crl"
CERTIFICATE: Final = "application/pkix-cert"


class Reply(NamedTuple):
    """A body with its media type."""

    kind: str
    body: bytes


def published(root: Path, path: str, *, now: datetime) -> Reply | None:
    """What is there to fetch: ``/<scheme>/`` with ``crl``, ``crl/delta``, ``crl/root``, ``ca``,
    ``ca/root``; None for anything else. ``root`` holds one authority per scheme."""
    directory, name = _place(root, path)
    make = PUBLISHED.get(name)
    if directory is None or make is None:
        return None
    return make(directory, held_hierarchy(directory), now)


def answered(root: Path, path: str, request: bytes, *, now: datetime) -> Reply | None:
    """What ``/<scheme>/ocsp`` and ``/<scheme>/tsa`` answer to a request of their protocol."""
    directory, name = _place(root, path)
    if directory is None:
        return None
    if name == "ocsp":
        known = partial(status_of, directory)
        body = answer_ocsp(held_hierarchy(directory), request, status_of=known, now=now)
        return Reply("application/ocsp-response", body)
    if name == "tsa":
        serial = secrets.randbits(SERIAL_BITS)
        body = answer_timestamp(held_hierarchy(directory), request, now=now, serial=serial)
        return Reply("application/timestamp-reply", body)
    return None


def _place(root: Path, path: str) -> tuple[Path | None, str]:
    scheme, _, name = path.removeprefix("/").partition("/")
    directory = root / scheme
    is_there = scheme in {each.value for each in Scheme} and is_hierarchy(directory)
    return (directory if is_there else None), name


def _full(directory: Path, hierarchy: Hierarchy, now: datetime) -> Reply:
    return Reply(LIST, full_list(hierarchy, revoked(directory), now=now))


def _delta(directory: Path, hierarchy: Hierarchy, now: datetime) -> Reply:
    return Reply(LIST, delta_list(hierarchy, revoked(directory), now=now))


def _of_root(_directory: Path, hierarchy: Hierarchy, now: datetime) -> Reply:
    return Reply(LIST, hierarchy.root_crl({}, now=now))


def _issuing(_directory: Path, hierarchy: Hierarchy, _now: datetime) -> Reply:
    return Reply(CERTIFICATE, hierarchy.issuing.certificate_der)


def _root(_directory: Path, hierarchy: Hierarchy, _now: datetime) -> Reply:
    return Reply(CERTIFICATE, hierarchy.root.certificate_der)


PUBLISHED: Final[Mapping[str, Callable[[Path, Hierarchy, datetime], Reply]]] = {
    "crl": _full,
    "crl/delta": _delta,
    "crl/root": _of_root,
    "ca": _issuing,
    "ca/root": _root,
}
