"""A network ticket printer: ESC/POS over TCP, the ticket as a picture.

The letters of a printer's own code pages lack Ә Ғ Қ Ң Ө Ұ Ү Һ, so nothing is sent as text.
"""

import socket
import time
from io import BytesIO
from urllib.parse import urlsplit

from django.conf import settings
from PIL import Image

from kualik.rules.errors import RuleViolation

# Ports on which such printers listen; others of the house's network are none of ours to reach.
PORTS = range(9100, 9110)
# For everything together: somebody stands at the kiosk and waits for the page.
PATIENCE_SECONDS = 2.0
START = b"\x1b@"
FEED_AND_CUT = b"\x1dV\x42\x18"
# Answered at once, and answered when what came before is printed: one byte about the paper.
PAPER_NOW, PAPER_AFTER = b"\x10\x04\x04", b"\x1dr\x01"
NOW_OUT, AFTER_OUT = 0x60, 0x0C
# Rows of one command: cheap printers have little memory.
BAND = 128
DARK = 128


def check_address(address: str) -> tuple[str, int]:
    """Host and port of ``tcp://host:port``. Raises ``printer_address``.

    On a demonstration any port will do, since a simulator takes whichever is free.
    """
    parts = urlsplit(address)
    try:
        port = parts.port or 0
    except ValueError:
        port = 0
    is_fit = port in PORTS or (settings.DEMO and port > 0)
    if parts.scheme != "tcp" or not parts.hostname or not is_fit or parts.path not in ("", "/"):
        raise RuleViolation("printer_address")
    return parts.hostname, port


def print_picture(*, address: str, png: bytes) -> None:
    """Print a picture and cut the paper.

    Raises ``printer_address``, ``printer_away`` (no connection, or no answer before two seconds
    are over), ``printer_paper_out`` before or after printing.
    """
    where, ends = check_address(address), time.monotonic() + PATIENCE_SECONDS
    sent = START + raster(png) + FEED_AND_CUT
    try:
        with _connected(where, ends) as line:
            _check_paper(line, ends, PAPER_NOW, NOW_OUT)
            line.settimeout(_left(ends))
            line.sendall(sent)
            _check_paper(line, ends, PAPER_AFTER, AFTER_OUT)
    except OSError as error:
        raise RuleViolation("printer_away") from error


def _connected(where: tuple[str, int], ends: float) -> socket.socket:
    """A connection to the first address of a printer that takes one."""
    fault: OSError = ConnectionError("the printer has no address")
    for family, kind, protocol, _, place in socket.getaddrinfo(*where, type=socket.SOCK_STREAM):
        line = socket.socket(family, kind, protocol)
        try:
            line.settimeout(_left(ends))
            line.connect(place)
        except OSError as error:
            line.close()
            fault = error
        else:
            return line
    raise fault


def _left(ends: float) -> float:
    """Seconds that may still pass. Raises TimeoutError."""
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError("the printer takes too long")
    return left


def raster(png: bytes) -> bytes:
    """A picture as commands GS v 0, in bands; a dot is dark or not, nothing between."""
    with Image.open(BytesIO(png)) as picture:
        grey = Image.new("L", picture.size, 255)
        grey.paste(picture.convert("L"), mask=_mask(picture))
    width = -(-grey.width // 8) * 8
    dots = Image.new("1", (width, grey.height), 0)
    dots.paste(grey.point(lambda level: 255 if level < DARK else 0).convert("1"), (0, 0))
    across, content = width // 8, dots.tobytes()
    bands = []
    for top in range(0, dots.height, BAND):
        rows = min(BAND, dots.height - top)
        head = b"\x1dv0\x00" + across.to_bytes(2, "little") + rows.to_bytes(2, "little")
        bands.append(head + content[top * across : (top + rows) * across])
    return b"".join(bands)


def _mask(picture: Image.Image) -> Image.Image | None:
    return picture.getchannel("A") if "A" in picture.getbands() else None


def _check_paper(line: socket.socket, ends: float, question: bytes, out: int) -> None:
    line.settimeout(_left(ends))
    line.sendall(question)
    line.settimeout(_left(ends))
    answer = line.recv(1)
    if not answer:
        raise ConnectionError("the printer ended the connection")
    if answer[0] & out:
        raise RuleViolation("printer_paper_out")
