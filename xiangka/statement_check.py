"""``xiangka statement check``: what keeps a subject file from being used, and which rows it leaves standing."""

from __future__ import annotations

from pathlib import Path

from rich.markup import escape
from rich.table import Table

from certification.catalogue import Requirement, SubjectKind, Text, load_catalogue
from certification.exit_codes import ExitCode
from certification.options import meanings
from certification.subject import Subject
from certification.subject_file import Problem, examine
from xiangka.console import wide_console
from xiangka.declared_files import evidence_problems
from xiangka.subject_photographs import photograph_problems


def check_statement(path: Path, bench: Path | None) -> int:
    """Print what is wrong with a subject file and which rows apply; 0 where nothing is wrong, else 4.

    Args:
        path: the subject file.
        bench: bench the device stands on, to compare the answers with; None without one.

    Raises:
        PlanError: the file is missing, not TOML, or of a kind that cannot be certified.
        BenchFileError: the bench file is wrong.
    """
    console = wide_console()
    examined = examine(path)
    problems = list(examined.problems)
    if examined.subject is not None:
        problems += evidence_problems(examined.subject.declarations, path)
        problems += photograph_problems(examined.subject.photographs, path)
        problems += [] if bench is None else _denied(bench, examined.subject)
        console.print(_applicability(examined.subject))
    for problem in problems:
        console.print(_told(problem), highlight=False, soft_wrap=True)
    if problems:
        console.print(
            f"[red]共 {len(problems)} 处待处理，不能用于认证[/] · {len(problems)} to settle; nothing can be certified"
        )
        return int(ExitCode.WRONG_INPUT)
    console.print("[green]声明完整，无矛盾[/] · the statement is complete and does not contradict itself")
    return 0


def _denied(bench: Path, subject: Subject) -> list[Problem]:
    from rigs.bench_file import load_bench
    from xiangka.bound_options import denied_options

    return [
        Problem(
            f"options.{name}",
            Text(zh=f"答 no，而{why.zh}", en=f"is answered no, and {why.en}"),
            Text(zh="更正回答，或换用相应的测试台", en="correct the answer, or name the bench of this device"),
        )
        for name, why in denied_options(load_bench(bench), subject).items()
    ]


def _told(problem: Problem) -> str:
    key, says, remedy = escape(problem.key), problem.says, problem.remedy
    return f"[bold]{key}[/]  {escape(says.zh)}；{escape(remedy.zh)}\n    {escape(says.en)}; {escape(remedy.en)}"


def _applicability(subject: Subject) -> Table:
    kind = SubjectKind(subject.kind)
    table = Table(title="适用的要求 Which requirements apply", title_justify="left")
    for heading in ("id", "名称 title", "适用 applies", "原因 why"):
        table.add_column(heading, no_wrap=heading == "id")
    for row in load_catalogue().asked_of(kind):
        verdict, why = applicability(subject, row)
        table.add_row(row.id, row.title.zh, f"{verdict.zh} {verdict.en}", f"{why.zh}\n{why.en}")
    return table


_APPLIES = Text(zh="适用", en="yes")
_DOES_NOT = Text(zh="不适用", en="no")
_OPEN = Text(zh="未定", en="open")


def applicability(subject: Subject, row: Requirement) -> tuple[Text, Text]:
    """Whether a row applies by the statement, and why."""
    words = meanings(SubjectKind(subject.kind))
    said, why = _APPLIES, Text(zh="对所有样品适用", en="applies to every subject")
    if row.applies_if is not None:
        answer = getattr(subject.options, row.applies_if)
        said = {"yes": _APPLIES, "no": _DOES_NOT}.get(answer, _OPEN)
        title = words[row.applies_if].title
        why = Text(zh=f"{title.zh}：{answer}", en=f"{title.en}: {answer}")
    if said is _APPLIES:
        for option in sorted({c.only_if for c in row.criterion if c.only_if is not None}):
            answer = getattr(subject.options, option)
            title = words[option].title
            why = Text(
                zh=f"{why.zh}；其中一部分取决于 {title.zh}：{answer}",
                en=f"{why.en}; a part of it depends on {title.en}: {answer}",
            )
    return said, why
