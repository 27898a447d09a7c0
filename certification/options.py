"""Options of the conformance statement: what a kind of subject may have or lack, answered yes, no or not at all.

What each option asks, in both languages, stands in ``data/statement.toml``; which rows it decides stands in the rows.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from certification.catalogue import Catalogue, Requirement, SubjectKind, Text

Answer = Literal["yes", "no", "unanswered"]


class Options(BaseModel):
    """What the vendor declares the subject has; decides which requirements apply. An option left out is unanswered."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TerminalOptions(Options):
    """What a terminal may have or lack."""

    serial_link: Answer = "unanswered"
    keyboard_link: Answer = "unanswered"
    keyboard_layout_us: Answer = "unanswered"
    keyboard_layout_zh: Answer = "unanswered"
    hid_pos_link: Answer = "unanswered"
    web_plugin: Answer = "unanswered"
    pcsc_link: Answer = "unanswered"
    usb_link: Answer = "unanswered"
    network_link: Answer = "unanswered"
    card_reader: Answer = "unanswered"
    contact_reader: Answer = "unanswered"
    contactless_reader: Answer = "unanswered"
    magnetic_reader: Answer = "unanswered"
    card_code: Answer = "unanswered"
    social_security_card: Answer = "unanswered"
    visit_card_m1: Answer = "unanswered"
    visit_card_magnetic: Answer = "unanswered"
    bank_card: Answer = "unanswered"
    identity_card: Answer = "unanswered"
    micro_qr: Answer = "unanswered"
    data_matrix: Answer = "unanswered"
    pdf417: Answer = "unanswered"
    code_128: Answer = "unanswered"
    ean: Answer = "unanswered"
    symbology_tag: Answer = "unanswered"
    white_light: Answer = "unanswered"
    red_light: Answer = "unanswered"
    aimer: Answer = "unanswered"
    coloured_codes: Answer = "unanswered"
    security_module: Answer = "unanswered"
    firmware_update: Answer = "unanswered"
    own_clock: Answer = "unanswered"
    environment_report: Answer = "unanswered"


class PlatformOptions(Options):
    """What a card platform may have or lack. What the notice demands of every platform is no option."""

    online_issuance: Answer = "unanswered"
    offline_issuance: Answer = "unanswered"
    record_sharing: Answer = "unanswered"
    own_figures: Answer = "unanswered"


OPTIONS: Mapping[SubjectKind, type[Options]] = {
    SubjectKind.TERMINAL: TerminalOptions,
    SubjectKind.PLATFORM: PlatformOptions,
}
"""By kind of subject that has a statement."""


def statement_options(kind: SubjectKind) -> frozenset[str]:
    """Options the conformance statement of a kind of subject answers; none where no statement is known."""
    return frozenset(OPTIONS[kind].model_fields if kind in OPTIONS else ())


class Meaning(BaseModel):
    """What one option is about.

    Attributes:
        group: heading it stands under.
        title: its short name.
        asks: what a yes says of the subject, beginning with "whether".
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: SubjectKind
    name: str
    group: str
    title: Text
    asks: Text


@cache
def statement_data() -> dict[str, Any]:
    """``data/statement.toml``: groups, options, contradictions."""
    return tomllib.loads((resources.files("certification") / "data" / "statement.toml").read_text(encoding="utf-8"))


@cache
def meanings(kind: SubjectKind) -> Mapping[str, Meaning]:
    """What each option of a kind of subject asks, in the order of the statement."""
    found = (Meaning.model_validate(option) for option in statement_data()["option"])
    return {meaning.name: meaning for meaning in found if meaning.kind is kind}


@cache
def groups() -> Mapping[str, Text]:
    """Headings of the statement by name."""
    return {group["name"]: Text.model_validate(group["title"]) for group in statement_data()["group"]}


def decides(catalogue: Catalogue, kind: SubjectKind, option: str) -> tuple[list[str], list[str]]:
    """Rows that apply only where an option is answered yes, and rows of which a part does."""
    rows: list[Requirement] = catalogue.asked_of(kind)
    whole = [row.id for row in rows if row.applies_if == option]
    part = [row.id for row in rows if row.id not in whole and any(c.only_if == option for c in row.criterion)]
    return whole, part
