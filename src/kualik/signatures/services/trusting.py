"""The one place of trust: who is believed here, and who answers about revocation."""

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from django.conf import settings
from django.core.cache import caches

from kualik.core import clock
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.certificates import Certificate
from kualik.signatures.adapters.online import HttpFetcher, RevocationFetcher
from kualik.signatures.adapters.reading import Anchor, TrustStore
from kualik.signatures.adapters.remembering import CachedFetcher
from kualik.signatures.adapters.test_authority import Scheme, authority_certificates, is_hierarchy
from kualik.signatures.adapters.trust import TrustDirectory, TrustError, open_trust, trust_of

TEST_AUTHORITY: Final = "test-authority"
TEST_SCHEMES: Final = (Scheme.RSA, Scheme.GOST512)

log = logging.getLogger(__name__)


def trust_in(directory: Path | None, *, pins: Collection[str] | None = None) -> TrustDirectory:
    """The trust in a directory; without one nobody is trusted.

    ``pins`` are the SHA-256 (lower-case hexadecimal) of the only certificates that may be roots.
    Raises RuleViolation ``trust_unreadable``.
    """
    if directory is None:
        return TrustDirectory()
    try:
        return open_trust(directory, pins=pins)
    except TrustError as error:
        raise RuleViolation(error.code) from error


def installation_trust() -> TrustDirectory:
    """Whom this installation believes, read anew when a file changes.

    The certificates of TRUST_ROOT whose SHA-256 stands in TRUST_PINS are roots; without a pin
    nobody is. A demonstration also believes its own test authorities, marked as such.
    """
    return _believed().directory


def trust_store() -> TrustStore:
    """The same as ``installation_trust`` for reading PDFs, where only RSA can be read."""
    return _believed().store


def installation_fetcher() -> RevocationFetcher:
    """Who asks the authorities about revocation, where no data is at hand, and keeps answers."""
    return CachedFetcher(HttpFetcher(), caches["default"], clock.now)


def test_authority_root() -> Path:
    """Where a demonstration's authorities lie, one folder per scheme."""
    return Path(settings.KEYS_ROOT) / TEST_AUTHORITY


@dataclass(frozen=True, slots=True)
class _Believed:
    directory: TrustDirectory
    store: TrustStore


@dataclass(frozen=True, slots=True)
class _Source:
    """Where trust comes from. ``state`` is name, time of change (ns) and size of every file."""

    root: Path
    pins: frozenset[str]
    test_folders: tuple[Path, ...]
    state: tuple[tuple[str, int, int], ...]


def _believed() -> _Believed:
    root = Path(settings.TRUST_ROOT)
    folders = _test_folders() if settings.DEMO else ()
    files = (*_files(root), *(folder / "root.cer" for folder in folders))
    return _read(_Source(root, frozenset(settings.TRUST_PINS), folders, tuple(_states(files))))


@lru_cache(maxsize=8)
def _read(source: _Source) -> _Believed:
    trust = _pinned(source)
    ders = [der for folder in source.test_folders for der in authority_certificates(folder)]
    if ders:
        trust = trust.with_test(trust_of(ders))
    anchors = tuple(
        Anchor(readable, is_test=anchor.der in trust.test_ders)
        for anchor in trust.anchors
        for readable in _readable(anchor)
    )
    others = tuple(readable for other in trust.authorities for readable in _readable(other))
    return _Believed(trust, TrustStore(anchors, others))


def _pinned(source: _Source) -> TrustDirectory:
    if not source.pins:
        return TrustDirectory()
    try:
        found = open_trust(source.root, pins=source.pins)
    except TrustError:
        log.exception("no certificate of the trusted authorities fits a pin: nobody is trusted")
        return TrustDirectory()
    if found.unread:
        log.warning("files of the trusted authorities cannot be read: %s", ", ".join(found.unread))
    return found


def _test_folders() -> tuple[Path, ...]:
    folders = (test_authority_root() / scheme for scheme in TEST_SCHEMES)
    return tuple(folder for folder in folders if is_hierarchy(folder))


def _files(root: Path) -> list[Path]:
    return sorted(root.iterdir()) if root.is_dir() else []


def _states(files: tuple[Path, ...]) -> Iterator[tuple[str, int, int]]:
    for file in files:
        found = file.stat()
        yield str(file), found.st_mtime_ns, found.st_size


def _readable(certificate: Certificate) -> Iterator[x509.Certificate]:
    """The certificate for the reader of PDFs, which knows the keys of the country not."""
    try:
        found = x509.load_der_x509_certificate(certificate.der)
        found.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return
    yield found
