"""The neutral words of the platform, and how a dialect's own words become them and back.

Neutral are the method and field names of the ``ehc.*`` family; names that family lacks are reconstructed. A field a
dialect's table does not list keeps its name, so that nothing said is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from reference_impl.wire.errors import MalformedError, UnsupportedError
from reference_impl.wire.exchange import Biz

REGISTER = "ehc.ehealthcard.register"
ALTERINFO = "ehc.ehealthcard.alterinfo"
CLOSE = "ehc.ehealthcard.close"
ACTIVATE = "ehc.ehealthcard.activate"
BIND = "ehc.ehealthcard.bind"
REGISTER_BATCH = "ehc.ehealthcard.registerbatch"
GENERATE = "ehc.ehealthcode.generate"
VERIFY = "ehc.ehealthcode.verify"
QUERY = "ehc.ehealthcode.query"
USAGE = "ehc.usage.report"
ADDORG = "ehc.ehealthcode.addorg"
UPDATEORG = "ehc.ehealthcode.updateorg"
QUERYORG = "ehc.ehealthcode.queryorg"
APP_TOKEN = "ehc.session.apptoken"  # noqa: S105 - a method's name
RECOGNISE_DOCUMENT = "ehc.document.recognise"
ORDER_ID = "ehc.order.query"
REGIONS = "ehc.primarycare.regions"
INSTITUTIONS = "ehc.primarycare.institutions"
VISIT = "ehc.primarycare.visit"
DISPENSE = "ehc.primarycare.dispense"
SETTLE = "ehc.primarycare.settle"
PUBLIC_HEALTH = "ehc.primarycare.publichealth"

UNMAPPED = "unmapped."
"""Stands before a method of a dialect that has no neutral name, so that it can never be taken for one."""


@dataclass(frozen=True)
class Vocabulary:
    """The words of one dialect.

    Attributes:
        methods: neutral method to the dialect's name of it; one to one.
        synonyms: further names the dialect has, heard but never said, to the neutral method.
        fields: neutral business field to the dialect's name of it; one to one.
        field_synonyms: further names of fields, heard but never said, to the neutral field.
        filled: neutral method to the business fields the dialect lacks and the value each is taken to have.

    Raises:
        ValueError: a table is not one to one: the first match would win and the other be lost.
    """

    methods: Mapping[str, str]
    synonyms: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    field_synonyms: Mapping[str, str] = field(default_factory=dict)
    filled: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for table in (self.methods, self.fields):
            if len(set(table.values())) != len(table):
                raise ValueError("two neutral words have one name in the dialect")
        for synonyms, table in ((self.synonyms, self.methods), (self.field_synonyms, self.fields)):
            if set(synonyms) & set(table.values()):
                raise ValueError("a synonym is a first name already")

    @cached_property
    def _heard(self) -> Mapping[str, str]:
        return {name: neutral for neutral, name in self.methods.items()} | dict(self.synonyms)

    @cached_property
    def _neutral(self) -> Mapping[str, str]:
        return {name: neutral for neutral, name in self.fields.items()} | dict(self.field_synonyms)

    def hear_method(self, name: str) -> str:
        """Return the neutral method of the dialect's ``name``."""
        return self._heard.get(name) or f"{UNMAPPED}{name}"

    def say_method(self, method: str) -> str:
        """Return the dialect's name of a neutral method.

        Raises:
            UnsupportedError: it has none.
        """
        name = self.methods.get(method)
        if name is None:
            raise UnsupportedError("method")
        return name

    def hear_fields(self, method: str, fields: Mapping[str, str]) -> dict[str, str]:
        """Return the business fields of a request by their neutral names, what the dialect lacks filled in.

        Raises:
            MalformedError: two fields have one neutral name.
        """
        heard = {self._neutral.get(name, name): value for name, value in fields.items()}
        if len(heard) != len(fields):
            raise MalformedError("business fields")
        return {**self.filled.get(method, {}), **heard}

    def say_fields(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Return the business fields of a request by the dialect's names."""
        return {self.fields.get(name, name): value for name, value in fields.items()}

    def hear_answer(self, fields: Biz) -> dict[str, str | Sequence[str]]:
        """Return the business fields of an answer by their neutral names.

        Raises:
            MalformedError: two fields have one neutral name.
        """
        heard = {self._neutral.get(name, name): value for name, value in fields.items()}
        if len(heard) != len(fields):
            raise MalformedError("business fields")
        return heard

    def say_answer(self, fields: Biz) -> dict[str, str | Sequence[str]]:
        """Return the business fields of an answer by the dialect's names."""
        return {self.fields.get(name, name): value for name, value in fields.items()}
