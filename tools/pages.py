"""Small plain pages for the simulators: one frame, choices in a form, three languages."""

from collections.abc import Iterable, Mapping
from html import escape

LANGUAGES = {"kk": "Қазақша", "ru": "Русский", "en": "English"}
LANGUAGE = {"kk": "Тіл", "ru": "Язык", "en": "Language"}
STYLE = """
:root { color-scheme: light; font: 1.0625rem/1.5 "Golos Text", system-ui, sans-serif; }
body { margin: 0; background: #eef2f1; color: #15262c; }
header { background: #0b4f5f; color: #fff; }
header > div, main { max-width: 46rem; margin-inline: auto; padding: .8rem 1rem; }
header > div { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; justify-content: space-between; }
header p { margin: 0; font-weight: 700; }
header a { color: #fff; margin-right: .8rem; } header a[aria-current] { font-weight: 700; }
main { background: #fff; padding-block: 1.2rem 2.5rem; }
h1 { font-size: 1.6rem; margin: 0 0 .6rem; } h2 { font-size: 1.2rem; margin: 1.6rem 0 .5rem; }
fieldset { border: 1px solid #cfd6d4; border-radius: 10px; margin: 0 0 1.2rem; }
legend { font-weight: 700; padding-inline: .4rem; }
.choice { display: flex; gap: .7rem; padding: .35rem 0; } .choice input { margin-top: .35rem; }
.choice span { display: block; color: #4a5b62; font-size: .95rem; }
label, .plain { overflow-wrap: anywhere; } p > label { font-weight: 700; }
select, input[type=number] { font: inherit; padding: .45rem; max-width: 100%;
  border: 2px solid #3c4d54; border-radius: 4px; background: #fff; color: inherit; }
button { font: inherit; font-weight: 600; color: #fff; background: #0b4f5f; border: 0;
  border-radius: 6px; padding: .7rem 1.4rem; cursor: pointer; }
button.quiet { background: #e6eceb; color: #15262c; }
:focus-visible { outline: 3px solid #b98a1c; outline-offset: 2px; }
.told { border-left: 6px solid #1d4f91; background: #eaf1fa; padding: .7rem 1rem; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .4rem .5rem;
  border-bottom: 1px solid #cfd6d4; vertical-align: top; } .wide { overflow-x: auto; }
"""


def language_of(asked: str | None) -> str:
    """The language of a page: the one asked for, else Kazakh."""
    return asked if asked in LANGUAGES else "kk"


def frame(*, language: str, title: str, name: str, body: str, query: str = "") -> str:
    """A whole page; ``body`` is HTML, ``query`` is kept by the links to other languages."""
    current = ' aria-current="true"'
    links = "".join(
        f'<a href="?{query}lang={code}" lang="{code}" hreflang="{code}"'
        f"{current if code == language else ''}>{word}</a>"
        for code, word in LANGUAGES.items()
    )
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="icon" href="data:,"><style>{STYLE}</style>'
        f"</head><body><header><div><p>{escape(name)}</p>"
        f'<nav aria-label="{LANGUAGE[language]}">{links}</nav></div></header>'
        f"<main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )


def radios(*, name: str, legend: str, choices: Mapping[str, tuple[str, str]], chosen: str) -> str:
    """A group of choices: value → what it is called, and a line about it."""
    rows = "".join(
        f'<div class="choice"><input type="radio" name="{name}" id="{name}-{value}" '
        f'value="{value}"{" checked" if value == chosen else ""}>'
        f'<label for="{name}-{value}">{escape(word)}{_about(about)}</label></div>'
        for value, (word, about) in choices.items()
    )
    return f"<fieldset><legend>{escape(legend)}</legend>{rows}</fieldset>"


def select(*, name: str, label: str, choices: Mapping[str, str], chosen: str) -> str:
    """A list to choose one from: value → what it is called."""
    options = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>'
        f"{escape(word)}</option>"
        for value, word in choices.items()
    )
    return (
        f'<p><label for="{name}">{escape(label)}</label><br>'
        f'<select id="{name}" name="{name}">{options}</select></p>'
    )


def number(*, name: str, label: str, value: float) -> str:
    """A field for seconds."""
    return (
        f'<p><label for="{name}">{escape(label)}</label><br><input type="number" id="{name}" '
        f'name="{name}" min="0" max="600" step="any" value="{value:g}"></p>'
    )


def table(*, caption: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table with a caption; the first cell of a row is its head."""
    top = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    lines = []
    for first, *rest in rows:
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in rest)
        lines.append(f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>')
    name = escape(caption)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{name}"><table>'
        f"<caption>{name}</caption><thead><tr>{top}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _about(text: str) -> str:
    return f"<span>{escape(text)}</span>" if text else ""
