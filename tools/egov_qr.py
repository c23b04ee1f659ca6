"""What eGov Mobile does with a code: reads both addresses, signs, puts the signatures back."""

import base64
import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout

from kualik.signatures.adapters.test_authority import Leaf, sign_cms, sign_xml

SCHEME = "mobileSign:"
LAUNCHERS = ("/mobileSign", "/businessSign")
TIMEOUT = ClientTimeout(total=30)
METHODS = ("XML", "CMS_WITH_DATA", "CMS_SIGN_ONLY")
OTHER_CONTENT = b"something that nobody offered"


class Fault(Exception):
    """``code`` is a word of the phone's texts; ``told`` what the site said, if it did."""

    def __init__(self, code: str, told: str = "") -> None:
        super().__init__(code)
        self.code, self.told = code, told


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A code that was read: API №1 and the documents of API №2."""

    link: str
    card: Mapping[str, Any]
    documents: Mapping[str, Any]

    @property
    def expires_at(self) -> datetime:
        return datetime.fromisoformat(self.card["expiry_date"])


def link_of(text: str) -> str:
    """The address of API №1 in the text of a code, in a link that opens the application, or bare.

    Raises Fault ``not_a_code``.
    """
    text = "".join(text.split()).removeprefix(SCHEME)
    parts = urlsplit(text)
    if parts.path.rstrip("/").endswith(LAUNCHERS):
        text = parse_qs(parts.query).get("link", [""])[0]
        parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Fault("not_a_code")
    return text


class Client:
    """The phone's side of the protocol; ``hosts`` are those the operator has listed."""

    def __init__(self, session: ClientSession, hosts: frozenset[str], language: str) -> None:
        self.session, self.hosts = session, hosts
        self.headers = {"Accept-Language": language}

    async def read(self, link: str, *, now: datetime) -> Asked:
        """Both answers. Raises Fault."""
        card = await self._call("GET", link)
        try:
            document = card["document"]
            headers, uri = self._authorised(document), document["uri"]
            is_late = datetime.fromisoformat(card["expiry_date"]) <= now
        except (KeyError, TypeError, ValueError) as error:
            raise Fault("not_understood") from error
        if is_late:
            raise Fault("expired")
        documents = await self._call("GET", uri, headers=headers)
        if documents.get("signMethod") not in METHODS or not documents.get("documentsToSign"):
            raise Fault("not_understood")
        return Asked(link=link, card=card, documents=documents)

    async def put(self, asked: Asked, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send the signed documents or the refusal; what the site answers. Raises Fault."""
        document = asked.card["document"]
        headers = self._authorised(document)
        return await self._call("PUT", document["uri"], headers=headers, body=body)

    def _authorised(self, document: Mapping[str, str]) -> dict[str, str]:
        if document["auth_type"] == "Token":
            return {"Authorization": f"Bearer {document['auth_token']}"}
        if document["auth_type"] == "None":
            return {}
        raise Fault("not_understood")

    async def _call(
        self,
        method: str,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        if urlsplit(address).hostname not in self.hosts:
            raise Fault("host_not_listed")
        try:
            async with self.session.request(
                method,
                address,
                headers={**self.headers, **(headers or {})},
                json=body,
                allow_redirects=False,
                timeout=TIMEOUT,
            ) as answer:
                told = await answer.json(content_type=None)
        except (ClientError, TimeoutError) as error:
            raise Fault("unreachable") from error
        except ValueError as error:
            raise Fault("not_understood") from error
        if not isinstance(told, dict):
            raise Fault("not_understood")
        if answer.status >= 400:
            raise Fault("refused_by_site", str(told.get("message", answer.status)))
        return told


def signed(
    asked: Asked, leaf: Leaf, *, now: datetime, with_other_content: bool = False
) -> dict[str, Any]:
    """The documents with the signatures in their place, everything else as it came."""
    body = copy.deepcopy(dict(asked.documents))
    for document in body["documentsToSign"]:
        if body["signMethod"] == "XML":
            text = "<other/>" if with_other_content else document["documentXml"]
            document["documentXml"] = sign_xml(leaf, text.encode(), exclusive=False).decode()
            continue
        file = document["document"]["file"]
        content = OTHER_CONTENT if with_other_content else base64.b64decode(file["data"])
        is_apart = body["signMethod"] == "CMS_SIGN_ONLY"
        cms = sign_cms(leaves=[leaf], content=content, detached=is_apart, signing_time=now)
        file["data"] = base64.b64encode(cms).decode()
    return body


def refusal(asked: Asked) -> dict[str, Any]:
    """What the application sends when the person refuses."""
    return {**asked.documents, "status": "CANCELED"}
