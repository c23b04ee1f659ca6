"""One event to one address, signed as Standard Webhooks has it (www.standardwebhooks.com)."""

import base64
import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from django.conf import settings

from kualik.notifications.adapters.outbound import (
    Line,
    Reply,
    Target,
    is_inner,
    is_loopback,
    literal_address,
    read_target,
)
from kualik.rules.errors import RuleViolation

SECONDS: Final = 10.0
PREFIX: Final = "whsec_"
AGENT: Final = "Kualik-Hooks/1"


def hook_target(url: str) -> Target:
    """The parts of a hook's address: TLS only, but for a demonstration. RuleViolation
    ``address_unfit``."""
    return read_target(url, schemes=("https", "http") if settings.DEMO else ("https",))


def check_hook_address(url: str) -> None:
    """RuleViolation ``address_unfit``, and ``address_inner`` for what is no server of the public
    network by its very spelling; a name is looked up at each call."""
    address = literal_address(hook_target(url).host)
    is_own = settings.DEMO and bool(address) and is_loopback(address)
    if address and is_inner(address) and not is_own:
        raise RuleViolation("address_inner")


def hook_content(body: Mapping[str, object]) -> bytes:
    """The bytes that are signed and sent: the same at every try."""
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def hook_signature(secret: str, *, key: str, stamp: int, content: bytes) -> str:
    """``v1,`` and the HMAC-SHA-256 of identifier, time and content, each parted by a dot."""
    signed = f"{key}.{stamp}.".encode() + content
    digest = hmac.digest(base64.b64decode(secret.removeprefix(PREFIX)), signed, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


def post_hook(
    url: str, *, key: str, body: Mapping[str, object], secrets: Iterable[str], now: datetime
) -> Reply:
    """Tell an event; ``secrets`` are those in force, the newest first. Raises CallFailed."""
    content, stamp = hook_content(body), int(now.timestamp())
    signatures = [
        hook_signature(secret, key=key, stamp=stamp, content=content) for secret in secrets
    ]
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": AGENT,
        "webhook-id": key,
        "webhook-timestamp": str(stamp),
        "webhook-signature": " ".join(signatures),
    }
    line = Line(hook_target(url), seconds=SECONDS, may_loop=settings.DEMO)
    try:
        return line.post(content, headers=headers)
    finally:
        line.close()
