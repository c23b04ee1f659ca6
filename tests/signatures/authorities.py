"""Test authorities of every scheme, made once per process, and the people they certify."""

import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from asn1crypto import pem

from kualik.signatures.adapters.test_authority import (
    Hierarchy,
    Leaf,
    Purpose,
    Role,
    Scheme,
    Subject,
    make_hierarchy,
)

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
ISSUED_AT = NOW - timedelta(days=30)

INDIVIDUAL = Subject(
    surname="ТЕСТОВА", given_name="АЙГҮЛ", patronymic="СЕРІКҚЫЗЫ", iin="840805414770"
)
HEAD = Subject(
    surname="ТЕСТОВ",
    given_name="ЕРЛАН",
    patronymic="БОЛАТҰЛЫ",
    iin="900101300019",
    organisation="«ДЕМО» МЕДИЦИНА УНИВЕРСИТЕТІ",
    bin="990140000015",
)
SYSTEM = Subject(
    common_name="КУӘЛІК СЫНАҚ ЖҮЙЕСІ",
    organisation="«ДЕМО» МЕДИЦИНА УНИВЕРСИТЕТІ",
    bin="990140000015",
)


@cache
def authority(scheme: Scheme) -> Hierarchy:
    """The authority of a scheme with addresses where nobody answers."""
    return make_hierarchy(scheme=scheme, now=NOW, base_url="http://127.0.0.1:9")


@cache
def individual(scheme: Scheme) -> Leaf:
    """A person's signing key, valid at NOW."""
    return authority(scheme).issue(INDIVIDUAL, not_before=ISSUED_AT)


@cache
def head(scheme: Scheme) -> Leaf:
    """The signing key of an organisation's first head, valid at NOW."""
    return authority(scheme).issue(
        HEAD, not_before=ISSUED_AT, roles=(Role.LEGAL_ENTITY, Role.FIRST_HEAD)
    )


@cache
def system(scheme: Scheme) -> Leaf:
    """The signing key of an organisation's information system: a BIN and no IIN."""
    return authority(scheme).issue(
        SYSTEM, not_before=ISSUED_AT, roles=(Role.LEGAL_ENTITY, Role.INFORMATION_SYSTEM)
    )


@cache
def expired(scheme: Scheme) -> Leaf:
    """A person's signing key that ended a day before NOW."""
    return authority(scheme).issue(
        INDIVIDUAL, not_before=NOW - timedelta(days=366), not_after=NOW - timedelta(days=1)
    )


@cache
def authentication(scheme: Scheme) -> Leaf:
    """A person's key for logging in, which signs no document."""
    return authority(scheme).issue(INDIVIDUAL, not_before=ISSUED_AT, purpose=Purpose.AUTHENTICATION)


def write_pem(path: Path, *certificates: bytes) -> Path:
    """Certificates in one PEM file."""
    path.write_bytes(b"".join(pem.armor("CERTIFICATE", der) for der in certificates))
    return path


def openssl(*arguments: Path | str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The system's openssl, with both streams in one text."""
    return subprocess.run(
        ["openssl", *map(str, arguments)],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=60, check=False,
    )  # fmt: skip


def pem_files(folder: Path, hierarchy: Hierarchy) -> Sequence[Path]:
    """``root.pem`` and ``issuing.pem`` of an authority."""
    return (
        write_pem(folder / "root.pem", hierarchy.root.certificate_der),
        write_pem(folder / "issuing.pem", hierarchy.issuing.certificate_der),
    )
