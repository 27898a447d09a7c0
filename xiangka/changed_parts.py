"""What of the things a row rests on has changed since a run, each in a sentence that names the part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from certification.another_catalogue import changes
from certification.catalogue import Requirement, Text
from certification.catalogue_file import CATALOGUE
from certification.subject import Subject
from reports.kept_run import KeptRun
from rigs.bench_file import BenchFile
from xiangka.fingerprints import UNKNOWN, Fingerprints, asked_of_subject, bench_settings, step_files

_NAMED = 4
"""Most names a sentence lists."""


def changed_parts(
    run: KeptRun, requirement: Requirement, then: Fingerprints, now: Fingerprints, subject: Subject, bench: BenchFile
) -> Iterator[Text]:
    """Sentences on each part of a row that is not what it was, or of which nobody can say."""
    was, is_ = then.rows.get(requirement.id, {}), now.rows[requirement.id]
    changed = [part for part in is_ if was.get(part, UNKNOWN) != is_[part] or is_[part] == UNKNOWN]
    if "requirement" in changed:
        yield _requirement(run, requirement)
    if "scenario" in changed:
        yield Text(zh="场景文字有变", en="its scenario reads differently")
    if "steps" in changed:
        yield _steps(requirement.id, then, now)
    if "subject" in changed:
        yield _subject(run, requirement, subject)
    if then.bench != now.bench:
        yield _bench(run, bench)
    if names := _differing(then.files, now.files):
        yield _listed("测试台所引用的文件有变", "files the bench names changed", names)
    if names := _differing(then.machinery, now.machinery):
        yield _listed("测试软件有变", "the harness changed", names)
    if names := _differing(then.libraries, now.libraries):
        told = [f"{name} {then.libraries.get(name, '—')} → {now.libraries.get(name, '—')}" for name in names]
        yield _listed("软件库有变", "libraries changed", told)


def _differing(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Names of what is not what it was, or was not there, or is no longer."""
    return sorted(name for name in {**then, **now} if then.get(name) != now.get(name))


def _requirement(run: KeptRun, requirement: Requirement) -> Text:
    file = run.folder / CATALOGUE
    if not file.is_file() or requirement.id not in run.catalogue.catalogue:
        return Text(zh="要求有变", en="the requirement changed")
    names = [
        f"{one.where} {_short(one.before)} → {_short(one.now)}"
        for one in changes(run.catalogue.catalogue[requirement.id], requirement)
    ]
    return _listed("要求有变", "the requirement changed", names)


def _short(value: Any) -> str:
    text = "—" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:37]}…"


def _steps(row: str, then: Fingerprints, now: Fingerprints) -> Text:
    files = step_files(row)
    if files is None:
        return Text(zh="场景中有无人实现的步骤", en="a sentence of its scenario is nobody's step")
    names = sorted(file for file in files if then.code.get(file) != now.code.get(file))
    if not names:
        return Text(zh="步骤所依据的模块有增减", en="its steps rest on other modules")
    return _listed("步骤的代码有变", "code of its steps changed", names)


def _subject(run: KeptRun, requirement: Requirement, subject: Subject) -> Text:
    is_ = asked_of_subject(requirement, subject)
    record = run.record["subject"]
    was = {
        "identity": {name: record["identity"].get(name) for name in is_["identity"]},
        "options": {name: record["options"].get(name) for name in is_["options"]},
        "declaration": record.get("declarations", {}).get(requirement.needs_declaration or ""),
    }
    names = [
        f"{name} {_short(was[part].get(name))} → {_short(value)}"
        for part in ("identity", "options")
        for name, value in is_[part].items()
        if was[part].get(name) != value
    ]
    if was["declaration"] != is_["declaration"]:
        names.append(f"declarations.{requirement.needs_declaration}")
    return _listed("受测对象有变", "the subject changed", names)


def _bench(run: KeptRun, bench: BenchFile) -> Text:
    was, is_ = bench_settings(run.record["bench"]["settings"]), bench_settings(bench.settings())
    names = sorted(name for name in was | is_ if _plain(was.get(name)) != _plain(is_.get(name)))
    return _listed("测试台有变", "the bench changed", [f"[{name}]" for name in names])


def _plain(value: Any) -> Any:
    """A setting as JSON has it."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Path) else value


def _listed(zh: str, en: str, names: list[str]) -> Text:
    shown = "; ".join(names[:_NAMED])
    more = len(names) - _NAMED
    if more > 0:
        return Text(zh=f"{zh}：{shown} 等 {len(names)} 处", en=f"{en}: {shown} and {more} more")
    return Text(zh=f"{zh}：{shown}" if names else zh, en=f"{en}: {shown}" if names else en)
