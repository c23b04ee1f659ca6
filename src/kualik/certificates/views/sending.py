"""A document and its signature as downloads, whoever may have them."""

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse

from kualik.certificates.models import PersonSignature
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
    response = HttpResponse(b"".join(packed([entry])), content_type="application/zip")
    filename = f"{entry.certificate.number}.zip"
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response
