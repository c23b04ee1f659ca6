"""What a person signed, to take along: the documents with the signatures beside them, as a zip."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from io import RawIOBase
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from django.conf import settings
from django.core.files.storage import default_storage
from django.urls import reverse

from kualik.certificates.models import PersonSignature
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


def packed(signatures: Iterable[PersonSignature]) -> Iterator[bytes]:
    """The archive piece by piece, one document in memory at a time (Digital Code, article 50).

    Each signature is detached and covers the very bytes of the PDF that lies beside it.
    """
    drain = _Drain()
    with ZipFile(drain, "w", ZIP_STORED) as archive:
        for signature in signatures:
            # A time-stamp that came since gave the signature another file.
            signature.refresh_from_db(fields=["file"])
            document = f"{signature.certificate.number}.pdf"
            _put(archive, document, signature.certificate.file, signature.accepted_at)
            _put(archive, f"{document}.p7s", signature.file, signature.accepted_at)
            yield drain.taken()
        page = f"{settings.PUBLIC_URL}{reverse('signatures:inspect')}"
        about = ZipInfo(ABOUT)
        about.external_attr = READABLE_BY_ALL
        archive.writestr(about, WORDS.format(page=page))
    yield drain.taken()


def _put(archive: ZipFile, name: str, stored: str, moment: datetime) -> None:
    about = ZipInfo(name, moment.astimezone(ZONE).timetuple()[:6])
    about.external_attr = READABLE_BY_ALL
    with default_storage.open(stored, "rb") as content:
        archive.writestr(about, content.read())
