"""What ``run.json`` says of people, kept apart from it: ``run.json`` is published whole, ``people.json`` is not.

Apart are who operated, reviewed and authorised, the customer's address and contact, and of every form who filled it in,
with the form's digest, which would let somebody who guesses the name confirm it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from certification.catalogue import Text

PEOPLE = "people.json"
WITHHELD = Text(zh="未公开", en="withheld")
"""What stands for each of them where ``people.json`` is absent, as in a publication."""
_OF_THE_CUSTOMER = ("address", "contact")
_OF_A_FORM = ("operator", "sha256")
_SAID = {
    "people": dict.fromkeys(("operator", "reviewer", "authoriser"), WITHHELD.model_dump()),
    "customer": dict.fromkeys(_OF_THE_CUSTOMER, WITHHELD.model_dump()),
}
_FORM = dict.fromkeys(_OF_A_FORM, f"{WITHHELD.zh} {WITHHELD.en}")


def apart(record: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A run's record without what it says of people, and that; the second is empty where it says nothing of any."""
    shown = dict(record)
    people: dict[str, Any] = {}
    if (said := record.get("laboratory")) is not None:
        people["laboratory"] = {"people": said["people"], "customer": _only(said["customer"], _OF_THE_CUSTOMER)}
        shown["laboratory"] = {key: value for key, value in said.items() if key != "people"}
        shown["laboratory"]["customer"] = _without(said["customer"], _OF_THE_CUSTOMER)
    if forms := record.get("forms"):
        people["forms"] = [_only(form, _OF_A_FORM) for form in forms]
        shown["forms"] = [_without(form, _OF_A_FORM) for form in forms]
    return shown, people


def lacks_people(record: Mapping[str, Any]) -> bool:
    """Whether a record is one that `apart` took something from."""
    said, forms = record.get("laboratory"), record.get("forms")
    return (isinstance(said, dict) and "people" not in said) or bool(forms and "operator" not in forms[0])


def together(record: Mapping[str, Any], people: Mapping[str, Any] | None) -> dict[str, Any]:
    """A run's record with what it says of people, or with `WITHHELD` in its place where that is None.

    Raises:
        ValueError: they are not of one run.
    """
    full = dict(record)
    if not lacks_people(record):
        return full
    try:
        if (said := record.get("laboratory")) is not None:
            own = _SAID if people is None else people["laboratory"]
            full["laboratory"] = {**said, "people": own["people"], "customer": {**said["customer"], **own["customer"]}}
        if forms := record.get("forms"):
            own_forms = [_FORM] * len(forms) if people is None else people["forms"]
            full["forms"] = [{**form, **own} for form, own in zip(forms, own_forms, strict=True)]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("does not belong to the record of the run") from error
    return full


def _only(table: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: table[key] for key in keys}


def _without(table: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key not in keys}
