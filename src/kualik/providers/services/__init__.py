"""Acts on the house: organisations, offices, hours, closed periods, photos, technical breaks."""

from kualik.providers.services.breaks import announce_break, cancel_break, end_break
from kualik.providers.services.closing import announce_closure, cancel_closure, correct_closure
from kualik.providers.services.failures import cancel_failure, end_failure, open_failure
from kualik.providers.services.hours import cancel_hours, change_hours
from kualik.providers.services.photos import put_photo, remove_photo
from kualik.providers.services.registering import (
    FACTS,
    OfficeFacts,
    OwnFacts,
    PlaceFacts,
    ProviderFacts,
    change_access,
    change_office,
    change_provider,
    open_office,
    register_provider,
)

__all__ = [
    "FACTS",
    "OfficeFacts",
    "OwnFacts",
    "PlaceFacts",
    "ProviderFacts",
    "announce_break",
    "announce_closure",
    "cancel_break",
    "cancel_closure",
    "cancel_failure",
    "cancel_hours",
    "change_access",
    "change_hours",
    "change_office",
    "change_provider",
    "correct_closure",
    "end_break",
    "end_failure",
    "open_failure",
    "open_office",
    "put_photo",
    "register_provider",
    "remove_photo",
]
