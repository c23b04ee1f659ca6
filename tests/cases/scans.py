"""Scans as people send them, and files that only look like scans."""

import io
import struct
import zlib

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer


def pdf(
    *, pages: int = 1, catalog: str = "", page: str = "", more: str = "", pad: int = 0
) -> bytes:
    """A plain PDF, ``pad`` bytes longer than need be; ``catalog`` and ``page`` are added to these
    dictionaries, ``more`` is the object 900."""
    kids = " ".join(f"{number + 3} 0 R" for number in range(pages))
    bodies = {
        1: f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
        2: f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>",
        **{
            number + 3: f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] {page} >>"
            for number in range(pages)
        },
    }
    if more:
        bodies[900] = more
    content, places = b"%PDF-1.7\n" + b"%" * pad + b"\n", {}
    for number, body in bodies.items():
        places[number] = len(content)
        content += f"{number} 0 obj\n{body}\nendobj\n".encode()
    start = len(content)
    rows = "".join(
        f"{number} 1\n{place:010d} 00000 n \n" for number, place in sorted(places.items())
    )
    content += f"xref\n0 1\n0000000000 65535 f \n{rows}".encode()
    size = max(bodies) + 1
    content += f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return content


def locked_pdf() -> bytes:
    """A PDF that asks for a password."""
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(pdf())))
    writer.encrypt("owner", "user")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def png(*, wide: int = 4, high: int = 4) -> bytes:
    """A picture of one colour."""
    rows = zlib.compress(b"".join(b"\0" + b"\xff\xff\xff" * wide for _ in range(high)))
    head = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, body) for name, body in chunks)


def chunk(name: bytes, body: bytes) -> bytes:
    """A part of a PNG with its length and check sum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def jpeg(**how: object) -> bytes:
    """A photo, written by the library that telephones' libraries are like."""
    out = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").save(out, "JPEG", **how)
    return out.getvalue()


def upload(content: bytes, name: str = "скан.pdf") -> SimpleUploadedFile:
    """A file as a form brings it; what the browser says of its type is never believed."""
    return SimpleUploadedFile(name, content, content_type="application/pdf")
