"""The module ``kz.gov.pki.knca.basics`` as the simulated NCALayer speaks it: requests, answers."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kualik.signatures.adapters.test_authority import (
    Hierarchy,
    Leaf,
    Purpose,
    sign_cms,
    sign_xml,
)
from tools.people import Person

MODULE = "kz.gov.pki.knca.basics"
MODULE_NOT_FOUND: dict[str, object] = {"success": False, "errorCode": "MODULE_NOT_FOUND"}
CHANGED = b" "
PEM_LINE = 64


class Malformed(Exception):
    """A request that cannot be served, with NCALayer's code."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request to sign: what, in which form, and which keys the person may choose among."""

    contents: tuple[bytes, ...]
    is_list: bool
    is_xml: bool
    is_attached: bool
    is_stamped: bool
    with_certificate: bool
    usages: frozenset[str]
    iin: str
    bin: str
    takes_test_keys: bool

    def fits(self, person: Person) -> bool:
        """Whether the person's key would be offered: by number, use and authority."""
        held = {Purpose.SIGNING.value, *(role.value for role in person.usages())}
        right_person = self.iin in ("", person.iin) and self.bin in ("", person.bin)
        return self.takes_test_keys and right_person and self.usages <= held


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """A chosen key, about to sign."""

    person: Person
    leaf: Leaf
    authority: Hierarchy
    now: datetime

    def all(self, asked: Asked, *, wrong_every: int) -> list[str]:
        """Base64 CMS or XML for each content; of every ``wrong_every``-th one for another."""
        signed = []
        for place, content in enumerate(asked.contents):
            is_wrong = wrong_every > 0 and place % wrong_every == 0
            signed.append(self._one(content + CHANGED if is_wrong else content, asked))
        return signed

    def _one(self, content: bytes, asked: Asked) -> str:
        if asked.is_xml:
            return sign_xml(self.leaf, content, exclusive=False).decode()
        made = sign_cms(
            leaves=[self.leaf],
            content=content,
            detached=not asked.is_attached,
            signing_time=self.now,
            timestamp=self.authority.stamper(now=self.now) if asked.is_stamped else None,
        )
        return base64.b64encode(made).decode()


def read(message: str) -> Asked | None:
    """What is asked; None for another module. Raises ``Malformed``."""
    try:
        request = json.loads(message)
        module, method, args = request["module"], request.get("method"), request.get("args")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Malformed("INVOCATION_ERROR", "not a request") from error
    if module != MODULE:
        return None
    if method != "sign" or not isinstance(args, dict):
        raise Malformed("INVOCATION_ERROR", f"no method {method} with these arguments")
    try:
        return _asked(args)
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise Malformed("INVALID_SIGNING_PARAMS", str(error)) from error


def _asked(args: dict[str, object]) -> Asked:
    signing, signer = args.get("signingParams") or {}, args.get("signerParams") or {}
    form, data = args.get("format"), args.get("data")
    if not isinstance(signing, dict) or not isinstance(signer, dict):
        raise TypeError("signingParams and signerParams are objects")
    if form not in ("cms", "xml") or not isinstance(data, str | list) or not data:
        raise ValueError("format is cms or xml, data is a text or an array of them")
    if signing.get("digested"):
        raise ValueError("digested data is not simulated")
    decodes = form == "cms" and bool(signing.get("decode"))
    texts = data if isinstance(data, list) else [data]
    return Asked(
        contents=tuple(
            base64.b64decode(text, validate=True) if decodes else text.encode() for text in texts
        ),
        is_list=isinstance(data, list),
        is_xml=form == "xml",
        is_attached=bool(signing.get("encapsulate")),
        is_stamped=signing.get("tsaProfile") is not None,
        with_certificate=bool(signing.get("outputCert")),
        usages=frozenset(map(str, signer.get("extKeyUsageOids") or ())),
        iin=str(signer.get("iin") or ""),
        bin=str(signer.get("bin") or ""),
        takes_test_keys=signer.get("chain") is not None,
    )


def fault(code: str, message: str) -> dict[str, object]:
    """The answer that something went wrong."""
    return {"status": False, "code": code, "message": message, "details": message}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How an answer is written: ``shape`` string, array or object, ``armour`` pem or base64."""

    shape: str
    armour: str
    leaf: Leaf

    def body(self, signed: Sequence[str], asked: Asked) -> dict[str, object]:
        """The body of the answer; one text alone only for one document."""
        plain = asked.is_xml or self.armour == "base64"
        texts = list(signed) if plain else [pem(text, "CMS") for text in signed]
        if asked.with_certificate:
            certificate = pem(base64.b64encode(self.leaf.certificate_der).decode(), "CERTIFICATE")
            return {"result": {"signatures": texts, "certificate": certificate}}
        if self.shape == "object":
            return {"result": {"result": texts}}
        if self.shape == "string" and not asked.is_list:
            return {"result": texts[0]}
        return {"result": texts}


def pem(text: str, kind: str) -> str:
    """Base64 in lines between the marks of its kind."""
    lines = (text[start : start + PEM_LINE] for start in range(0, len(text), PEM_LINE))
    return f"-----BEGIN {kind}-----\n" + "\n".join(lines) + f"\n-----END {kind}-----\n"
