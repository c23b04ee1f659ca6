"""What a person signed, to take along: the documents with the signatures beside them, as a zip."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from io import RawIOBase
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from django.conf import settings
from django.core.files.storage import default_storage
from django.urls import reverse

from kualik.certificates.models import Letter, PersonSignature
from kualik.core.clock import ZONE

READABLE_BY_ALL = 0o644 << 16
ABOUT = "README.txt"
WORDS = (
    "Аты .pdf.p7s деп аяқталатын әр файл – қасындағы аттас PDF құжатының берілген күйіндегі "
    "қолтаңбасы. Екеуін бірге тексеріңіз: {page}\n\n"
    "Каждый файл с окончанием .pdf.p7s – подпись документа PDF с тем же именем рядом, в том виде, "
    "в котором он выдан. Проверяйте оба вместе: {page}\n\n"
    "Each file that ends in .pdf.p7s is the signature of the PDF of the same name beside it, as it "
    "was issued. Check the two together: {page}\n"
)


class _Drain(RawIOBase):
    """Collects what the archive writes until it is taken; it cannot be read or turned back."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, content: object) -> int:
        if not isinstance(content, bytes | bytearray | memoryview):
            raise TypeError("bytes are written")
        self.parts.append(bytes(content))
        return len(self.parts[-1])

    def taken(self) -> bytes:
        found = b"".join(self.parts)
        self.parts.clear()
        return found


def packed(signed: Iterable[PersonSignature | Letter]) -> Iterator[bytes]:
    """The archive piece by piece, one document in memory at a time (Digital Code, article 50).

    Each signature is detached and covers the very bytes of the PDF that lies beside it.
    """
    drain = _Drain()
    with ZipFile(drain, "w", ZIP_STORED) as archive:
        for entry in signed:
            number, document, signature, moment = _parts(entry)
            put(archive, f"{number}.pdf", stored(document), moment)
            put(archive, f"{number}.pdf.p7s", stored(signature), moment)
            yield drain.taken()
        page = f"{settings.PUBLIC_URL}{reverse('signatures:inspect')}"
        about = ZipInfo(ABOUT)
        about.external_attr = READABLE_BY_ALL
        archive.writestr(about, WORDS.format(page=page))
    yield drain.taken()


def _parts(entry: PersonSignature | Letter) -> tuple[str, str, str, datetime]:
    """Number, stored document, stored signature, and when it was signed."""
    if isinstance(entry, Letter):
        return entry.number, entry.file, entry.signature, entry.signed_at or entry.created_at
    # A time-stamp that came since gave the signature another file.
    entry.refresh_from_db(fields=["file"])
    certificate = entry.certificate
    return certificate.number, certificate.file, entry.file, entry.accepted_at


def put(archive: ZipFile, name: str, content: bytes, moment: datetime) -> None:
    """Add a file that everybody may read once it is unpacked, dated ``moment``."""
    about = ZipInfo(name, moment.astimezone(ZONE).timetuple()[:6])
    about.external_attr = READABLE_BY_ALL
    archive.writestr(about, content)


def stored(name: str) -> bytes:
    """A file of the storage. Raises OSError."""
    with default_storage.open(name, "rb") as file:
        content: bytes = file.read()
    return content
