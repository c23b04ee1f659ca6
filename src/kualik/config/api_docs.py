"""The page that explains the interface to people, written from its own description."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from kualik.accounts.adapters.bearer import CALLS
from kualik.accounts.queries.tokens import SCOPE_LABELS, Scope
from kualik.config.api import api, described, scopes_by_operation
from kualik.core import errors
from kualik.core.access import public
from kualik.core.language import spoken
from kualik.training.services import fields

PARTS: Mapping[str, Promise] = {
    "token": _("The token"),
    "completions": _("Completions"),
    "register": _("The register"),
    "requests": _("Requests"),
    "check": _("Check of documents"),
}
# In the order in which a caller meets them; the rules of the service have codes of their own.
CODES = (
    "token_missing",
    "token_unknown",
    "token_over",
    "scope_missing",
    "calls_spent",
    "too_many_tries",
    "not_found",
    "method_unknown",
    "parameter_unknown",
    "body_not_json",
    "body_too_large",
    "body_length_unknown",
    "body_cut_short",
    "body_unreadable",
    "body_invalid",
    "field_required",
    "field_not_described",
    "field_no_number",
    "field_kind_wrong",
    "field_size_wrong",
    "field_out_of_range",
    "field_invalid",
    "cursor_unreadable",
    "moment_unreadable",
    "day_unknown",
    "idempotency_key_reused",
    "rows_refused",
    "group_incomplete",
    "status_unknown",
    "service_failed",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A value that is sent or answered, within the others that ``within`` leads through."""

    name: str
    kind: str
    is_required: bool
    told: str
    within: str = ""

    @property
    def depth(self) -> int:
        """How many objects it stands in."""
        return self.within.count(".")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call."""

    id: str
    method: str
    path: str
    title: str
    told: str
    scope: str
    is_open: bool
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answer: tuple[Field, ...]


@public
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """What each call wants and answers, the errors, the limits; from the description itself."""
    schema = described()
    table = errors.table()
    context = {
        "parts": _parts(schema),
        "errors": [table[code] for code in CODES],
        "scopes": [(scope.value, SCOPE_LABELS[scope]) for scope in Scope],
        "calls": CALLS.misses,
        "address": f"{settings.PUBLIC_URL}{api.get_root_path({})}",
        "version": api.version,
    }
    return render(request, "config/api.html", context)


def _parts(schema: Mapping[str, Any]) -> list[tuple[str, Promise, list[Operation]]]:
    scopes = scopes_by_operation()
    found: dict[str, list[Operation]] = {tag: [] for tag in PARTS}
    for path, methods in schema["paths"].items():
        for method, told in methods.items():
            found[told["tags"][0]].append(_operation(schema, path, method, told, scopes))
    return [(tag, PARTS[tag], listed) for tag, listed in found.items()]


def _operation(
    schema: Mapping[str, Any],
    path: str,
    method: str,
    told: Mapping[str, Any],
    scopes: Mapping[str, str],
) -> Operation:
    answers = [one for status, one in told["responses"].items() if int(status) < 300]
    body = told.get("requestBody")
    return Operation(
        id=told["operationId"],
        method=method.upper(),
        path=path,
        title=gettext(told["summary"]),
        told=gettext(told["description"]),
        scope=scopes.get(told["operationId"], ""),
        is_open="security" not in told,
        # What all calls share stands once, above them.
        parameters=tuple(_parameter(one) for one in told["parameters"] if "$ref" not in one),
        body=tuple(_fields(schema, _content(body))) if body else (),
        answer=tuple(_fields(schema, _content(answers[0]))),
    )


def _content(told: Mapping[str, Any]) -> Mapping[str, Any]:
    content: Mapping[str, Any] = told["content"]["application/json"]["schema"]
    return content


def _parameter(told: Mapping[str, Any]) -> Field:
    return Field(
        name=told["name"],
        kind=_kind(told["schema"]),
        is_required=told["required"],
        told=_told(told["name"], told["schema"]),
    )


def _fields(
    schema: Mapping[str, Any], told: Mapping[str, Any], within: str = ""
) -> Iterator[Field]:
    """The fields of an object and of those inside it; texts in three languages are one value."""
    inner = _resolved(schema, told)
    for name, field in inner.get("properties", {}).items():
        yield Field(
            name=name,
            kind=_kind(field),
            is_required=name in inner.get("required", ()),
            told=_told(name, field),
            within=within,
        )
        inside = (*field.get("allOf", ()), *_choices(field))
        part = field.get("items") or next(iter(inside), field)
        if "$ref" in part and not part["$ref"].endswith("/Texts"):
            each = "[]" if "items" in field else ""
            yield from _fields(schema, part, f"{within}{name}{each}.")


def _resolved(schema: Mapping[str, Any], told: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in told:
        return told
    found: Mapping[str, Any] = schema["components"]["schemas"][told["$ref"].rpartition("/")[2]]
    return found


def _choices(field: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a value may be besides null."""
    return [one for one in field.get("anyOf", ()) if one.get("type") != "null"]


def _kind(field: Mapping[str, Any]) -> str:
    """The type in a word, with the words it may be."""
    if "enum" in field:
        return " | ".join(value for value in field["enum"] if value)
    for one in _choices(field):
        return f"{_kind(one)} | null"
    if field.get("type") == "array":
        return f"{_kind(field['items'])}[]"
    if "$ref" in field:
        return "kk, ru, en" if field["$ref"].endswith("/Texts") else "object"
    return str(field.get("type", "object"))


def _told(name: str, field: Mapping[str, Any]) -> str:
    """What the description says of a field, else what the import calls it, in the page's words."""
    text = field.get("description")
    if text:
        return gettext(text)
    return spoken(fields()[name]) if name in fields() else ""
