"""Brings the fixtures, the steps and the scenario runner to pytest."""

pytest_plugins = (
    "fixtures.run",
    "steps.allure_story",
    "steps.criterion",
    "steps.his",
    "steps.identity",
    "steps.link",
    "steps.misleading",
    "steps.samples",
    "steps.terminal",
    "xiangka.pytest_plugin",
)
