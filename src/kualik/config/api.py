"""The interface for other systems, ``/api/v1/``: the parts of the rooms put together.

Every answer bears the name of the call and what is left of its rate; every refusal is a problem
with our code in three languages; an answer that has not changed is 304.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from functools import cache, wraps
from itertools import islice
from types import MappingProxyType
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, path
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext_noop
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.renderers import JSONRenderer

from kualik.accounts.adapters.bearer import CALLS, Bearer, calls_left
from kualik.accounts.adapters.problems import MEDIA_TYPE, Refused, misfits, problem, request_id
from kualik.accounts.api import router as accounts
from kualik.accounts.queries.tokens import Scope
from kualik.cases.api import router as cases
from kualik.certificates.api import router as certificates
from kualik.config.api_headers import describe_headers, shared_parts
from kualik.core.access import by_token, public
from kualik.core.bodies import read_body
from kualik.rules.errors import RuleViolation
from kualik.training.api import router as training

VERSION: Final = "1.0.0"
READING: Final = frozenset({"GET", "HEAD"})
OK, NOT_MODIFIED, BAD_REQUEST, NOT_ALLOWED = 200, 304, 400, 405
# Answers that tell names: no program on the way keeps them, neither the caller's own.
NAMING: Final = frozenset({Scope.REGISTER, Scope.CHECK})
NO_GUARDS: Final[Mapping[str, Bearer]] = MappingProxyType({})
# Of the misfits of a body: whoever sends a million wrong fields is not told of each.
MOST_TOLD: Final = 100
View = Callable[..., HttpResponseBase]
log = logging.getLogger(__name__)


class Renderer(JSONRenderer):
    """JSON whose Kazakh and Russian can be read."""

    json_dumps_params = {"ensure_ascii": False}


class Api(NinjaAPI):
    """NinjaAPI whose description names the scope of each operation and the form of a refusal."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        scopes = scopes_by_operation()
        for method, operation in operations_of(schema):
            scope = scopes.get(operation["operationId"])
            if "security" in operation:
                operation["security"] = [{"Bearer": [scope] if scope else []}]
            for status, answer in operation["responses"].items():
                if int(status) >= BAD_REQUEST and "content" in answer:
                    answer["content"] = {MEDIA_TYPE: answer["content"]["application/json"]}
            if method == "get":
                operation["responses"][NOT_MODIFIED] = {"description": "Not Modified"}
            describe_headers(operation, is_reading=method == "get")
        schema["components"].update(shared_parts())
        return schema


api = Api(
    title="Kualik",
    version=VERSION,
    description=gettext_noop(
        "Documents on additional education of healthcare staff: completions in, register and "
        "requests out, checks of documents."
    ),
    docs_url=None,
    urls_namespace="api",
    renderer=Renderer(),
    servers=[{"url": settings.PUBLIC_URL}],
)
for room in (accounts, training, cases, certificates):
    api.add_router("", room)


@cache
def described() -> OpenAPISchema:
    """The description, made once: it is the same for everybody."""
    return api.get_openapi_schema()


def operations_of(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The methods and operations of a description."""
    for methods in schema["paths"].values():
        yield from methods.items()


def scopes_by_operation() -> dict[str, str]:
    """The scope that each operation asks for; empty where any token will do."""
    found = {}
    for bound in api._get_bound_routers():
        for place in bound.path_operations.values():
            for operation in place.operations:
                for guard in operation.auth_callbacks:
                    if isinstance(guard, Bearer) and operation.operation_id:
                        found[operation.operation_id] = guard.scope.value if guard.scope else ""
    return found


@api.exception_handler(RuleViolation)
def rule_broken(request: HttpRequest, violation: RuleViolation) -> HttpResponse:
    faults = violation.faults if isinstance(violation, Refused) else ()
    return problem(request, violation, faults=faults)


@api.exception_handler(AuthenticationError)
def token_missing(request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    return problem(request, RuleViolation("token_missing"))


@api.exception_handler(HttpError)
def body_unreadable(request: HttpRequest, _error: HttpError) -> HttpResponse:
    """What the library itself refuses: a body that is no JSON."""
    return problem(request, RuleViolation("body_unreadable"))


@api.exception_handler(ValidationError)
def body_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """What does not fit the description, field by field; what was sent is not repeated."""
    faults = misfits((found["loc"], found["type"]) for found in islice(error.errors, MOST_TOLD))
    return problem(request, RuleViolation("body_invalid"), faults=faults)


@api.exception_handler(Http404)
def not_found(request: HttpRequest, _error: Http404) -> HttpResponse:
    return problem(request, RuleViolation("not_found"))


@api.exception_handler(Exception)
def service_failed(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("call %s failed", request_id(request), exc_info=error)
    return problem(request, RuleViolation("service_failed"))


def served(
    view: View,
    parameters: frozenset[str] = frozenset(),
    guards: Mapping[str, Bearer] = NO_GUARDS,
) -> View:
    """A call with its frame: what may be sent, the headers, and 304 for what is known.

    ``parameters`` are all that the address may have: a misspelt one would silently ask for more.
    ``guards`` is the door of each method: it is asked first, so that every call with a token is
    counted and told what is left, and nobody else's body is read.
    """

    @wraps(view)
    def framed(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        guard = guards.get("GET" if request.method == "HEAD" else str(request.method))
        response = _refusal(request, guard, parameters) or _answer(view, request, args, kwargs)
        if response.status_code == NOT_ALLOWED:
            response = _not_allowed(request, response.headers.get("Allow", ""))
        response = _conditional(request, response, guard)
        response.headers["X-Request-Id"] = request_id(request)
        left = calls_left(request)
        if left is not None:
            response.headers["RateLimit-Limit"] = str(CALLS.misses)
            response.headers["RateLimit-Remaining"] = str(max(0, left.tries))
            response.headers["RateLimit-Reset"] = str(left.seconds)
        return response

    return framed


def _refusal(
    request: HttpRequest, guard: Bearer | None, parameters: frozenset[str]
) -> HttpResponse | None:
    """The refusal of whoever may not call, and of what a call cannot have."""
    try:
        if guard is not None and guard(request) is None:
            raise RuleViolation("token_missing")
        if not set(request.GET) <= parameters:
            known = ", ".join(sorted(parameters)) or "–"
            raise RuleViolation("parameter_unknown", known=known)
        if request.method not in READING:
            _take_body(request)
    except RuleViolation as violation:
        return problem(request, violation)
    return None


def _take_body(request: HttpRequest) -> None:
    """Read the body within its limits. Raises ``body_not_json`` and what ``read_body`` does."""
    body = read_body(request, most=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    if body and request.content_type != "application/json":
        raise RuleViolation("body_not_json")


def _answer(
    view: View, request: HttpRequest, args: tuple[object, ...], kwargs: dict[str, object]
) -> HttpResponseBase:
    """What the view answers; HEAD is a GET whose body the server leaves out."""
    if request.method != "HEAD":
        return view(request, *args, **kwargs)
    request.method = "GET"
    try:
        return view(request, *args, **kwargs)
    finally:
        request.method = "HEAD"


def _not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    response = problem(request, RuleViolation("method_unknown"))
    response.headers["Allow"] = allowed.replace("GET", "GET, HEAD")
    return response


def _conditional(
    request: HttpRequest, response: HttpResponseBase, guard: Bearer | None
) -> HttpResponseBase:
    """The answer with its digest, or 304 for whoever has it already.

    The caller's own program may keep an answer if it asks each time whether it still holds, but
    never one that tells names.
    """
    if request.method not in READING or response.status_code != OK:
        return response
    if not isinstance(response, HttpResponse):
        return response
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    response.headers["ETag"] = etag
    if guard is not None and guard.scope not in NAMING:
        response.headers["Cache-Control"] = "private, no-cache"
    found = get_conditional_response(request, etag=etag, response=response)
    # A condition for a change (If-Match) says nothing of a reading.
    return found if found is not None and found.status_code == NOT_MODIFIED else response


@public
def description(request: HttpRequest) -> HttpResponse:
    """The OpenAPI description; any site may read it."""
    content = json.dumps(described(), ensure_ascii=False, default=str)
    response = HttpResponse(content, content_type="application/json")
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@public
def root(_request: HttpRequest) -> HttpResponse:
    """People who open the address are led to its page."""
    return redirect("api_docs")


@public
@csrf_exempt
def missing(request: HttpRequest, rest: str) -> HttpResponse:
    """Any other address."""
    return problem(request, RuleViolation("not_found"))


def _guarded(pattern: URLPattern | URLResolver) -> URLPattern:
    """An operation's address with its frame and the statement of who may come."""
    if not isinstance(pattern, URLPattern):
        raise TypeError("the interface has no inner lists of addresses")
    places = [
        operation
        for bound in api._get_bound_routers()
        for place in bound.path_operations.values()
        for operation in place.operations
        if operation.view_func.__name__ == pattern.name
    ]
    guards = {method: one for place in places for method, one in _guards(place)}
    methods = {method for place in places for method in place.methods}
    view = served(pattern.callback, frozenset(map(str, _parameters(places))), guards)
    state = None
    if places:
        state = by_token if methods == set(guards) else None if guards else public
    pattern.callback = state(view) if state else view
    return pattern


def _guards(place: Operation) -> Iterator[tuple[str, Bearer]]:
    """The methods of an operation that a token opens, each with its door."""
    for guard in place.auth_callbacks:
        if isinstance(guard, Bearer):
            yield from ((method, guard) for method in place.methods)


def _parameters(places: list[Operation]) -> Iterator[str]:
    for place in places:
        for model in place.models:
            if model.__ninja_param_source__ == "query":
                yield from getattr(model, "__ninja_flatten_map__", {})


OWN = frozenset({"openapi-json", "api-root"})
urlpatterns = [
    path("", root, name="api-root"),
    path("openapi.json", served(description), name="openapi"),
    *(_guarded(one) for one in api.urls[0] if getattr(one, "name", "") not in OWN),
    path("<path:rest>", served(missing), name="missing"),
]
