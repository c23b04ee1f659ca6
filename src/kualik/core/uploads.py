"""The way in of files that are looked at and not kept."""

from typing import Final

from django.conf import settings
from django.core.files.uploadhandler import MemoryFileUploadHandler, SkipFile

# A signature and its document; whoever sends more fills no memory with it.
FILES: Final = 2


class UploadInMemory(MemoryFileUploadHandler):
    """Keeps uploads in memory only: a file over the limit is read to its end and thrown away.

    So is one that is too much together with those before it. ``too_large`` are the names of the
    fields whose file was.
    """

    too_large: frozenset[str] = frozenset()
    held_bytes = 0

    @property
    def is_too_large(self) -> bool:
        """Whether any file was."""
        return bool(self.too_large)

    def handle_raw_input(self, *_args: object, **_kwargs: object) -> None:
        """Active whatever the length: nothing is ever written to a disk."""
        self.activated = True

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.held_bytes += len(raw_data)
        is_too_much = self.held_bytes > FILES * settings.UPLOAD_LIMIT_BYTES
        if is_too_much or start + len(raw_data) > settings.UPLOAD_LIMIT_BYTES:
            self.held_bytes -= start + len(raw_data)
            self.too_large |= {str(self.field_name)}
            self.file.close()
            raise SkipFile
        return super().receive_data_chunk(raw_data, start)
