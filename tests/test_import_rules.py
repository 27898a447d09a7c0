"""The import rules name every module of the platform: a new one cannot slip past them."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_every_module_behind_the_wire_is_protected():
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    protected = next(set(rule["protected_modules"]) for rule in rules if rule["type"] == "protected")
    behind = {
        f"reference_impl.{path.stem}"
        for path in (ROOT / "reference_impl").iterdir()
        if path.stem not in ("__init__", "__pycache__", "wire")
    }
    assert protected == behind
