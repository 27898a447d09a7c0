"""What a laboratory states of a run, as lines of a report: each with its name, and empty where nobody stated it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from certification.catalogue import Text
from certification.laboratory import Condition, LaboratoryFile
from reports.moments import day_text
from reports.report_words import CONDITIONS, PLACES, SAMPLED_BY, TO_BE_AUTHORISED
from reports.words import quantity_of


def _t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


@dataclass(frozen=True)
class Stated:
    """One fact: its key, its name, and what is said.

    Attributes:
        key: dotted name that stays the same in every edition.
        name: what it is called.
        value: what is said; None where nobody said it.
        by_customer: whether the customer said it, which a report must tell apart (§7.8.2.2).
    """

    key: str
    name: Text
    value: Text | None
    by_customer: bool = False


@dataclass(frozen=True)
class ConditionFact:
    """A quantity of the surroundings: its extremes with unit and uncertainty, and how it was measured."""

    name: Text
    span: Text
    measured: Text


@dataclass(frozen=True)
class DeviationFact:
    """A departure from the method; ``requirement`` is None where it concerns the whole run."""

    requirement: str | None
    what: Text


@dataclass(frozen=True)
class ExternalFact:
    """Results somebody else obtained, §7.8.2.1 p."""

    provider: Text
    what: Text


def laboratory_facts(said: LaboratoryFile | None) -> list[Stated]:
    """Who tested, §7.8.2.1 b."""
    one = None if said is None else said.laboratory
    number = None if one is None else _t(one.authorisation_number, one.authorisation_number)
    return [
        Stated("laboratory.name", _t("实验室", "Laboratory"), _of(one, "name")),
        Stated("laboratory.authorisation_number", _t("授权证书编号", "Authorisation number"), number),
        Stated("laboratory.address", _t("地址", "Address"), _of(one, "address")),
        Stated("laboratory.contact", _t("联系方式", "Contact"), _of(one, "contact")),
    ]


def customer_facts(said: LaboratoryFile | None) -> list[Stated]:
    """For whom, §7.8.2.1 e."""
    one = None if said is None else said.customer
    return [
        Stated("customer.name", _t("委托单位", "Customer"), _of(one, "name"), by_customer=True),
        Stated("customer.address", _t("地址", "Address"), _of(one, "address"), by_customer=True),
        Stated("customer.contact", _t("联系方式", "Contact"), _of(one, "contact"), by_customer=True),
    ]


def place_facts(said: LaboratoryFile | None) -> list[Stated]:
    """Where, §7.8.2.1 c."""
    one = None if said is None else said.place
    place = (
        None if one is None else _t(f"{one.name.zh}（{PLACES[one.kind].zh}）", f"{one.name.en} ({PLACES[one.kind].en})")
    )
    return [Stated("place", _t("检测地点", "Place of test"), place)]


def people_facts(said: LaboratoryFile | None) -> list[Stated]:
    """Who operated, reviewed, authorised, §7.8.2.1 o."""
    one = None if said is None else said.people
    return [
        Stated("people.operator", _t("检测人员", "Operated by"), _of(one, "operator")),
        Stated("people.reviewer", _t("审核", "Reviewed by"), _of(one, "reviewer")),
        Stated("people.authoriser", TO_BE_AUTHORISED, _of(one, "authoriser")),
    ]


def item_facts(said: LaboratoryFile | None) -> list[Stated]:
    """How the sample came, and who picked it, §7.8.2.1 g, h and k."""
    item, sampling = (None, None) if said is None else (said.item, said.sampling)
    found = [
        Stated("item.received", _t("收样日期", "Received"), None if item is None else day_text(item.received)),
        Stated("item.condition", _t("样品状态", "Condition"), _of(item, "condition")),
        Stated("sampling.by", _t("取样方", "Sampled by"), None if sampling is None else SAMPLED_BY[sampling.by]),
        Stated("sampling.plan", _t("取样方案", "Sampling plan"), _of(sampling, "plan")),
    ]
    if sampling is not None and sampling.day is not None:
        found.append(Stated("sampling.day", _t("取样日期", "Date of sampling"), day_text(sampling.day)))
    if sampling is not None and sampling.place is not None:
        found.append(Stated("sampling.place", _t("取样地点", "Place of sampling"), sampling.place))
    return found


def unstated(said: LaboratoryFile | None) -> list[Stated]:
    """Facts nobody stated, without which no report may be issued."""
    groups = (laboratory_facts, customer_facts, place_facts, item_facts, people_facts)
    return [one for group in groups for one in group(said) if one.value is None]


def _of(table: BaseModel | None, field: str) -> Text | None:
    found: Text | None = None if table is None else getattr(table, field)
    return found


def condition_facts(said: LaboratoryFile | None) -> list[ConditionFact]:
    """The surroundings as they were watched, §7.8.3.1 a."""
    if said is None:
        return []
    watched = [(key, getattr(said.environment, key)) for key in CONDITIONS]
    return [
        ConditionFact(CONDITIONS[key][0], _span(one, CONDITIONS[key][1]), one.measured)
        for key, one in watched
        if one is not None
    ]


def _span(one: Condition, unit: str) -> Text:
    extremes = f"{one.low:g}" if one.low == one.high else f"{one.low:g} – {one.high:g}"
    amount = quantity_of(extremes.replace("-", "−"), unit)
    if one.uncertainty is None:
        return amount
    spread = quantity_of(f"{one.uncertainty:g}", unit)
    return _t(f"{amount.zh}（U = {spread.zh}，k = 2）", f"{amount.en} (U = {spread.en}, k = 2)")


def deviation_facts(said: LaboratoryFile | None) -> Sequence[DeviationFact]:
    """Departures from the method, §7.8.2.1 n."""
    return [] if said is None else [DeviationFact(one.requirement, one.what) for one in said.deviations]


def external_facts(said: LaboratoryFile | None) -> Sequence[ExternalFact]:
    """What others found out, §7.8.2.1 p."""
    return [] if said is None else [ExternalFact(one.provider, one.what) for one in said.external]
