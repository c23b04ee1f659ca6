"""What the description says of headers: those that a caller may send, those of each answer."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

KEY: Final = "Idempotency-Key"
REQUEST_ID: Final = "X-Request-Id"
KNOWN: Final = "If-None-Match"
RATE: Final = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
OK, NOT_MODIFIED, UNAUTHORIZED, TOO_MANY = 200, 304, 401, 429
SENT: Final[Mapping[str, str]] = {
    REQUEST_ID: "Your own name for the call, 8 to 64 letters, digits, dashes and underscores; "
    "any other is replaced by one of ours.",
    KNOWN: "The ETag of the answer that you have; an unchanged one is 304.",
}
# Name → type of the value and what it tells.
ANSWERED: Final[Mapping[str, tuple[str, str]]] = {
    REQUEST_ID: ("string", "The name of the call, for questions about it."),
    "RateLimit-Limit": ("integer", "Calls that the token has in a minute."),
    "RateLimit-Remaining": ("integer", "How many of them are left."),
    "RateLimit-Reset": ("integer", "Seconds until they begin anew."),
    "Retry-After": ("integer", "Seconds until a further call makes sense."),
    "WWW-Authenticate": ("string", "How to say who calls: by a token."),
    "ETag": ("string", "The digest of the answer, for If-None-Match."),
    "Idempotent-Replayed": ("string", "“true” where the answer is the first one of this key."),
}


def describe_headers(operation: dict[str, Any], *, is_reading: bool) -> None:
    """Name in an operation what may be sent beside its own parameters and what each answer has."""
    is_keyed = any(one.get("name") == KEY for one in operation["parameters"])
    names = [REQUEST_ID, KNOWN] if is_reading else [REQUEST_ID]
    operation["parameters"] += [{"$ref": f"#/components/parameters/{name}"} for name in names]
    has_rate = "security" in operation
    for status, answer in operation["responses"].items():
        found = _headers(int(status), is_reading=is_reading, is_keyed=is_keyed, has_rate=has_rate)
        answer["headers"] = {
            name: {"$ref": f"#/components/headers/{name}{'' if is_sure else '-if-any'}"}
            for name, is_sure in found
        }


def shared_parts() -> dict[str, Any]:
    """The parts of the description that ``describe_headers`` refers to."""
    parameters = {
        name: {"in": "header", "name": name, "description": told, "schema": {"type": "string"}}
        for name, told in SENT.items()
    }
    headers: dict[str, dict[str, Any]] = {}
    for name, (kind, told) in ANSWERED.items():
        header: dict[str, Any] = {"description": told, "schema": {"type": kind}}
        headers[name] = {**header, "required": True}
        headers[f"{name}-if-any"] = header
    return {"parameters": parameters, "headers": headers}


def _headers(
    status: int, *, is_reading: bool, is_keyed: bool, has_rate: bool
) -> Iterator[tuple[str, bool]]:
    """The headers of an answer, each with whether it is always there."""
    yield REQUEST_ID, True
    if has_rate and status != UNAUTHORIZED:
        # Who guesses tokens is told to wait, but of no token's rate.
        yield from ((name, status != TOO_MANY) for name in RATE)
    if status == UNAUTHORIZED:
        yield "WWW-Authenticate", True
    if status == TOO_MANY:
        yield "Retry-After", True
    if is_reading and status in (OK, NOT_MODIFIED):
        yield "ETag", True
    if is_keyed and status < NOT_MODIFIED:
        yield "Idempotent-Replayed", False
