"""Where the bodies sit that a refusal names as ways of appeal; a room above this one knows."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from kualik.rules.language import Text


class AppealAddresses(Protocol):
    """Names with addresses by the code of the way (``rules.refusal.AppealWay``)."""

    def __call__(self) -> Mapping[str, Sequence[Text]]: ...


def appeal_addresses() -> Mapping[str, Sequence[Text]]:
    """What settings.APPEAL_ADDRESSES finds."""
    find: AppealAddresses = import_string(settings.APPEAL_ADDRESSES)
    return find()
