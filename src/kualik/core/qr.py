"""QR codes as the pages draw them: a path of an SVG, no picture and no service of others."""

import re
from dataclasses import dataclass

import zxingcpp

# What a page needs of zxing's drawing, which has a width but no viewBox and cannot be scaled.
DRAWN = re.compile(r'<svg width="(\d+)".*?<path d="([^"]+)"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code with its quiet zone: modules a side, and the dark ones as an SVG path."""

    size: int
    path: str


def qr_code(text: str) -> QrCode:
    """The code of a text, with error correction M."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    [(side, path)] = DRAWN.findall(str(code.to_svg(add_quiet_zones=True)))
    return QrCode(size=int(side), path=path)
