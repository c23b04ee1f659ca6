"""Looking at an uploaded picture: what it is by its content, smaller, and without metadata."""

from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from kualik.rules.errors import RuleViolation

FORMATS: Final = ("JPEG", "PNG", "WEBP")
LIMIT_BYTES: Final = 5 * 1024 * 1024
# A telephone of 2026 makes fewer; a file of few bytes may claim to hold far more.
MOST_PIXELS: Final = 60_000_000
LONGEST_SIDE: Final = 1600
QUALITY: Final = 82
WHITE: Final = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG with nothing but its points; sides in pixels."""

    content: bytes
    width: int
    height: int


def read_picture(content: bytes) -> Picture:
    """The picture drawn anew: turned as it was held, at most 1600 pixels long, on white.

    Whatever stood beside its points (EXIF with the place and the device, comments, thumbnails,
    profiles) is not carried over. Raises RuleViolation ``photo_too_large``, ``photo_type_refused``
    or ``photo_unreadable``.
    """
    if len(content) > LIMIT_BYTES:
        raise RuleViolation("photo_too_large")
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as found:
            if found.width * found.height > MOST_PIXELS:
                raise RuleViolation("photo_too_large")
            drawn = _drawn_anew(found)
    except UnidentifiedImageError as error:
        raise RuleViolation("photo_type_refused") from error
    except Image.DecompressionBombError as error:
        raise RuleViolation("photo_too_large") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        # What Pillow raises for a file that ends early or contradicts itself.
        raise RuleViolation("photo_unreadable") from error
    made = BytesIO()
    drawn.save(made, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return Picture(made.getvalue(), drawn.width, drawn.height)


def _drawn_anew(found: Image.Image) -> Image.Image:
    found.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    upright = ImageOps.exif_transpose(found).convert("RGBA")
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    # A new picture: the old one keeps comments that would be written out with it.
    plain = Image.new("RGB", upright.size, WHITE)
    plain.paste(upright, mask=upright.getchannel("A"))
    return plain
