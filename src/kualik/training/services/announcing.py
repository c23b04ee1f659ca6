"""What other systems hear of completions (web hooks): how many, never who."""

from datetime import datetime

from kualik.notifications.services.hooks import emit
from kualik.training.models import ImportDraft


def announce_import(draft: ImportDraft, *, now: datetime) -> None:
    """Tell that a list was imported, in the transaction of the import."""
    about = f"import:{draft.pk}"
    counts = {name: draft.result[name] for name in ("created", "existing", "refused", "groups")}
    emit(
        provider=draft.provider,
        event="completion.imported",
        about=about,
        body={"import": draft.pk, **counts},
        key=about,
        now=now,
    )
