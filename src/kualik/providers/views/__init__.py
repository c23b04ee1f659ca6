"""Pages of the directory, of the own house and of technical breaks."""

from kualik.providers.views.access import office_access, photo_put, photo_remove
from kualik.providers.views.breaks import break_cancel, break_end, breaks
from kualik.providers.views.closures import closure_cancel, closures
from kualik.providers.views.directory import directory, open_data, open_table, photo, provider
from kualik.providers.views.hours import hours_cancel, office_hours
from kualik.providers.views.house import facts, history, house
from kualik.providers.views.offices import office, office_new, office_place

__all__ = [
    "break_cancel",
    "break_end",
    "breaks",
    "closure_cancel",
    "closures",
    "directory",
    "facts",
    "history",
    "hours_cancel",
    "house",
    "office",
    "office_access",
    "office_hours",
    "office_new",
    "office_place",
    "open_data",
    "open_table",
    "photo",
    "photo_put",
    "photo_remove",
    "provider",
]
