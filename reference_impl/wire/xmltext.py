"""XML of one depth of sections and fields, read without leniency: no type declaration, no attribute, nothing twice.

The dialects need no more: ``<root><head><A>text</A></head><body>…</body></root>``. A field is a text, or a list of
texts in ``ITEM`` elements.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from reference_impl.wire.errors import MalformedError
from reference_impl.wire.exchange import Biz

ITEM = "ITEM"

_TAG = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BREAKS = {"\r": "&#13;"}


def write_sections(root: str, sections: Mapping[str, Biz]) -> str:
    """Return the document as text, without declaration; the fields must be ``writable``.

    Raises:
        ValueError: a name is no tag.
    """
    return _element(root, "".join(_element(name, write_fields(fields)) for name, fields in sections.items()))


def writable(fields: Biz) -> Biz:
    """Return fields as they will be read back: a character XML cannot hold is U+FFFD, an empty list is ""."""
    return {
        name: _NOT_XML.sub("\ufffd", value)
        if isinstance(value, str)
        else tuple(_NOT_XML.sub("\ufffd", item) for item in value) or ""
        for name, value in fields.items()
    }


def write_fields(fields: Biz) -> str:
    """Return one element for each field.

    Raises:
        ValueError: a name is no tag.
    """
    return "".join(
        _element(name, _text(value) if isinstance(value, str) else "".join(_element(ITEM, _text(i)) for i in value))
        for name, value in fields.items()
    )


def read_sections(text: str, root: str, names: Sequence[str]) -> dict[str, Biz]:
    """Read the sections ``names``, each of which must be there once, and no other.

    Raises:
        MalformedError: the text has any other form.
    """
    top = read_document(text, root)
    if [child.tag for child in top] != list(names):
        raise MalformedError(root)
    return {name: _fields(child) for name, child in zip(names, top, strict=True)}


def read_document(text: str, root: str) -> Element:
    """Return the root element of ``text``, which must be named ``root``.

    Raises:
        MalformedError: the text is no XML, holds a type declaration, or its root has another name or text of its own.
    """
    try:
        top: Any = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise MalformedError("xml") from error
    if top.tag != root or top.attrib or (top.text or "").strip():
        raise MalformedError("xml")
    return top  # type: ignore[no-any-return]


def texts_of(fields: Biz, where: str) -> dict[str, str]:
    """Return fields that must all be texts.

    Raises:
        MalformedError: one is a list.
    """
    texts = {name: value for name, value in fields.items() if isinstance(value, str)}
    if len(texts) != len(fields):
        raise MalformedError(where)
    return texts


def _fields(section: Element) -> Biz:
    if section.attrib or (section.text or "").strip() or (section.tail or "").strip():
        raise MalformedError(section.tag)
    fields: dict[str, str | Sequence[str]] = {}
    for element in section:
        if element.tag in fields or element.attrib or (element.tail or "").strip():
            raise MalformedError(section.tag)
        fields[element.tag] = tuple(_item(child) for child in element) if len(element) else element.text or ""
        if len(element) and (element.text or "").strip():
            raise MalformedError(section.tag)
    return fields


def _item(element: Element) -> str:
    if element.tag != ITEM or len(element) or element.attrib or (element.tail or "").strip():
        raise MalformedError(ITEM)
    return element.text or ""


def _element(name: str, content: str) -> str:
    if not _TAG.fullmatch(name):
        raise ValueError("a field's name is no tag")
    return f"<{name}>{content}</{name}>"


def _text(value: str) -> str:
    return escape(value, _BREAKS)
