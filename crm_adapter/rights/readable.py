"""The export as a page to read and print: one file, no script, nothing loaded from anywhere, everything escaped."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

import yaml

from crm_adapter.records.customers import Export
from crm_adapter.rights.gathering import SECTIONS

_LOCALES = ("zh-Hans", "zh-Hant", "en")
_STYLE = """
body { font: 15px/1.6 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; color: #1d2129;
       max-width: 64rem; margin: 2rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; border-bottom: 1px solid #d0d4db; }
dl.record { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .15rem 1rem; margin: .75rem 0;
            padding: .6rem .9rem; border: 1px solid #e3e6eb; border-radius: 6px; break-inside: avoid; }
dt { color: #5b6472; } dd { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.nothing, .intro { color: #5b6472; }
@media print { body { max-width: none; margin: 0; font-size: 11pt; } h2 { break-after: avoid; } }
"""


def page_of(export: Export, controller: str, locale: str, attachments: Sequence[str]) -> str:
    """The whole HTML document in the person's language; ``attachments`` are the names of the files beside it."""
    language = locale if locale in _LOCALES else "en"
    words = {name: text[language] for name, text in _texts()["page"].items()}
    about = {
        words["controller"]: controller,
        words["number"]: str(export.contact_id),
        words["made_at"]: export.made_at.isoformat(timespec="seconds"),
    }
    parts = [
        f'<!doctype html>\n<html lang="{language}">\n<head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(words['title'])}</title><style>{_STYLE}</style></head>\n<body>",
        f'<h1>{escape(words["title"])}</h1><p class="intro">{escape(words["intro"])}</p>',
        _record(about),
    ]
    for section in SECTIONS:
        parts.append(f"<h2>{escape(_texts()['sections'][section.name][language])}</h2>")
        rows = export.content.get(section.name, ())
        parts += [_record({_column(name, language): value for name, value in row.items()}) for row in rows]
        if not rows:
            parts.append(f'<p class="nothing">{escape(words["nothing"])}</p>')
    parts.append(f"<h2>{escape(words['attachments'])}</h2><ul>")
    parts += [f"<li>{escape(name)}</li>" for name in attachments]
    parts.append("</ul></body></html>\n")
    return "\n".join(parts)


def _record(values: Mapping[str, Any]) -> str:
    lines = (
        f"<dt>{escape(name)}</dt><dd>{escape(_shown(value))}</dd>"
        for name, value in values.items()
        if value not in (None, "", [], {})
    )
    return f'<dl class="record">{"".join(lines)}</dl>'


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _column(name: str, language: str) -> str:
    known = _texts()["columns"].get(name)
    return known[language] if known else name.replace("_", " ")


@cache
def _texts() -> dict[str, dict[str, dict[str, str]]]:
    content = (files("crm_adapter.rights") / "texts.yml").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, dict[str, str]]] = yaml.safe_load(content)
    return loaded
