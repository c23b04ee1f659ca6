"""The other ends of our lines."""

from django.db.models import QuerySet

from kualik.gateway.models import Peer


def async_peers() -> QuerySet[Peer]:
    """Those whose asynchronous channel is used: active, with a service that we take."""
    used = Peer.objects.filter(is_active=True, profiles__is_active=True).exclude(async_url="")
    return used.distinct().order_by("pk")
