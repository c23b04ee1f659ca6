"""Letters to members of staff about their accounts go out by the outbox."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from kualik.accounts.models import User
from kualik.notifications.services.sending import Addresses, Notice, notify_all
from kualik.rules.language import Text

PLATFORM = Text("Kualik", "Kualik", "Kualik")


class Letters:
    """See ``accounts.adapters.letters.StaffLetters``."""

    def send(
        self, *, user: User, event: str, params: Mapping[str, str | Text], now: datetime
    ) -> bool:
        """Order an e-mail; each act is told of for itself."""
        provider = user.provider
        notice = Notice(
            event=event,
            about=f"user:{user.pk}",
            addresses=Addresses(email=user.email),
            language=settings.LANGUAGE_CODE,
            params={"provider": provider.name if provider else PLATFORM, **params},
            scope=provider.code if provider else "",
            occasion=now.isoformat(),
        )
        return bool(notify_all(notices=[notice], now=now))
