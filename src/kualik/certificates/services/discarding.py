"""Letting files go that nothing refers to any more."""

from collections.abc import Iterable
from functools import partial

from django.core.files.storage import default_storage
from django.db import transaction


def discard_later(names: Iterable[str]) -> None:
    """Delete the files once the transaction has made it true that nothing refers to them."""
    for name in filter(None, names):
        transaction.on_commit(partial(default_storage.delete, name), robust=True)
