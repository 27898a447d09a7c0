"""Pages in both languages, of which a reader sees one: how a text stands on them, and no identity number."""

from __future__ import annotations

from typing import Any

import jinja2
from markupsafe import Markup, escape

from certification.catalogue import Text
from reports.masking import masked


def page_environment() -> jinja2.Environment:
    """Templates of pages; whatever an expression puts there is masked, and a `Text` stands in both languages."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("reports", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.globals.update(say=say)
    return environment


def both(text: Text) -> Markup:
    """A text in both languages, of which the page shows one."""
    zh, en = escape(masked(text.zh)), escape(masked(text.en))
    if zh == en:
        return zh
    return Markup('<span class="zh">{}</span><span class="en" lang="en">{}</span>').format(zh, en)


def opening(text: Text) -> Markup:
    """A text that opens a line: in English with a capital."""
    return both(Text(zh=text.zh, en=text.en[:1].upper() + text.en[1:]))


def say(zh: str, en: str) -> Markup:
    """A sentence of a template in both languages."""
    return both(Text(zh=zh, en=en))


def _shown(value: Any) -> Any:
    if isinstance(value, Text):
        return both(value)
    return masked(value) if isinstance(value, str) and not isinstance(value, Markup) else value
