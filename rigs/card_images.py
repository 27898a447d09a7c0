"""What lies in a medium, bit by bit: what a hand puts into an emulated terminal. Nothing here says what it means.

An image travels as JSON, bytes as hex.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Application:
    """An application of a processor card.

    Attributes:
        name: its DF name or AID.
        offer: the answer to its selection.
        records: records by file and number.
        options: the answer to GET PROCESSING OPTIONS, empty where it has none.
    """

    name: bytes
    offer: bytes = b""
    records: Mapping[tuple[int, int], bytes] = field(default_factory=dict)
    options: bytes = b""


@dataclass(frozen=True, slots=True)
class CpuImage:
    """A processor card.

    Attributes:
        atr: its answer to reset, which also names its protocol.
        applications: what it holds.
        pin: its personal identification number, empty where it has none.
    """

    atr: bytes
    applications: tuple[Application, ...]
    pin: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class StorageImage:
    """A storage card with sectors of four blocks, all under one key.

    Attributes:
        uid: its chip number, four or seven bytes.
        blocks: blocks of 16 bytes by number; all others are zero.
        key: key A of every sector.
    """

    uid: bytes
    blocks: Mapping[int, bytes]
    key: bytes = b"\xff" * 6


@dataclass(frozen=True, slots=True)
class IdentityImage:
    """A resident identity card: what the module hands over once it has read it."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class StripeImage:
    """A magnetic stripe: the bits of its second track as they pass the head."""

    bits: str = field(repr=False)


Image = CpuImage | StorageImage | IdentityImage | StripeImage


def to_json(image: Image) -> dict[str, Any]:
    """An image as a JSON object."""
    match image:
        case CpuImage():
            return {
                "cpu": {
                    "atr": image.atr.hex(),
                    "pin": image.pin.hex(),
                    "applications": [_application(one) for one in image.applications],
                }
            }
        case StorageImage():
            blocks = {str(number): block.hex() for number, block in image.blocks.items()}
            return {"storage": {"uid": image.uid.hex(), "key": image.key.hex(), "blocks": blocks}}
        case IdentityImage():
            return {"identity": {"data": image.data.hex()}}
        case StripeImage():
            return {"stripe": {"bits": image.bits}}


def from_json(document: Mapping[str, Any]) -> Image:
    """An image from its JSON object.

    Raises:
        ValueError: it is none.
    """
    try:
        ((kind, content),) = document.items()
        match kind:
            case "cpu":
                applications = tuple(_from_application(one) for one in content["applications"])
                return CpuImage(bytes.fromhex(content["atr"]), applications, bytes.fromhex(content["pin"]))
            case "storage":
                blocks = {int(number): bytes.fromhex(block) for number, block in content["blocks"].items()}
                return StorageImage(bytes.fromhex(content["uid"]), blocks, bytes.fromhex(content["key"]))
            case "identity":
                return IdentityImage(bytes.fromhex(content["data"]))
            case "stripe":
                return StripeImage(str(content["bits"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no card image: {error!r}") from error
    raise ValueError(f"no card image: unknown kind {kind!r}")


def _application(one: Application) -> dict[str, Any]:
    records = {f"{sfi}/{number}": value.hex() for (sfi, number), value in one.records.items()}
    return {"name": one.name.hex(), "offer": one.offer.hex(), "options": one.options.hex(), "records": records}


def _from_application(content: Mapping[str, Any]) -> Application:
    records = {}
    for place, value in content["records"].items():
        sfi, _, number = place.partition("/")
        records[int(sfi), int(number)] = bytes.fromhex(value)
    return Application(
        bytes.fromhex(content["name"]), bytes.fromhex(content["offer"]), records, bytes.fromhex(content["options"])
    )
