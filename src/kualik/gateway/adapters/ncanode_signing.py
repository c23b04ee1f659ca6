"""Signing by an NCANode server, which holds what plain Python does not: keys of GOST as files.

It is given the whole document and gives it back signed. Its answer is believed only where the
document in it is ours to the letter and the signature is by the certificate that we expect.
"""

import base64
import json
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from lxml import etree

from kualik.core import clock
from kualik.gateway.adapters import wsse
from kualik.gateway.adapters.envelope.parsing import parse, parts, read_inner
from kualik.gateway.adapters.faults import SIGNING, GatewayFault
from kualik.signatures.adapters.online import Unreachable, exchanged
from kualik.signatures.adapters.xml_shape import DS, EXCLUSIVE, INCLUSIVE, Form, XmlSignatureError

SILENCE_SECONDS: Final = 20.0
ANSWER_LIMIT_BYTES: Final = 40 * 1024 * 1024
OK: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeKey:
    """A key that the server signs with: ``store`` is its PKCS#12 file."""

    address: str
    store: bytes = field(repr=False)
    password: str = field(repr=False)
    certificate_der: bytes = field(repr=False)

    def sign_envelope(self, envelope: bytes) -> bytes:
        """Raises GatewayFault 2014 where the server is away, refuses, or answers with another
        Body than was given, or by another certificate."""
        signed = self._asked("wsse/sign", envelope.decode("utf-8"), {"trimXml": False})
        try:
            wsse.verify(signed.encode(), pinned=[self.certificate_der], now=clock.now())
            is_same = _body(signed.encode()) == _body(envelope)
        except (GatewayFault, XmlSignatureError) as error:
            raise GatewayFault(SIGNING) from error
        if not is_same:
            raise GatewayFault(SIGNING)
        return signed.encode()

    def sign_document(self, xml: str) -> str:
        """The same for the inner document; whether the signature is good is not looked at here."""
        asked: dict[str, object] = {"clearSignatures": False, "trimXml": False}
        signed = self._asked("xml/sign", xml, asked, listed=True)
        try:
            root, before = read_inner(signed), read_inner(xml)
            found = root.findall(f"{{{DS}}}Signature")
            for signature in found[-1:]:
                root.remove(signature)
            is_same = bool(found) and _canonical(root) == _canonical(before)
        except (GatewayFault, XmlSignatureError) as error:
            raise GatewayFault(SIGNING) from error
        if not is_same:
            raise GatewayFault(SIGNING)
        return signed

    def _asked(
        self, method: str, xml: str, asked: dict[str, object], *, listed: bool = False
    ) -> str:
        key = {"key": base64.b64encode(self.store).decode(), "password": self.password}
        keys: dict[str, object] = {"signers": [{**key, "keyAlias": None}]} if listed else {**key}
        if urlsplit(self.address).scheme not in {"http", "https"}:
            raise GatewayFault(SIGNING)
        try:
            body = exchanged(
                f"{self.address.rstrip('/')}/{method}",
                "POST",
                json.dumps({"xml": xml, **keys, **asked}).encode(),
                ANSWER_LIMIT_BYTES,
                kind="application/json",
                silence=SILENCE_SECONDS,
            )
            found = json.loads(body)
        except (Unreachable, ValueError, RecursionError) as error:
            raise GatewayFault(SIGNING) from error
        signed = found.get("xml") if isinstance(found, dict) else None
        if not isinstance(signed, str) or found.get("status", OK) != OK:
            raise GatewayFault(SIGNING)
        return signed


def _body(envelope: bytes) -> bytes:
    """The content of the Body in the exclusive form; the Body itself gets an Id by signing."""
    _, body = parts(parse(envelope))
    return b"".join(Form(EXCLUSIVE).of(one) for one in body)


def _canonical(root: etree._Element) -> bytes:
    return Form(INCLUSIVE).of(root)


def node_certificate(content: bytes) -> bytes:
    """DER of a certificate file, which may be PEM. Raises ValueError."""
    if b"-----BEGIN" not in content:
        return content
    lines = content.decode("ascii").splitlines()
    text = "".join(line for line in lines if line and not line.startswith("-----"))
    return base64.b64decode(text, validate=True)
