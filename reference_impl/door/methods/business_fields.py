"""Reading the business fields of a request: there, of the right form, in the right table; else refused by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from reference_impl.records.china_time import moment_ms
from reference_impl.records.clear_words import has_long_number, tells_of
from reference_impl.refusals import BAD_FIELD, RefusalError

TEXT_LIMIT = 512

DATE = "%Y-%m-%d"
DATE_TIME = "%Y%m%d%H%M%S"

CLERK_LIMIT = 32

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_BUT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

_BY_ITS_OWN_RULE = frozenset({"ehealth_code"})
"""A scanned text is no code of any form with such a character in it, and is refused as that."""

_WITH_LINES = frozenset({"content", "items"})
"""A document and a JSON text may have lines and tabulators."""


def check_characters(biz: Mapping[str, str]) -> None:
    """Refuse control characters in whatever field they stand, before a method sees it: no database takes them all.

    Raises:
        RefusalError: bad_field.
    """
    if "".join(biz.values()).isprintable() and "".join(biz).isprintable():
        return
    for name, value in biz.items():
        if _CONTROL.search(name):
            raise RefusalError(BAD_FIELD)
        form = _CONTROL_BUT_LINES if name in _WITH_LINES else _CONTROL
        if name not in _BY_ITS_OWN_RULE and form.search(value):
            raise RefusalError(BAD_FIELD, name)


def required(biz: Mapping[str, str], name: str) -> str:
    """Return a field that must be there, 1 to ``TEXT_LIMIT`` characters.

    Raises:
        RefusalError: bad_field.
    """
    value = optional(biz, name)
    if not value:
        raise RefusalError(BAD_FIELD, name)
    return value


def optional(biz: Mapping[str, str], name: str) -> str:
    """Return a field of at most ``TEXT_LIMIT`` characters, "" where it is not there.

    Raises:
        RefusalError: bad_field.
    """
    value = biz.get(name, "")
    if len(value) > TEXT_LIMIT:
        raise RefusalError(BAD_FIELD, name)
    return value


def audited(biz: Mapping[str, str], name: str, limit: int = 64) -> str:
    """Return a text that the audit will show, "" where it is not there.

    It is printable and has no number as long as an identity or bank card number, which must not get there.

    Raises:
        RefusalError: bad_field.
    """
    value = biz.get(name, "")
    if len(value) > limit or not value.isprintable() or has_long_number(value):
        raise RefusalError(BAD_FIELD, name)
    return value


def clerk(biz: Mapping[str, str], *people: Mapping[str, str]) -> str:
    """Return who acted at the window, "" where nobody is named.

    Args:
        biz: the business fields.
        people: identity fields of whom it is about; a clerk goes by another name in the audit.

    Raises:
        RefusalError: bad_field unless ``clerk_id`` is up to 32 characters without spaces that may stand in the audit.
    """
    value = audited(biz, "clerk_id", CLERK_LIMIT)
    if any(character.isspace() for character in value) or tells_of(value, people):
        raise RefusalError(BAD_FIELD, "clerk_id")
    return value


def reason(biz: Mapping[str, str], *people: Mapping[str, str]) -> str:
    """Return why something is done, "" where it is not said; ``people`` as for ``clerk``.

    Raises:
        RefusalError: bad_field for a reason that may not stand in the audit.
    """
    value = audited(biz, "reason")
    if tells_of(value, people):
        raise RefusalError(BAD_FIELD, "reason")
    return value


def chosen(value: str, table: Mapping[str, str], name: str) -> str:
    """Return ``value`` if it is a code of ``table``.

    Raises:
        RefusalError: bad_field.
    """
    if value not in table:
        raise RefusalError(BAD_FIELD, name)
    return value


def moment(value: str, form: str, name: str) -> str:
    """Return ``value`` if it is a date of ``form``, written in full.

    Raises:
        RefusalError: bad_field.
    """
    try:
        written = datetime.strptime(value, form).strftime(form)  # noqa: DTZ007 - the dialect's times have no zone
    except ValueError as error:
        raise RefusalError(BAD_FIELD, name) from error
    if written != value:
        raise RefusalError(BAD_FIELD, name)
    return value


def check_moment(biz: Mapping[str, str], name: str, form: str) -> None:
    """Check a date field, if it is there.

    Raises:
        RefusalError: bad_field.
    """
    if optional(biz, name):
        moment(biz[name], form, name)


def moment_at(biz: Mapping[str, str], name: str) -> int:
    """Return the moment that a ``DATE_TIME`` field tells in China's time, 1970 or later, as Unix ms.

    Raises:
        RefusalError: bad_field.
    """
    at_ms = moment_ms(moment(required(biz, name), DATE_TIME, name), DATE_TIME)
    if at_ms < 0:
        raise RefusalError(BAD_FIELD, name)
    return at_ms


def matching(form: re.Pattern[str], value: str, name: str) -> str:
    """Return ``value`` if it is "" or wholly of ``form``.

    Raises:
        RefusalError: bad_field.
    """
    if value and not form.fullmatch(value):
        raise RefusalError(BAD_FIELD, name)
    return value


def in_clear(form: re.Pattern[str], value: str, name: str, *people: Mapping[str, str]) -> str:
    """Return ``value`` as ``matching``: words that are kept in clear, so that no long number and no person is in them.

    Raises:
        RefusalError: bad_field.
    """
    if has_long_number(value) or tells_of(value, people):
        raise RefusalError(BAD_FIELD, name)
    return matching(form, value, name)
