"""Reading the business fields of a request: there, of the right form, in the right table; else refused by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from reference_impl.records.china_time import moment_ms
from reference_impl.refusals import BAD_FIELD, RefusalError

TEXT_LIMIT = 512

DATE = "%Y-%m-%d"
DATE_TIME = "%Y%m%d%H%M%S"

CLERK_LIMIT = 32
_PRIVATE_DIGITS = re.compile(r"[0-9]{14,}")


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

    It is printable and holds no run of digits as long as an identity or bank card number, which must not get there.

    Raises:
        RefusalError: bad_field.
    """
    value = biz.get(name, "")
    if len(value) > limit or not value.isprintable() or _PRIVATE_DIGITS.search(value):
        raise RefusalError(BAD_FIELD, name)
    return value


def clerk(biz: Mapping[str, str]) -> str:
    """Return who acted at the window, "" where nobody is named.

    Raises:
        RefusalError: bad_field unless ``clerk_id`` is up to 32 characters without spaces that may stand in the audit.
    """
    value = audited(biz, "clerk_id", CLERK_LIMIT)
    if any(character.isspace() for character in value):
        raise RefusalError(BAD_FIELD, "clerk_id")
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
