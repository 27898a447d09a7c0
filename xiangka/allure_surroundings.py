"""What Allure needs beside the results of a run: its surroundings, kinds of failure, and how a page is made of them.

The page is made by the npm package ``allure`` from within the run's folder, and stands beside that folder, to which
nothing is added once it is sealed. The configuration asks for one file that holds everything, and forbids the plugin to
put a request to a statistics service into it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from rigs.errors import NotAssessedError, RigError, SubjectFaultError
from steps.criterion import NonconformityError, UndecidedError

if TYPE_CHECKING:
    from xiangka.certification_run import CertificationRun

RESULTS, CONFIGURATION = "allure-results", "allurerc.mjs"
_CONFIGURATION = """\
// `npx allure@3 generate`, within this folder, makes index.html in {page}: one file that asks no network for anything.
process.env.ALLURE_NO_ANALYTICS = "true";
export default {{
  name: {name},
  output: {page},
  resultsDir: "{results}",
  plugins: {{ allure2: {{ options: {{ reportName: {name}, singleFile: true, reportLanguage: "zh" }} }} }},
}};
"""


def write_surroundings(run: CertificationRun) -> None:
    """Write them into a run's folder; a sitting that goes on writes them anew."""
    results = run.folder / RESULTS
    results.mkdir(exist_ok=True)
    lines = [f"{_escaped(key)}={value}\n" for key, value in _surroundings(run).items() if value]
    (results / "environment.properties").write_text("".join(lines), encoding="utf-8")
    kinds = json.dumps(list(_kinds_of_failure()), ensure_ascii=False, indent=1)
    (results / "categories.json").write_text(kinds + "\n", encoding="utf-8")
    name = json.dumps(f"湘卡 Xiangka {run.name}", ensure_ascii=False)
    page = json.dumps(f"../{run.folder.resolve().name}-allure", ensure_ascii=False)
    configuration = _CONFIGURATION.format(name=name, page=page, results=RESULTS)
    (run.folder / CONFIGURATION).write_text(configuration, encoding="utf-8")


def _surroundings(run: CertificationRun) -> Mapping[str, str]:
    identity, made = run.subject.identity, run.made_with
    return {
        "运行 run": run.name,
        "样品 subject": " ".join((identity.vendor, identity.model, identity.firmware)),
        "试验台 bench": f"{run.bench_file.name} ({run.options.bench.name})",
        "模拟 emulated": "是 yes" if run.bench_file.emulated else "否 no",
        "计划 plan": run.plan.name,
        "种子 seed": str(run.options.seed),
        "缺陷 defect": run.options.defect or "",
        "要求目录 catalogue": str(made["catalogue"]),
        "湘卡 xiangka": f"{made['xiangka']} {made['commit'] or ''}".strip(),
        "Python": str(made["python"]),
    }


def _escaped(key: str) -> str:
    """A key of a properties file; a blank would end it."""
    return key.replace(" ", "\\ ")


def _kinds_of_failure() -> Iterator[dict[str, object]]:
    """Categories by the family of the error a scenario ended in; what is of no family is a bug of the harness."""
    families = {
        "样品不合格 · the subject does not conform": (NonconformityError, SubjectFaultError),
        "样本未能判定 · the sample decides nothing": (UndecidedError,),
        "测试台故障 · RIG_ERROR: the bench failed": (RigError,),
        "未评定 · not assessed": (NotAssessedError,),
    }
    known: list[str] = []
    for name, kinds in families.items():
        names = [one.__name__ for kind in kinds for one in _family(kind)]
        known += names
        yield {"name": name, "messageRegex": rf"^[\w.]*\b({'|'.join(names)})\b.*"}
    yield {
        "name": "测试软件自身出错 · the harness itself failed",
        "matchedStatuses": ["failed", "broken"],
        "messageRegex": rf"^(?![\w.]*\b({'|'.join(known)})\b).*",
    }


def _family(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    """A kind of error and all that are of it."""
    yield kind
    for one in kind.__subclasses__():
        yield from _family(one)
