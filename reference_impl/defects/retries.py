"""Platforms that are sound until a request is made again because its answer was lost."""

from __future__ import annotations

from dataclasses import replace

from reference_impl.defects.exchanging import wrap
from reference_impl.door.methods.usage import read_report
from reference_impl.door.question import Answer, Method, Question
from reference_impl.platform import Platform


def counts_reports_again(platform: Platform) -> None:
    """Count a report of use as often as it is made, whatever its number; the audit tells that number still."""

    def change(method: Method) -> Method:
        def serve(question: Question) -> Answer:
            number = question.parts.random(16).hex()
            answer = method.serve(replace(question, biz={**question.biz, "seq_no": number}))
            detail = {**answer.detail, "report": read_report(question).report_key}
            return replace(answer, biz={**answer.biz, "seq_no": question.biz["seq_no"]}, detail=detail)

        return replace(method, serve=serve)

    wrap(platform, "ehc.usage.report", change)
