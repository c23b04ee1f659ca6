"""Signatures as mail programs write them, S/MIME (RFC 8551): the signature file in a message."""

import base64
import binascii
import re
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Final

HEAD_LIMIT: Final = 64 * 1024
HEAD: Final = re.compile(
    rb"\s*+((?:[!-9;-~]++:[^\r\n]*+(?:\r?\n[ \t][^\r\n]*+)*+\r?\n)++)(?:\r?\n|\Z)"
)
KIND: Final = re.compile(rb"^content-type:", re.IGNORECASE | re.MULTILINE)
SIGNED: Final = "multipart/signed"
CARRIERS: Final = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
SIGNATURES: Final = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature"})
PLAIN: Final = frozenset({"7bit", "8bit", "binary"})
LINE_END: Final = re.compile(rb"\r?\n")


class MailError(ValueError):
    """``code`` is ``mail_unsigned`` (a message that bears no signature) or ``malformed``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class SignedMail:
    """The signature file of a message. ``content`` is what it was made over where that stands
    beside it, with the line ends that are signed."""

    signature: bytes = field(repr=False)
    content: bytes | None = field(repr=False)


def is_mail(data: bytes) -> bool:
    """Whether the data begins as a message that names the kind of its content."""
    head = HEAD.match(data[:HEAD_LIMIT])
    return head is not None and KIND.search(head[1]) is not None


def open_mail(data: bytes) -> SignedMail:
    """The signature of a message. Raises MailError."""
    try:
        return _signed_mail(data)
    except MailError:
        raise
    except (ValueError, LookupError) as error:
        # The library decodes parameters by whatever charset they name.
        raise MailError("malformed") from error


def _signed_mail(data: bytes) -> SignedMail:
    head, body = _opened(data)
    kind = head.get_content_type()
    if kind in CARRIERS | SIGNATURES:
        return SignedMail(_decoded(head, body), None)
    if kind != SIGNED:
        raise MailError("mail_unsigned")
    content, signature = _parts(head, body)
    inner, value = _opened(signature)
    if inner.get_content_type() not in SIGNATURES:
        raise MailError("mail_unsigned")
    return SignedMail(_decoded(inner, value), LINE_END.sub(b"\r\n", content))


def _opened(data: bytes) -> tuple[Message, bytes]:
    head = HEAD.match(data[:HEAD_LIMIT])
    if head is None:
        raise MailError("malformed")
    return BytesHeaderParser().parsebytes(head[1]), data[head.end() :]


def _parts(head: Message, body: bytes) -> tuple[bytes, bytes]:
    """The signed part as it stands, and the one with the signature."""
    boundary = re.escape((head.get_boundary() or "").encode())
    found = re.split(rb"(?:\A|\r?\n)--" + boundary + rb"(?:--)?[ \t]*(?:\r?\n|\Z)", body)
    if not boundary or len(found) != 4:
        raise MailError("malformed")
    return found[1], found[2]


def _decoded(head: Message, body: bytes) -> bytes:
    encoding = str(head.get("Content-Transfer-Encoding", "7bit")).strip().lower()
    if encoding in PLAIN:
        return body
    if encoding != "base64":
        raise MailError("malformed")
    try:
        return base64.b64decode(b"".join(body.split()), validate=True)
    except binascii.Error as error:
        raise MailError("malformed") from error
