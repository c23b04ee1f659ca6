"""Sealing keys in tokens, by the PKCS#11 module of the token's maker.

The library that speaks to modules is an extra (``token``) and imported at first use. A module is
used by one thread at a time. Its sessions live as long as the process; after an error or a fork the
module is started anew and the call is made once more.
"""

import os
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from kualik.rules.errors import RuleViolation
from kualik.signatures.adapters.token_addresses import TokenAddress, read_address

RawSigner = Callable[[bytes], bytes]
# The start of DigestInfo for SHA-256 (RFC 8017), for tokens that sign prepared digests only.
DIGEST_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")
PIN_FAULTS: Final = (
    "PinIncorrect", "PinInvalid", "PinLenRange", "PinLocked", "PinExpired",
    "UserPinNotInitialized",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TokenAccess:
    """The module (a path) and the PIN of its tokens."""

    module: Path
    pin: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenKey:
    """An RSA key that stays in its token; ``chain`` is its issuer, if the token holds it too."""

    access: TokenAccess
    address: TokenAddress
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]

    def sign(self, data: bytes) -> bytes:
        """The signature by PKCS#1 v1.5 with SHA-256.

        Raises ``token_unavailable``, ``token_pin_wrong``, ``key_missing``, and ``key_mismatch``
        when the token does not hold the key of ``certificate`` any more.
        """
        signature = _module_of(self.access.module).sign(self.address, self.access, data)
        if not _is_signed_by(self.certificate, data, signature):
            raise RuleViolation("key_mismatch", store=str(self.address))
        return signature


def open_token_key(store: str, access: TokenAccess) -> TokenKey:
    """The key at an address, after it has proved that it belongs to its certificate.

    Raises ``token_address_invalid``, ``token_unavailable`` (no module, library or token),
    ``token_pin_wrong``, ``key_missing`` (not exactly one such key, or no certificate with it),
    ``key_unsupported`` (no RSA key), ``key_mismatch``.
    """
    address = read_address(store)
    probe = secrets.token_bytes(32)
    module = _module_of(access.module)
    signature = module.sign(address, access, probe)
    certificates = module.certificates(address, access)
    own = [found for found in certificates if _is_signed_by(found, probe, signature)]
    if not certificates:
        raise RuleViolation("key_missing", store=str(address))
    if not own:
        raise RuleViolation("key_mismatch", store=str(address))
    certificate = max(own, key=lambda found: found.not_valid_before_utc)
    chain = tuple(found for found in certificates if _issued(found, certificate))
    return TokenKey(access, address, certificate, chain[:1])


class _NoToken(Exception):
    """No token, or more than one, answers to the address."""


class _Module:
    """A module in this process with its open sessions."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._library = _library(path)
        self._sessions: dict[int, Any] = {}
        self._signers: dict[TokenAddress, RawSigner] = {}
        self._refused: set[tuple[int, str]] = set()
        self._restart()

    def sign(self, address: TokenAddress, access: TokenAccess, data: bytes) -> bytes:
        with self._lock, self._faults(address):
            try:
                return bytes(self._signer(address, access)(data))
            except (self._library.PKCS11Error, _NoToken) as error:
                if type(error).__name__ in PIN_FAULTS:
                    raise
            # The token was taken out and put back, or a session was lost.
            self._restart()
            return bytes(self._signer(address, access)(data))

    def certificates(self, address: TokenAddress, access: TokenAccess) -> list[x509.Certificate]:
        """All certificates of the key's token."""
        pkcs11 = self._library
        wanted = {
            pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
            pkcs11.Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
        }
        with self._lock, self._faults(address):
            found = self._session(address, access).get_objects(wanted)
            return list(_read([each[pkcs11.Attribute.VALUE] for each in found]))

    def _signer(self, address: TokenAddress, access: TokenAccess) -> RawSigner:
        """The key in an open session, held for the next time."""
        if address in self._signers:
            return self._signers[address]
        pkcs11 = self._library
        wanted = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}
        if address.object:
            wanted[pkcs11.Attribute.LABEL] = address.object
        if address.id:
            wanted[pkcs11.Attribute.ID] = address.id
        session = self._session(address, access)
        found = list(session.get_objects(wanted))
        if len(found) != 1:
            raise RuleViolation("key_missing", store=str(address))
        if found[0].key_type != pkcs11.KeyType.RSA:
            raise RuleViolation("key_unsupported", store=str(address))
        asks_each_time = _says(found[0], pkcs11.Attribute.ALWAYS_AUTHENTICATE, pkcs11.PKCS11Error)
        sign = partial(found[0].sign, pin=access.pin if asks_each_time else None)
        mechanisms = pkcs11.Mechanism
        if mechanisms.SHA256_RSA_PKCS in session.token.slot.get_mechanisms():
            self._signers[address] = partial(sign, mechanism=mechanisms.SHA256_RSA_PKCS)
        else:
            self._signers[address] = _prepared(partial(sign, mechanism=mechanisms.RSA_PKCS))
        return self._signers[address]

    def _session(self, address: TokenAddress, access: TokenAccess) -> Any:
        """The one session with the address's token, opened with the PIN at first.

        A refused PIN is not tried again: a few more times would lock the token.
        """
        token = self._token(address)
        slot = token.slot.slot_id
        if slot not in self._sessions:
            flags = self._library.TokenFlag
            is_last_try = bool(token.flags & (flags.USER_PIN_FINAL_TRY | flags.USER_PIN_LOCKED))
            if is_last_try or (slot, access.pin) in self._refused:
                raise RuleViolation("token_pin_wrong", token=_name(address))
            try:
                self._sessions[slot] = token.open(user_pin=access.pin)
            except self._library.PKCS11Error as error:
                if type(error).__name__ in PIN_FAULTS:
                    self._refused.add((slot, access.pin))
                raise
        return self._sessions[slot]

    def _token(self, address: TokenAddress) -> Any:
        asked = {
            "label": address.token, "manufacturer_id": address.manufacturer,
            "model": address.model, "serial": address.serial.encode(),
        }  # fmt: skip
        found = [
            token
            for token in self._started.get_tokens()
            if all(not value or getattr(token, name) == value for name, value in asked.items())
        ]
        if len(found) != 1:
            raise _NoToken
        return found[0]

    def _restart(self) -> None:
        """Forget every handle and let the module look at its slots anew."""
        self._sessions.clear()
        self._signers.clear()
        fault = self._library.PKCS11Error
        try:
            self._started = self._library.lib(str(self._path))
            with suppress(fault):
                self._started.finalize()
            self._started.initialize()
        except fault as error:
            raise RuleViolation("token_unavailable", token=self._path.name) from error

    @contextmanager
    def _faults(self, address: TokenAddress) -> Iterator[None]:
        """Turns what the library raises into our codes; its messages hold no secret."""
        try:
            yield
        except (self._library.PKCS11Error, _NoToken) as error:
            is_pin = type(error).__name__ in PIN_FAULTS
            code = "token_pin_wrong" if is_pin else "token_unavailable"
            raise RuleViolation(code, token=_name(address)) from error


_modules: dict[Path, _Module] = {}
_opening = threading.Lock()


def _forget() -> None:
    """In a forked child: the sessions, and perhaps locked locks, are those of the parent."""
    global _opening
    _modules.clear()
    _opening = threading.Lock()


os.register_at_fork(after_in_child=_forget)


def _module_of(path: Path) -> _Module:
    with _opening:
        if path not in _modules:
            _modules[path] = _Module(path)
        return _modules[path]


def _library(module: Path) -> ModuleType:
    try:
        import pkcs11
    except ImportError as error:
        raise RuleViolation("token_unavailable", token=error.name) from error
    if not module.is_file():
        raise RuleViolation("token_unavailable", token=module.name)
    return pkcs11


def _prepared(sign: RawSigner) -> RawSigner:
    """For a token that does not hash: it is given the digest as the standard dresses it."""
    return lambda data: sign(DIGEST_INFO + sha256(data).digest())


def _name(address: TokenAddress) -> str:
    return address.token or address.serial


def _says(key: Any, attribute: object, fault: type[Exception]) -> bool:
    """A yes-or-no attribute; tokens that do not know it mean no."""
    try:
        return bool(key[attribute])
    except fault:
        return False


def _read(ders: list[bytes]) -> Iterator[x509.Certificate]:
    for der in ders:
        with suppress(ValueError):
            yield x509.load_der_x509_certificate(der)


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Whether ``issuer`` is the authority above, and not a root, which every reader has."""
    if issuer.subject == issuer.issuer:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _is_signed_by(certificate: x509.Certificate, data: bytes, signature: bytes) -> bool:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return False
    if not isinstance(key, RSAPublicKey):
        return False
    try:
        key.verify(signature, data, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True
