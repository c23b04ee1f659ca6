"""Tokens of SoftHSM for tests: a real PKCS#11 module that keeps its tokens in a folder."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pkcs11
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from pkcs11 import Attribute, KeyType, ObjectClass
from pkcs11.util.rsa import decode_rsa_private_key
from pkcs11.util.x509 import decode_x509_certificate

from kualik.signatures.adapters.test_authority import Leaf
from kualik.signatures.adapters.tokens import TokenAccess

PLACES = ("lib/softhsm", "lib/*/softhsm", "lib64/softhsm", "lib64/pkcs11", "lib/pkcs11")
MODULES = [file for place in PLACES for file in Path("/usr").glob(f"{place}/libsofthsm2.so")]
PIN = "482913"
KEY_ID = b"\x07"


@dataclass(frozen=True)
class SoftTokens:
    """A folder of tokens; the environment names its configuration."""

    folder: Path

    @property
    def access(self) -> TokenAccess:
        return TokenAccess(MODULES[0], PIN)

    def make(self, label: str) -> "pkcs11.Token":
        """A new token."""
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "7531902",
             "--pin", PIN],
            check=True, capture_output=True,
        )  # fmt: skip
        return found_anew(label)

    def remove(self) -> None:
        """Every token is gone."""
        for found in (self.folder / "tokens").iterdir():
            shutil.rmtree(found)


def write_configuration(folder: Path) -> Path:
    """The configuration of SoftHSM that keeps its tokens in ``folder``."""
    (folder / "tokens").mkdir()
    file = folder / "softhsm2.conf"
    file.write_text(
        f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n"
        "log.level = ERROR\nslots.removable = true\n"
    )
    return file


def put_key(token: "pkcs11.Token", leaf: Leaf, *, label: str, **more: bool) -> None:
    """The private key of ``leaf``, which is RSA; ``more`` are attributes by their names."""
    private = load_der_private_key(leaf.key.private_bytes(), None)
    der = private.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    attributes = {
        **decode_rsa_private_key(der),
        Attribute.TOKEN: True,
        Attribute.PRIVATE: True,
        Attribute.LABEL: label,
        Attribute.ID: KEY_ID,
        **{Attribute[name]: value for name, value in more.items()},
    }
    assert attributes[Attribute.KEY_TYPE] == KeyType.RSA
    put(token, attributes)


def put_certificate(token: "pkcs11.Token", der: bytes, *, label: str) -> None:
    found = {**decode_x509_certificate(der), Attribute.LABEL: label, Attribute.ID: KEY_ID}
    assert found[Attribute.CLASS] == ObjectClass.CERTIFICATE
    put(token, {**found, Attribute.TOKEN: True})


def found_anew(label: str) -> "pkcs11.Token":
    """The token, by a module that was started anew: open sessions of others are lost."""
    library = pkcs11.lib(str(MODULES[0]))
    library.reinitialize()
    return library.get_token(token_label=label)


def put(token: "pkcs11.Token", attributes: dict[Attribute, object]) -> None:
    session = found_anew(token.label).open(rw=True, user_pin=PIN)
    session.create_object(attributes)
    session.close()


def certificate_of(leaf: Leaf) -> x509.Certificate:
    return x509.load_der_x509_certificate(leaf.certificate_der)
