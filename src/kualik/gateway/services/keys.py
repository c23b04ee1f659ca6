"""The keys that messages are signed with, ours and, on a demonstration, the other side's."""

import base64
import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from django.conf import settings

from kualik.core import clock
from kualik.gateway.adapters.ncanode_signing import NodeKey, node_certificate
from kualik.gateway.adapters.transport_keys import Key, LeafKey, StoreKey, TransportKey
from kualik.gateway.models import Peer
from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.certificates import BrokenCertificate, read_certificate
from kualik.signatures.adapters.keys import load_key, store_path
from kualik.signatures.adapters.test_authority import (
    Leaf,
    Role,
    Scheme,
    Subject,
    register,
    status_of,
)
from kualik.signatures.adapters.test_authority.storage import load_leaf, save_leaf
from kualik.signatures.services.test_keys import test_hierarchy
from kualik.signatures.services.trusting import test_authority_root

SCHEMES: Final[Mapping[str, Scheme]] = MappingProxyType(
    {Peer.Algorithm.RSA.value: Scheme.RSA, Peer.Algorithm.GOST2015.value: Scheme.GOST512}
)
# The portal of the demonstration, which is no organisation.
PORTAL: Final = Subject(
    common_name="KUALIK TEST ПОРТАЛ", organisation="KUALIK TEST", bin="990000000008"
)
ISSUED_BEFORE: Final = timedelta(days=30)
RENEWED_BEFORE: Final = timedelta(days=30)


def transport_key(peer: Peer) -> Key:
    """What messages to ``peer`` are signed with, by the algorithm that it takes.

    Raises RuleViolation ``gateway_key_missing``, ``key_missing``, ``key_locked``,
    ``key_unsupported``.
    """
    if SCHEMES[peer.algorithm] is Scheme.RSA:
        return rsa_key()
    if settings.GATEWAY_GOST_KEY:
        return _node_key()
    if settings.DEMO:
        return demo_key(Scheme.GOST512)
    raise RuleViolation("gateway_key_missing", algorithm=peer.algorithm)


def rsa_key() -> TransportKey:
    """Our RSA key, whatever a peer takes: tokens are signed with it too.

    Raises RuleViolation as ``transport_key``.
    """
    if settings.GATEWAY_KEY:
        path = store_path(Path(settings.KEYS_ROOT), settings.GATEWAY_KEY)
        return _stored_key(path, settings.KEY_PASSPHRASE)
    if settings.DEMO:
        return demo_key(Scheme.RSA)
    raise RuleViolation("gateway_key_missing", algorithm=Peer.Algorithm.RSA.value)


def pinned(peer: Peer) -> tuple[bytes, ...]:
    """The certificates (DER) by which ``peer`` is known; what is no base64 is none."""
    return _decoded(tuple(str(text) for text in peer.certificates))


def demo_key(scheme: Scheme) -> LeafKey:
    """Our organisation's key of a demonstration, made when there is none.

    Raises RuleViolation ``test_keys_only_on_demonstration``.
    """
    if not (_own_directory() / f"{scheme}.cer").is_file():
        ensure_demo_keys(clock.now())
    return LeafKey(load_leaf(_own_directory(), scheme, scheme=scheme, chain=()))


def ensure_demo_keys(now: datetime) -> None:
    """Make our keys and the simulated portal's unless they are there and in their dates.

    The portal's lie among its own files, and our certificates are laid beside them: the two know
    each other's certificates and no key. Raises ``test_keys_only_on_demonstration``.
    """
    own, portal = _own_directory(), portal_directory()
    for scheme in SCHEMES.values():
        test_hierarchy(scheme)
        with _alone(own):
            _ensure(own, _own_subject(), scheme, now)
        with _alone(portal):
            _ensure(portal, PORTAL, scheme, now)
            known = portal / "kualik"
            known.mkdir(exist_ok=True, mode=0o700)
            (known / f"{scheme}.cer").write_bytes((own / f"{scheme}.cer").read_bytes())


def portal_certificates() -> tuple[str, ...]:
    """The simulated portal's certificates as a peer holds them. Raises OSError without any."""
    files = (portal_directory() / f"{scheme}.cer" for scheme in SCHEMES.values())
    return tuple(base64.b64encode(file.read_bytes()).decode() for file in files)


def portal_directory() -> Path:
    """Where the simulated portal keeps what is its own."""
    return Path(settings.VAR) / "simulators" / "portal"


def _own_directory() -> Path:
    return Path(settings.KEYS_ROOT) / "gateway"


def _own_subject() -> Subject:
    return Subject(
        common_name=settings.OPERATOR["ru"],
        organisation=settings.OPERATOR["ru"],
        bin=settings.OPERATOR["bin"],
    )


def _ensure(directory: Path, subject: Subject, scheme: Scheme, now: datetime) -> None:
    files = [directory / f"{scheme}.{kind}" for kind in ("key", "cer")]
    if not (all(file.is_file() for file in files) and _is_usable(files[1], scheme, now)):
        for file in files:
            file.unlink(missing_ok=True)
        save_leaf(directory, scheme, _issued(subject, scheme, now))
    leaf = load_leaf(directory, scheme, scheme=scheme, chain=())
    known = test_authority_root() / scheme
    if status_of(known, leaf.serial) == "unknown":
        register(known, leaf)


def _issued(subject: Subject, scheme: Scheme, now: datetime) -> Leaf:
    return test_hierarchy(scheme).issue(
        subject,
        not_before=now - ISSUED_BEFORE,
        not_after=now + timedelta(days=365),
        roles=(Role.LEGAL_ENTITY, Role.INFORMATION_SYSTEM),
    )


def _is_usable(file: Path, scheme: Scheme, now: datetime) -> bool:
    """Whether the certificate is in its dates, and of the authority that lies here now."""
    try:
        certificate = read_certificate(file.read_bytes())
    except BrokenCertificate:
        return False
    above = read_certificate(test_hierarchy(scheme).issuing.certificate_der)
    is_ours = certificate.issuer_key_id == above.key_id
    return is_ours and certificate.covers(now) and certificate.covers(now + RENEWED_BEFORE)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Processes that start together make one set of keys."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (directory / ".making").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@lru_cache(maxsize=4)
def _stored_key(path: Path, passphrase: str) -> StoreKey:
    """Read once in a process: opening a store takes a tenth of a second."""
    return StoreKey(load_key(path, passphrase))


def _node_key() -> NodeKey:
    root = Path(settings.KEYS_ROOT)
    store = store_path(root, settings.GATEWAY_GOST_KEY)
    beside = store_path(root, settings.GATEWAY_GOST_CERTIFICATE)
    try:
        content, certificate = store.read_bytes(), node_certificate(beside.read_bytes())
    except (OSError, ValueError) as error:
        raise RuleViolation("key_missing", store=store.name) from error
    if not settings.NCANODE_URL:
        raise RuleViolation("gateway_key_missing", algorithm=Peer.Algorithm.GOST2015.value)
    return NodeKey(
        address=settings.NCANODE_URL,
        store=content,
        password=settings.GATEWAY_GOST_PASSWORD,
        certificate_der=certificate,
    )


@lru_cache(maxsize=64)
def _decoded(texts: tuple[str, ...]) -> tuple[bytes, ...]:
    found = []
    for text in texts:
        try:
            found.append(base64.b64decode("".join(text.split()), validate=True))
        except ValueError:
            continue
    return tuple(found)
