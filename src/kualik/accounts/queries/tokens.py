"""The keys by which other systems speak to ours, and what each of them opens."""

import hashlib
from collections.abc import Mapping
from enum import StrEnum

from django.db.models import QuerySet

from kualik.accounts.models import ApiToken, User
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role


class Scope(StrEnum):
    """What a token opens."""

    COMPLETIONS = "completions:write"
    REGISTER = "register:read"
    REQUESTS = "requests:read"
    CHECK = "check"
    STATUS = "status:read"


SCOPE_LABELS: Mapping[Scope, Text] = {
    Scope.COMPLETIONS: Text(
        "Бағдарламаны меңгергендерді жіберу",
        "Передача сведений об освоивших программу",
        "Send who completed a programme",
    ),
    Scope.REGISTER: Text(
        "Ұйымның тізілімін оқу", "Чтение реестра организации", "Read the organisation's register"
    ),
    Scope.REQUESTS: Text(
        "Өтініштердің жағдайын оқу", "Чтение состояния заявлений", "Read how requests stand"
    ),
    Scope.CHECK: Text("Құжаттарды тексеру", "Проверка документов", "Check documents"),
    Scope.STATUS: Text(
        "Өтініштің жағдайын қолхат коды бойынша білу",
        "Статус заявления по коду расписки",
        "Status of a request by the code of its receipt",
    ),
}
# What a token without an organisation may open: nobody's own data.
WITHOUT_PROVIDER = frozenset({Scope.CHECK, Scope.STATUS})
KEEPERS = frozenset({Role.PROVIDER_ADMIN, Role.PLATFORM_ADMIN})


def token_digest(secret: str) -> str:
    """What is kept of a token's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def token_of_secret(secret: str) -> ApiToken | None:
    """The token, standing or not."""
    found = ApiToken.objects.select_related("provider").filter(hash=token_digest(secret))
    return found.first()


def tokens_visible_to(user: User) -> QuerySet[ApiToken]:
    """Those of the own organisation for its administrator, those of no organisation for the
    administrator of the platform; the newest first."""
    tokens = ApiToken.objects.select_related("provider").order_by("-pk")
    if user.provider_id is not None:
        return tokens.filter(provider=user.provider_id)
    return tokens.filter(provider=None) if user.has_role(KEEPERS) else tokens.none()


def scopes_for(user: User) -> list[Scope]:
    """What somebody may give to a token."""
    return [scope for scope in Scope if user.provider_id or scope in WITHOUT_PROVIDER]
