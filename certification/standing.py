"""What decides a run beside its observations, as its record keeps it: plan, options, and what befell single rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from certification.catalogue import Catalogue, SubjectKind, Text
from certification.observations import Observation
from certification.verdicts import SCHEMA, Circumstance, Row, Verdict, judge_run

UNREACHED = Circumstance(Verdict.NOT_ASSESSED, Text(zh="运行未进行到此项", en="the run did not get to it"))


def unreached(execute: Collection[str], reached: Collection[str]) -> dict[str, Circumstance]:
    """Circumstances of the rows a run was to execute and did not get to."""
    return {requirement: UNREACHED for requirement in execute if requirement not in reached}


def verdicts_document(run: str, overall: str, rows: Iterable[Row]) -> dict[str, Any]:
    """``verdicts.json``: the one word over a run, and its rows in catalogue order."""
    return {"schema": SCHEMA, "run": run, "overall": overall, "verdicts": [row.as_record() for row in rows]}


@dataclass(frozen=True)
class Standing:
    """Everything beside observations and catalogue that the verdicts of a run rest on.

    Attributes:
        run: the run's name.
        kind: kind of its subject.
        options: options the statement answers with yes.
        declared: whether somebody filed an application for it.
        emulated: whether the subject was emulated.
        execute: rows the run was to execute.
        chosen: rows that count for its last word.
        whole: whether it was to execute a whole plan and not rows asked for by name.
        reached: rows that were finished.
        circumstances: why a row was left out, or what broke in it.
        state: finished, interrupted or aborted.
        invalid: whether nothing the run says counts.
        invalid_load: whether that is so because a load was not as planned.
        broken: whether the bench, or the harness, failed.
    """

    run: str
    kind: SubjectKind
    options: frozenset[str]
    declared: bool
    emulated: bool
    execute: frozenset[str]
    chosen: frozenset[str]
    whole: bool
    reached: frozenset[str]
    circumstances: Mapping[str, Circumstance]
    state: str
    invalid: bool
    invalid_load: bool
    broken: bool

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Read it out of ``run.json``.

        Raises:
            KeyError, TypeError, ValueError: the record does not keep all of it.
        """
        subject, plan, befell = record["subject"], record["plan"], record["befell"]
        return cls(
            run=record["run"],
            kind=SubjectKind(subject["kind"]),
            options=frozenset(name for name, answer in subject["options"].items() if answer == "yes"),
            declared=subject["file"] is not None,
            emulated=record["emulated"],
            execute=frozenset(plan["execute"]),
            chosen=frozenset(plan["chosen"]),
            whole=not plan.get("only"),
            reached=frozenset(record["durations"]),
            circumstances={
                row: Circumstance(Verdict(found["verdict"]), Text.model_validate(found["reason"]))
                for row, found in record["circumstances"].items()
            },
            state=record["state"],
            invalid=befell["invalid"],
            invalid_load=befell["invalid_load"],
            broken=befell["broken"],
        )

    def rows(self, catalogue: Catalogue, observations: Iterable[Observation]) -> list[Row]:
        """Verdicts on every row asked of a subject of this kind, as the run itself derived them."""
        rows = [requirement.id for requirement in catalogue.asked_of(self.kind)]
        return self.judged(catalogue, rows, observations, self.circumstances)

    def judged(
        self,
        catalogue: Catalogue,
        rows: Iterable[str],
        observations: Iterable[Observation],
        circumstances: Mapping[str, Circumstance],
    ) -> list[Row]:
        """Verdicts on some rows, with these circumstances in place of those the run met."""
        missed = unreached(self.execute, self.reached | circumstances.keys())
        return judge_run(
            catalogue,
            rows,
            observations,
            {**missed, **circumstances},
            plan=self.chosen,
            emulated=self.emulated,
            options=self.options,
        )
