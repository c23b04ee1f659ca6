"""The way in of files: bounded before their first byte is read, never written to a disk."""

from collections.abc import Callable
from functools import wraps
from typing import Final

from django.conf import settings
from django.core.files.uploadhandler import MemoryFileUploadHandler, SkipFile
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

# A signature and its document; whoever sends more fills no memory with it.
FILES: Final = 2
# What may be attached to one thing, and how large each scan may be.
SCANS: Final = 5
SCAN_LIMIT_BYTES: Final = 10 * 1024 * 1024
PHOTO_LIMIT_BYTES: Final = 5 * 1024 * 1024
View = Callable[..., HttpResponse]


class UploadInMemory(MemoryFileUploadHandler):
    """Keeps uploads in memory only: a file over the limit is read to its end and thrown away.

    So is one that is too much together with those before it. ``too_large`` are the names of the
    fields whose file was.
    """

    too_large: frozenset[str] = frozenset()
    held_bytes = 0

    @property
    def file_limit(self) -> int:
        """The most bytes of one file."""
        return int(settings.UPLOAD_LIMIT_BYTES)

    @property
    def whole_limit(self) -> int:
        """The most bytes of all files of a form."""
        return FILES * self.file_limit

    @property
    def is_too_large(self) -> bool:
        """Whether any file was."""
        return bool(self.too_large)

    def handle_raw_input(self, *_args: object, **_kwargs: object) -> None:
        """Active whatever the length: nothing is ever written to a disk."""
        self.activated = True

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.held_bytes += len(raw_data)
        is_too_much = self.held_bytes > self.whole_limit
        if is_too_much or start + len(raw_data) > self.file_limit:
            self.held_bytes -= start + len(raw_data)
            self.too_large |= {str(self.field_name)}
            self.file.close()
            raise SkipFile
        return super().receive_data_chunk(raw_data, start)


class PhotoInMemory(UploadInMemory):
    """The same for one picture."""

    @property
    def file_limit(self) -> int:
        return PHOTO_LIMIT_BYTES


class ScansInMemory(UploadInMemory):
    """The same for scans of papers: smaller ones, but several."""

    @property
    def file_limit(self) -> int:
        return SCAN_LIMIT_BYTES

    @property
    def whole_limit(self) -> int:
        return SCANS * self.file_limit


def takes_scans(view: View) -> View:
    """For a view whose form carries scans; put it under the statement of the permission.

    The CSRF token is checked after the limits are set and before the view runs.
    """
    return _bounded(view, ScansInMemory)


def takes_photo(view: View) -> View:
    """The same for a view whose form carries a picture."""
    return _bounded(view, PhotoInMemory)


def _bounded(view: View, handler: type[UploadInMemory]) -> View:
    guarded: View = csrf_protect(view)

    @wraps(view)
    def bounded(request: HttpRequest, **parts: object) -> HttpResponse:
        request.upload_handlers = [handler(request)]
        return guarded(request, **parts)

    return csrf_exempt(bounded)


def is_any_too_large(request: HttpRequest) -> bool:
    """Whether a file of the form was thrown away for its size; ask after reading the form."""
    return any(
        isinstance(handler, UploadInMemory) and handler.is_too_large
        for handler in request.upload_handlers
    )
