"""Services of the portal that providers take requests for, and what was said about each request."""

from django.db.models import QuerySet

from kualik.accounts.models import User
from kualik.gateway.models import Conversation, Inbound, Outbound, Peer, Profile
from kualik.rules.lifecycle import Role


def find_profile(*, peer: Peer, service_id: str, route_id: str) -> Profile | None:
    """The profile of a service: that of the route, else the one without a route; active or not."""
    rows = Profile.objects.select_related("provider", "peer").filter(
        peer=peer, service_id=service_id, route_id__in=("", route_id)
    )
    return rows.order_by("-route_id").first()


def profiles_visible_to(user: User) -> QuerySet[Profile]:
    """A provider's own ones for its administrator, all for that of the platform."""
    rows = Profile.objects.select_related("provider", "peer").order_by("provider", "service_id")
    if user.has_role(frozenset({Role.PLATFORM_ADMIN})):
        return rows
    return rows.filter(provider=user.provider_id) if user.provider_id else rows.none()


def conversations_visible_to(user: User) -> QuerySet[Conversation]:
    """The same for what was said, the last opened first."""
    profiles = profiles_visible_to(user).order_by()
    rows = Conversation.objects.filter(profile__in=profiles)
    return rows.select_related("profile__provider", "request").order_by("-opened_at", "-pk")


def question_of(conversation: Conversation) -> Inbound | None:
    """The message that opened a conversation."""
    kinds = (Inbound.Kind.REQUEST, Inbound.Kind.SYNC)
    rows = Inbound.objects.filter(peer=conversation.peer_id, kind__in=kinds)
    return rows.filter(correlation_id=conversation.correlation_id).order_by("pk").first()


def said_in(conversation: Conversation) -> tuple[list[Inbound], list[Outbound]]:
    """The messages of a conversation, those that came and those that go, each in their order."""
    came = Inbound.objects.filter(
        peer=conversation.peer_id, correlation_id=conversation.correlation_id
    )
    return list(came.order_by("pk")), list(conversation.outbound.order_by("pk"))
