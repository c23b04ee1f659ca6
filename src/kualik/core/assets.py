"""Style sheet and letters made light when the static files are collected.

A page on a slow line waits for every byte: of the components of govuk-frontend only those that
some page uses go out, in the same file as our own rules, and of the typeface only the letters of
Kazakh, Russian and English. The sources in ``node_modules`` stay as they are.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from fontTools import subset
from whitenoise.storage import CompressedManifestStaticFilesStorage

SOURCES = Path(__file__).resolve().parents[1]
SHEET = "core/kualik.css"
COMPONENTS = "govuk/govuk-frontend.min.css"
IMPORT = f'@import url("../{COMPONENTS}");'
CLASS = re.compile(r"govuk-(?:!-)?[a-z][\w-]*")
CLASS_IN_SELECTOR = re.compile(r"\.((?:\\!|[\w-])+)")
NEGATION = re.compile(r":not\([^()]*\)")
KAZAKH = "ӘәҒғҚқҢңӨөҰұҮүҺһІі"
RUSSIAN = "".join(map(chr, range(0x410, 0x450))) + "Ёё№\u0301"
LATIN = "".join(map(chr, range(0x20, 0x7F))) + "\u00a0§«»°±·×–—‘’“”„•…←→↑↓−©éöüç"
LETTERS: Mapping[str, str] = {
    "golos/golos-text-cyrillic-ext-wght-normal.woff2": KAZAKH,
    "golos/golos-text-cyrillic-wght-normal.woff2": RUSSIAN + "ІіҰұ",
    "golos/golos-text-latin-wght-normal.woff2": LATIN,
}
# Vertical writing and hints: no page has the one, no screen of today needs the other.
UNUSED_TABLES = ["vhea", "vmtx", "VVAR"]


class LightStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc] # untyped library
    """What WhiteNoise does, with light files in place of the heavy ones."""

    def post_process(
        self, paths: dict[str, tuple[Any, str]], dry_run: bool = False, **options: Any
    ) -> Iterator[tuple[str, str, bool]]:
        if not dry_run:
            light = self._light_files()
            for name, content in light.items():
                self.delete(name)
                self._save(name, ContentFile(content))
                paths[name] = (self, name)
            for name in [name for name in paths if _is_idle(name, light)]:
                del paths[name]
                self.delete(name)
        yield from super().post_process(paths, dry_run, **options)

    def _light_files(self) -> dict[str, bytes]:
        """Name and content of each file that is not served as it came; only where it came."""
        made = {
            name: light_font(self._read(name), letters)
            for name, letters in LETTERS.items()
            if self.exists(name)
        }
        if self.exists(SHEET) and self.exists(COMPONENTS):
            components = light_sheet(self._read(COMPONENTS).decode(), used_classes())
            made[SHEET] = self._read(SHEET).decode().replace(IMPORT, components).encode()
        return made

    def _read(self, name: str) -> bytes:
        with self.open(name) as file:
            content: bytes = file.read()
        return content


def used_classes() -> frozenset[str]:
    """The classes of govuk-frontend that stand in our templates, scripts and forms."""
    files = (file for kind in ("*.html", "*.js", "*.py", "*.css") for file in SOURCES.rglob(kind))
    return frozenset(
        found for file in files for found in CLASS.findall(file.read_text(encoding="utf-8"))
    )


def light_sheet(sheet: str, used: frozenset[str]) -> str:
    """The rules of a minified sheet that can match on a page with ``used`` classes.

    A class of a component counts as used with any part or variant of that component, since
    templates put such names together; fonts of the sheet's own are left out.
    """
    blocks = frozenset(_block(name) for name in used)
    return "".join(_kept(_rules(sheet), used, blocks))


def light_font(font: bytes, letters: str) -> bytes:
    """A WOFF2 with the glyphs of ``letters`` alone, with their kerning and even figures."""
    options = subset.Options()
    options.flavor = "woff2"
    options.layout_features = ["kern", "tnum", "ccmp", "mark"]
    options.hinting = False
    options.name_IDs = [0, 1, 2, 13, 14]
    options.drop_tables += UNUSED_TABLES
    found = subset.load_font(BytesIO(font), options)
    cutter = subset.Subsetter(options)
    cutter.populate(text=letters)
    cutter.subset(found)
    light = BytesIO()
    subset.save_font(found, light, options)
    return light.getvalue()


def _is_idle(name: str, light: Mapping[str, bytes]) -> bool:
    """Whether a collected file of others is asked for by no page."""
    return name.split("/")[0] in {"govuk", "golos"} and name not in light


def _block(name: str) -> str:
    """The component of a class: ``govuk-button`` of ``govuk-button--warning``."""
    return re.split(r"__|--(?=[a-z])", name)[0]


def _rules(sheet: str) -> Iterator[tuple[str, str]]:
    """Head and body of each rule at the outer level; a statement without body has an empty one."""
    start = depth = opened = 0
    for place, sign in enumerate(sheet):
        if sign == "{":
            depth += 1
            opened = place if depth == 1 else opened
        elif sign == "}":
            depth -= 1
            if depth == 0:
                yield sheet[start:opened], sheet[opened + 1 : place]
                start = place + 1
        elif sign == ";" and depth == 0:
            yield sheet[start : place + 1], ""
            start = place + 1


def _kept(
    rules: Iterable[tuple[str, str]], used: frozenset[str], blocks: frozenset[str]
) -> Iterator[str]:
    for head, body in rules:
        if head.startswith(("@media", "@supports")):
            inner = "".join(_kept(_rules(body), used, blocks))
            if inner:
                yield f"{head}{{{inner}}}"
        elif head.startswith("@"):
            if not head.startswith(("@font-face", "@charset")):
                yield f"{head}{{{body}}}"
        else:
            selectors = [part for part in _selectors(head) if _may_match(part, used, blocks)]
            if selectors:
                yield f"{','.join(selectors)}{{{body}}}"


def _selectors(head: str) -> list[str]:
    """A list of selectors cut at the commas outside of brackets."""
    parts = re.split(r",(?![^(\[]*[)\]])", head)
    return [part.strip() for part in parts]


def _may_match(selector: str, used: frozenset[str], blocks: frozenset[str]) -> bool:
    for name in CLASS_IN_SELECTOR.findall(NEGATION.sub("", selector)):
        plain = name.replace("\\", "")
        is_utility = "!-" in plain
        if plain not in used and (is_utility or _block(plain) not in blocks):
            return False
    return True
