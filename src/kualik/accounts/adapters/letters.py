"""Letters to members of staff about their own accounts, sent by a room above this one.

Who can send them is named by its class in settings.STAFF_LETTERS.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from kualik.accounts.models import User
from kualik.rules.language import Text


class StaffLetters(Protocol):
    """Writes to a member of staff at the address of the account."""

    def send(
        self, *, user: User, event: str, params: Mapping[str, str | Text], now: datetime
    ) -> bool:
        """Whether a letter was ordered; it leaves later."""


def tell_member(*, user: User, event: str, params: Mapping[str, str | Text], now: datetime) -> bool:
    """Tell the owner of an account what was done to it; False where nothing can be sent."""
    if not settings.STAFF_LETTERS:
        return False
    letters: StaffLetters = import_string(settings.STAFF_LETTERS)()
    return letters.send(user=user, event=event, params=params, now=now)
