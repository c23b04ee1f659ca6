"""A document and its signature as downloads, whoever may have them."""

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse

from kualik.certificates.models import Letter, PersonSignature
from kualik.certificates.services.packing import packed


def sent_file(name: str, filename: str, content_type: str = "application/pdf") -> FileResponse:
    """The stored file ``name``; 404 where it is not."""
    if not name or not default_storage.exists(name):
        raise Http404
    return FileResponse(
        default_storage.open(name, "rb"),
        as_attachment=True,
        filename=filename,
        content_type=content_type,
    )


def sent_signature(entry: PersonSignature) -> FileResponse:
    """The detached CMS as it was handed in, with the time-stamp that was added since."""
    filename = f"{entry.certificate.number}.pdf.p7s"
    return sent_file(entry.file, filename, "application/pkcs7-signature")


def sent_bundle(entry: PersonSignature) -> HttpResponse:
    """The document with the signature beside it, as an archive."""
    if not all(default_storage.exists(name) for name in (entry.file, entry.certificate.file)):
        raise Http404
    return _archive(entry, entry.certificate.number)


def sent_letter_bundle(letter: Letter) -> HttpResponse:
    """The letter with the signature beside it; 404 where no person signed it."""
    names = (letter.file, letter.signature)
    if not letter.signature or not all(default_storage.exists(name) for name in names):
        raise Http404
    return _archive(letter, letter.number)


def _archive(entry: PersonSignature | Letter, number: str) -> HttpResponse:
    response = HttpResponse(b"".join(packed([entry])), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{number}.zip"'
    return response
