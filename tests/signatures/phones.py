"""What the tests of signing by phone share: documents, offers, and what a phone puts back."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from kualik.rules.language import Text
from kualik.signatures.adapters.test_authority import Leaf, Scheme, sign_cms, sign_xml
from kualik.signatures.services.phone import (
    Document,
    Offer,
    Organisation,
    hand_documents,
    offer_signing,
)
from kualik.signatures.services.phone_judging import Method
from tests.signatures.authorities import NOW, individual

SECRET = "the session's own secret"
LATER = NOW + timedelta(seconds=30)
ORGANISATION = Organisation(
    name=Text("Мысал университеті", "Пример университет", "Example University"),
    bin="990140000015",
)
TEXT = "Кіру сынағы\n".encode()
PDF = b"%PDF-1.7\n%%EOF\n"
XML = b"<data><number>123</number></data>"


def document(content: bytes = TEXT, *, mime: str = "text/plain") -> Document:
    name = Text("Куәлік", "Свидетельство", "Certificate")
    return Document(name=name, content=content, mime=mime, meta=[("№", "DEMO-2026-000001-K")])


def offered(
    *documents: Document,
    method: Method = Method.CMS_WITH_DATA,
    secret: str = SECRET,
    now: datetime = NOW,
    **about: object,
) -> Offer:
    return offer_signing(
        documents=documents or [document()],
        method=method,
        purpose="login" if method is Method.CMS_WITH_DATA else "signing",
        description="Кіру / Вход",
        organisation=ORGANISATION,
        about=about,
        session_secret=secret,
        now=now,
    )


def handed(offer: Offer, *, now: datetime = LATER) -> dict[str, Any]:
    return hand_documents(token=offer.token, auth_token=offer.auth_token, now=now)


def signed(
    asked: dict[str, Any],
    leaf: Leaf | None = None,
    *,
    change: Callable[[bytes], bytes] = lambda content: content,
    now: datetime = LATER,
) -> dict[str, Any]:
    """The answer of a phone: everything as it came, signatures in the place of the contents."""
    answer: dict[str, Any] = json.loads(json.dumps(asked))
    key = leaf or individual(Scheme.RSA)
    for one in answer["documentsToSign"]:
        if answer["signMethod"] == "XML":
            xml = change(one["documentXml"].encode())
            one["documentXml"] = sign_xml(key, xml, exclusive=False).decode()
            continue
        file = one["document"]["file"]
        cms = sign_cms(
            leaves=[key],
            content=change(b64decode(file["data"])),
            detached=answer["signMethod"] == "CMS_SIGN_ONLY",
            signing_time=now,
        )
        file["data"] = b64encode(cms).decode()
    return answer


def body(answer: object) -> bytes:
    return json.dumps(answer, ensure_ascii=False).encode()


def keys_of(record: object) -> object:
    """The names of the fields, level by level; of a list those of its first element."""
    if isinstance(record, dict):
        return {name: keys_of(value) for name, value in record.items()}
    if isinstance(record, Sequence) and not isinstance(record, str):
        return [keys_of(record[0])] if record else []
    return type(record).__name__
