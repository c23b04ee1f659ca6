"""The rows somebody looked at and takes as they are, kept in that person's session."""

from collections.abc import Collection

from django.contrib.sessions.backends.base import SessionBase

from kualik.training.models import ImportDraft


class Marks:
    """Sheet rows ticked for one state of a list; a changed list starts without ticks."""

    def __init__(self, session: SessionBase, draft: ImportDraft, state: str) -> None:
        self._session = session
        self._key = f"list-{draft.pk}"
        self._state = state
        kept = session.get(self._key, {})
        self.rows: set[int] = set(kept["rows"]) if kept.get("state") == state else set()

    def keep(
        self,
        *,
        shown: Collection[str],
        ticked: Collection[str],
        all_shown: bool,
        attention: Collection[int],
    ) -> None:
        """Of the ``shown`` rows keep the ``ticked``, or all; only rows that need attention."""
        seen = {int(number) for number in shown if number.isdecimal()} & set(attention)
        chosen = seen if all_shown else seen & {int(row) for row in ticked if row.isdecimal()}
        self.rows = ((self.rows & set(attention)) - seen) | chosen
        self._session[self._key] = {"state": self._state, "rows": sorted(self.rows)}
