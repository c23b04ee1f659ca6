"""What a program may ask about its own token."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_noop
from ninja import Field, Router, Schema

from kualik.accounts.adapters.bearer import Bearer, caller
from kualik.accounts.adapters.problems import Problem, Texts, texts
from kualik.accounts.queries.tokens import Scope
from kualik.core.clock import local_iso

router = Router(tags=["token"])
REFUSALS: dict[int | frozenset[int], Any] = {frozenset({401, 422, 429}): Problem}


class Organisation(Schema):
    """Whose data the token opens."""

    code: str
    bin: str
    name: Texts


class TokenTold(Schema):
    """The token of the call."""

    name: str
    scopes: list[str] = Field(json_schema_extra={"items": {"enum": [one.value for one in Scope]}})
    organisation: Organisation | None
    ends_at: str


@router.get(
    "/token",
    auth=Bearer(),
    response={200: TokenTold, **REFUSALS},
    operation_id="get_token",
    summary=gettext_noop("Look at the token"),
    description=gettext_noop("Whose token it is, what it opens and when it ends."),
)
def get_token(request: HttpRequest) -> dict[str, Any]:
    token = caller(request)
    provider = token.provider
    return {
        "name": token.name,
        "scopes": token.scopes,
        "organisation": provider
        and {"code": provider.code, "bin": provider.bin, "name": texts(provider.name)},
        "ends_at": local_iso(token.ends_at),
    }
