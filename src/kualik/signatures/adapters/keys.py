"""Private keys in files: PKCS#12 stores that only their owner may read."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from kualik.rules.errors import RuleViolation


class SealingKey(Protocol):
    """What a seal needs of an RSA key, wherever the key lies."""

    @property
    def certificate(self) -> x509.Certificate:
        """The key's certificate."""

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The certificates above it that travel with a signature."""

    def sign(self, data: bytes) -> bytes:
        """The signature by PKCS#1 v1.5 with SHA-256, as long as the modulus."""


@dataclass(frozen=True, slots=True)
class LoadedKey:
    """A private key held in memory with its certificate and the certificates above it."""

    private_key: RSAPrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]

    def sign(self, data: bytes) -> bytes:
        """The signature by PKCS#1 v1.5 with SHA-256."""
        return self.private_key.sign(data, PKCS1v15(), SHA256())


def store_path(root: Path, store: str) -> Path:
    """The file of a store. Raises ``key_missing`` for anything but a plain file name."""
    if not store or Path(store).name != store or store.startswith("."):
        raise RuleViolation("key_missing", store=store)
    return root / store


def load_key(path: Path, passphrase: str) -> LoadedKey:
    """Open a PKCS#12 store of this installation; raises ``key_missing`` when there is none."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RuleViolation("key_missing", store=path.name) from error
    return open_key(content, passphrase, name=path.name)


def open_key(content: bytes, passphrase: str, *, name: str) -> LoadedKey:
    """Open PKCS#12 content; ``name`` is for the message.

    Raises ``key_locked`` when the passphrase does not open it or it is no PKCS#12 at all,
    ``key_unsupported`` when it holds no RSA key with its certificate.
    """
    try:
        opened = pkcs12.load_pkcs12(content, passphrase.encode())
    except ValueError as error:
        raise RuleViolation("key_locked", store=name) from error
    except UnsupportedAlgorithm as error:
        raise RuleViolation("key_unsupported", store=name) from error
    if not isinstance(opened.key, RSAPrivateKey) or opened.cert is None:
        raise RuleViolation("key_unsupported", store=name)
    chain = tuple(entry.certificate for entry in opened.additional_certs)
    return LoadedKey(opened.key, opened.cert.certificate, chain)


def write_key(path: Path, *, key: LoadedKey, label: str, passphrase: str) -> None:
    """Write a new PKCS#12 store. Raises FileExistsError rather than replace one."""
    content = pkcs12.serialize_key_and_certificates(
        label.encode(),
        key.private_key,
        key.certificate,
        key.chain,
        BestAvailableEncryption(passphrase.encode()),
    )
    write_private(path, content)


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner may read, in a directory that only its owner enters."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def serial_hex(certificate: x509.Certificate) -> str:
    """The serial number as the key table and the check page write it."""
    return f"{certificate.serial_number:x}"
