"""The import rules name every module of the platform: a new one cannot slip past them."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_every_module_behind_the_wire_is_protected():
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    by_name = {rule["name"]: rule for rule in rules}
    protected = set(by_name["only the command line sees more of the platform than its wire"]["protected_modules"])
    behind = {
        f"reference_impl.{path.stem}"
        for path in (ROOT / "reference_impl").iterdir()
        if path.stem not in ("__init__", "__pycache__", "wire")
    }
    assert protected == behind
