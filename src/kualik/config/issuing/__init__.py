"""The whole job without a browser: a list is imported, filed, decided and sealed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile

from kualik.config.issuing.entering import Order, enter, find_office
from kualik.config.issuing.making import Record, records_of
from kualik.core.clock import local_day
from kualik.rules import standards
from kualik.rules.errors import RuleViolation
from kualik.signatures.services import open_sealer

__all__ = ["Order", "Record", "issue_list"]


def issue_list(*, order: Order, folder: Path, now: datetime) -> Iterator[Record]:
    """A record for each row of the list, in the list's order, then the summary.

    All that can forbid the whole list happens before this returns: RuleViolation when the list,
    the key or ``folder`` cannot be used, and then nothing was written. The documents are made by
    portions while the records are read; what goes wrong with them stands in the records.
    """
    standard = (
        standards.get(order.edition)
        if order.edition
        else standards.in_force(local_day(order.filed_at))
    )
    if order.defaults.kind:
        standard.result(order.defaults.kind, order.paper)
    office = find_office(order.provider, now)
    open_sealer(key=office.key)
    with _made_for_writing(folder):
        entered = enter(order=order, standard=standard, office=office, now=now)
    return records_of(
        entered=entered, order=order, standard=standard, office=office, folder=folder, now=now
    )


@contextmanager
def _made_for_writing(folder: Path) -> Iterator[None]:
    """The folder, tried; what was made of it goes when the list cannot be used."""
    made: list[Path] = []
    try:
        made += [path for path in (folder, *folder.parents) if not path.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        _remove_empty(made)
        raise RuleViolation("out_unwritable", reason=error) from error
    try:
        yield
    except BaseException:
        _remove_empty(made)
        raise


def _remove_empty(folders: Sequence[Path]) -> None:
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()
