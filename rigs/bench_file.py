"""The bench file: which real or emulated device fills each role. TOML, every key checked before anything is opened."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, Field, ValidationError, ValidationInfo, field_validator, model_validator

from rigs.bench_tables.base import Table, is_device
from rigs.bench_tables.camera import CameraTable, runs_by_itself
from rigs.bench_tables.cards import CardsTable
from rigs.bench_tables.checker import CheckerTable
from rigs.bench_tables.instruments import InstrumentTable, LightSourceTable, LuxMeterTable
from rigs.bench_tables.load import LoadTable
from rigs.bench_tables.network import NetworkTable
from rigs.bench_tables.operator import OperatorTable
from rigs.bench_tables.platform import PlatformTable
from rigs.bench_tables.power import PowerTable
from rigs.bench_tables.presenters import FramePortTable, ScreenTable
from rigs.bench_tables.scanner import KeyboardTable, ScannerTable
from rigs.bench_tables.security_module import SecurityModuleTable
from rigs.bench_tables.stage import StageTable
from rigs.bench_tables.traces import TracesTable
from rigs.bench_tables.updater import UpdaterTable
from rigs.bench_tables.usb import UsbTable
from rigs.errors import BenchFileError
from rigs.masked_settings import without_secrets


class BenchFile(Table):
    """A whole bench file: of a terminal with the platform behind it, or of a platform alone."""

    name: str
    presenter: Annotated[FramePortTable | ScreenTable, Field(discriminator="driver")] | None = None
    scanner: ScannerTable | None = None
    platform: PlatformTable
    power: PowerTable | None = None
    cards: CardsTable | None = None
    keyboard: KeyboardTable | None = None
    operator: OperatorTable | None = None
    camera: CameraTable | None = None
    light_source: LightSourceTable | None = None
    lux_meter: LuxMeterTable | None = None
    stage: StageTable | None = None
    security_module: SecurityModuleTable | None = None
    updater: UpdaterTable | None = None
    usb: UsbTable | None = None
    network: NetworkTable | None = None
    traces: TracesTable | None = None
    checker: CheckerTable | None = None
    load: LoadTable | None = None

    @field_validator("updater")
    @classmethod
    def _taken_by_the_twin(cls, updater: UpdaterTable | None, found: ValidationInfo) -> UpdaterTable | None:
        scanner = found.data.get("scanner")
        if updater is not None and updater.emulated is not None and scanner is not None and scanner.emulated is None:
            raise ValueError("[updater.emulated] needs a table [scanner.emulated]: it is the scanner that is updated")
        return updater

    @field_validator("keyboard")
    @classmethod
    def _typed_by_the_twin(cls, keyboard: KeyboardTable | None, found: ValidationInfo) -> KeyboardTable | None:
        scanner = found.data.get("scanner")
        if keyboard is not None and keyboard.emulated is not None and scanner is not None and scanner.emulated is None:
            raise ValueError("[keyboard.emulated] needs a table [scanner.emulated]: it is the scanner that types")
        return keyboard

    @model_validator(mode="after")
    def _whole(self) -> Self:
        parts = {
            "presenter": self.presenter,
            "scanner": self.scanner,
            "power": self.power,
            "cards": self.cards,
            "keyboard": self.keyboard,
            "security_module": self.security_module,
            "updater": self.updater,
            "usb": self.usb,
            "network": self.network,
            "traces": self.traces,
            "checker": self.checker,
        }
        bound = [name for name, table in parts.items() if table is not None]
        lacking = [name for name in ("presenter", "scanner") if name not in bound]
        if bound and lacking:
            raise ValueError(f"key {lacking[0]!r} is missing; a bench with [{bound[0]}] needs presenter and scanner")
        return self

    @model_validator(mode="after")
    def _loads_a_platform(self) -> Self:
        if self.load is not None and self.scanner is not None:
            raise ValueError("[load] stands before a platform under test, and this bench tests a terminal")
        return self

    @model_validator(mode="after")
    def _somebody_to_fill_roles(self) -> Self:
        if self.operator is None:
            for name, table in self:
                if getattr(table, "driver", None) == "operator":
                    raise ValueError(f"[{name}] is filled by a person: add a table [operator]")
        return self

    @model_validator(mode="after")
    def _alone_in_its_network(self) -> Self:
        if self.network is None or self.network.emulated is None:
            return self
        if self.scanner is None or self.scanner.emulated is None:
            raise ValueError("[network.emulated] needs a table [scanner.emulated]: it is the scanner that is secluded")
        for name in ("power", "keyboard", "cards", "updater"):
            if getattr(getattr(self, name), "emulated", None) is not None:
                raise ValueError(f"[network.emulated] secludes the scanner, which then has no [{name}.emulated]")
        return self

    @property
    def subject(self) -> Literal["terminal", "platform"]:
        """What stands on the bench to be tested."""
        return "platform" if self.scanner is None else "terminal"

    @property
    def emulated(self) -> bool:
        """Whether any part that a verdict rests on is, or may be, software of ours: such a run certifies nothing.

        Only a device path is hardware by itself; a URL can lead anywhere, so it needs ``hardware = true``, and that of
        a platform under test ``real = true``. An instrument of a simulating VISA library is software, and one at an
        address of this machine may be.
        """
        scripted = self.operator is not None and self.operator.driver == "scripted"
        if scripted or any(getattr(table, "emulated", None) is not None for _, table in self):
            return True
        if self.scanner is None:
            return not self.platform.real
        url = self.scanner.url or ""
        local = is_device(url)
        return (
            (self.cards is not None and self.cards.software)
            or (self.security_module is not None and self.security_module.reader is None)
            or (self.checker is not None and self.checker.software)
            or (self.keyboard is not None and not self.keyboard.hardware)
            or any(_may_be_simulated(table) for _, table in self)
            or (self.camera is not None and not runs_by_itself(self.camera.source or ""))
            or isinstance(self.presenter, FramePortTable)
            or not (local or (self.scanner.hardware and "://" in url))
        )

    def settings(self) -> dict[str, Any]:
        """The bench as it stands in a run's record and its report: a credentials file is told by its name, a database
        by its kind only, and a secret not at all."""
        settings = self.model_dump(mode="json", exclude_none=True)
        if self.platform.credentials is not None:
            settings["platform"]["credentials"] = self.platform.credentials.name
        if self.operator is not None and self.operator.script is not None:
            settings["operator"]["script"] = self.operator.script.name
        if self.cards is not None and self.cards.deck is not None:
            settings["cards"]["deck"] = self.cards.deck.name
        for key in ("population", "keep"):
            if self.load is not None and (place := getattr(self.load, key)) is not None:
                settings["load"][key] = place.name
        for table in ("updater", "traces", "usb"):
            if (bound := getattr(self, table)) is not None:
                settings[table] = bound.shown()
        reference = self.platform.reference
        if reference is not None:
            for of_a_url in ("real", "test_clock"):
                del settings["platform"][of_a_url]
        for key in ("database_url", "apart_server_url"):
            if reference is not None and (url := getattr(reference, key)) is not None:
                settings["platform"]["reference"][key] = url.split(":")[0]
        return without_secrets(settings)


def _may_be_simulated(table: Any) -> bool:
    """Whether a table is that of an instrument which pyvisa-sim, or some program of this machine, answers for."""
    if not isinstance(table, InstrumentTable):
        return False
    host = (getattr(table, "resource", None) or "").lower().split("::")[1:2]
    return table.visa.endswith("@sim") or bool(host and host[0].startswith(("127.", "localhost")))


def load_bench(path: Path) -> BenchFile:
    """Read and check a bench file.

    Raises:
        BenchFileError: the file is missing, not TOML, or a key in it is missing, misspelt or has a wrong value.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BenchFileError(
            f"cannot be read ({error.strerror})", where=str(path), remedy="check the path of the bench file"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BenchFileError(f"is not TOML: {error}", where=str(path), remedy="correct the line named") from error
    try:
        return BenchFile.model_validate(data)
    except ValidationError as error:
        what, remedy = _first_problem(error)
        raise BenchFileError(what, where=str(path), remedy=remedy) from error


def _first_problem(error: ValidationError) -> tuple[str, str]:
    """The problem to name first: a misspelt key is both unknown and missing, and the unknown one tells more."""
    problem = min(error.errors(), key=lambda p: p["type"] != "extra_forbidden")
    path = [str(part) for part in problem["loc"] if part not in ("frame-port", "screen")]
    key = ".".join(path)
    match problem["type"]:
        case "extra_forbidden":
            known = _known_keys(path[:-1])
            near = difflib.get_close_matches(path[-1], known, n=1, cutoff=0.5)
            return f"unknown key {key!r}", f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
        case "union_tag_not_found":
            return f"key '{key}.driver' is missing", "add it; docs/benches.md lists every key"
        case "missing":
            return f"key {key!r} is missing", "add it; docs/benches.md lists every key"
        case "literal_error" | "union_tag_invalid":
            allowed = problem["ctx"].get("expected") or problem["ctx"].get("expected_tags")
            what = "driver" if problem["type"] == "union_tag_invalid" or key.endswith("driver") else "value"
            found = problem["ctx"].get("tag") or problem["input"]
            return f"unknown {what} {found!r} for {key!r}", f"choose one of {allowed}"
        case _:
            said = problem["msg"].removeprefix("Value error, ")
            return f"{key}: {said}" if key else said, "docs/benches.md explains every key"


def _known_keys(table: list[str]) -> list[str]:
    """Keys that the table at a path knows, over every model that may stand there."""
    models: list[type[BaseModel]] = [BenchFile]
    for name in table:
        models = [
            inner for model in models if (f := model.model_fields.get(name)) for inner in _models_in(f.annotation)
        ]
    return [name for model in models for name in model.model_fields]


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Models an annotation names, however it wraps them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)
