"""The grammar of the text inside a health-card QR code, and nothing but that grammar.

``card-id [":" type [":" [token] [":" [pay] [":" record-no]]]]`` is what the field's samples have in common; only the
shapes of ``SHAPES`` are read, every other text is refused with one of ``REASONS``. Source: samples from Hunan, Hebei
(Tencent platform), Guangdong, Sichuan and Xiamen; the provincial guide is not public, so the table is reconstructed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from reference_impl.wire.errors import PayloadError

DYNAMIC: Final = "0"
STATIC: Final = "1"

Shape = Literal["hunan-static", "tencent-dynamic", "guangdong-dynamic", "sichuan-static", "xiamen-dynamic"]

SHAPES: Mapping[Shape, str] = MappingProxyType(
    {
        "hunan-static": "<64>:1",
        "tencent-dynamic": "<64>:0:<32>",
        "guangdong-dynamic": "<64>:0:<32>:<record-no>",
        "sichuan-static": "<64>:1::<record-no>",
        "xiamen-dynamic": "<64>:0:<32>::<record-no>",
    }
)

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "empty": "there is no text",
        "control_character": "NUL, line end or another control character stands in it",
        "whitespace": "a space stands in it",
        "separator": "a full-width colon or a semicolon stands where ':' should: keyboard layout or input method",
        "bare_card_id": "64 hex characters without a type",
        "prefix_85": "the unexplained '85:' prefix of one sample",
        "lower_case": "hex in lower case",
        "not_hex": "a card id or token with characters that are not hex",
        "card_id_length": "the card id has not 64 characters",
        "type_unknown": "the type is neither 0 nor 1",
        "token_missing": "a dynamic code without token",
        "token_length": "the token has not 32 characters",
        "token_on_static": "a static code with a token",
        "pay_not_empty": "a pay part, whose grammar no sample shows",
        "record_no_missing": "the text ends where a record number should stand",
        "record_no_malformed": "the record number is not 1 to 20 letters and digits",
        "extra_parts": "more than five parts",
    }
)


@dataclass(frozen=True)
class CardCode:
    """What a code says.

    Attributes:
        card_id: 64 upper-case hex characters, opaque.
        code_type: "0" dynamic or "1" static.
        token: 32 upper-case hex characters; "" where the part is there and empty; None where it is not there.
        pay: "" where the part is there, which no sample fills; None where it is not there.
        record_no: 1 to 20 letters and digits, or None.
        shape: key of ``SHAPES``.
    """

    card_id: str
    code_type: Literal["0", "1"]
    token: str | None
    pay: str | None
    record_no: str | None
    shape: Shape


def parse(text: str) -> CardCode:
    """Read a scanned text exactly as scanned, terminator and all.

    The first four digits of a record number are said to be a region prefix; the samples are too few to demand it.

    Raises:
        PayloadError: the text is none of ``SHAPES``; its reason is a key of ``REASONS``.
    """
    _check_characters(text)
    card_id, *rest = text.split(":")
    if card_id == "85" and rest:
        raise PayloadError("prefix_85")
    _check_hex(card_id, 64, "card_id_length")
    if not rest:
        raise PayloadError("bare_card_id")
    code_type, *tail = rest
    if code_type == DYNAMIC:
        return _dynamic(card_id, tail)
    if code_type == STATIC:
        return _static(card_id, tail)
    raise PayloadError("type_unknown")


def build(
    card_id: str,
    code_type: str,
    *,
    token: str | None = None,
    pay: str | None = None,
    record_no: str | None = None,
) -> str:
    """Write a code; None leaves a part out, "" writes it empty.

    Raises:
        PayloadError: the parts make none of ``SHAPES``.
    """
    parts = (card_id, code_type, token, pay, record_no)
    text = ":".join(part for part in parts if part is not None)
    code = parse(text)
    # A part with a colon in it, or parts that slide into each other's place, read back as something else.
    if (code.card_id, code.code_type, code.token, code.pay, code.record_no) != parts:
        raise PayloadError("extra_parts")
    return text


def _check_characters(text: str) -> None:
    if not text:
        raise PayloadError("empty")
    if re.search(r"[\x00-\x1f\x7f-\x9f]", text):
        raise PayloadError("control_character")
    if re.search(r"\s", text):
        raise PayloadError("whitespace")
    if "：" in text or ";" in text or "；" in text:
        raise PayloadError("separator")


def _check_hex(part: str, length: int, wrong_length: str) -> None:
    if len(part) != length:
        raise PayloadError(wrong_length)
    if re.fullmatch(r"[0-9A-F]*", part):
        return
    raise PayloadError("lower_case" if re.fullmatch(r"[0-9A-Fa-f]*", part) else "not_hex")


def _dynamic(card_id: str, tail: list[str]) -> CardCode:
    if not tail or not tail[0]:
        raise PayloadError("token_missing")
    token, *rest = tail
    _check_hex(token, 32, "token_length")
    match rest:
        case []:
            return CardCode(card_id, DYNAMIC, token, None, None, "tencent-dynamic")
        case [record_no]:
            return CardCode(card_id, DYNAMIC, token, None, _record_no(record_no), "guangdong-dynamic")
        case [pay, record_no]:
            if pay:
                raise PayloadError("pay_not_empty")
            return CardCode(card_id, DYNAMIC, token, pay, _record_no(record_no), "xiamen-dynamic")
        case _:
            raise PayloadError("extra_parts")


def _static(card_id: str, tail: list[str]) -> CardCode:
    match tail:
        case []:
            return CardCode(card_id, STATIC, None, None, None, "hunan-static")
        case [token, *_] if token:
            raise PayloadError("token_on_static")
        case [_]:
            raise PayloadError("record_no_missing")
        case [token, record_no]:
            return CardCode(card_id, STATIC, token, None, _record_no(record_no), "sichuan-static")
        case _:
            raise PayloadError("extra_parts")


def _record_no(part: str) -> str:
    if not part:
        raise PayloadError("record_no_missing")
    if not re.fullmatch(r"[0-9A-Za-z]{1,20}", part):
        raise PayloadError("record_no_malformed")
    return part
