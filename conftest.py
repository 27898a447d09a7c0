"""Brings the fixtures, the steps and the scenario runner to pytest."""

pytest_plugins = (
    "fixtures.run",
    "steps.allure_story",
    "steps.criterion",
    "steps.his",
    "steps.identity",
    "steps.link",
    "steps.misleading",
    "steps.platform.access",
    "steps.platform.asking",
    "steps.platform.auditing",
    "steps.platform.codes",
    "steps.platform.enrolling",
    "steps.platform.forging",
    "steps.platform.institutions",
    "steps.platform.issuing",
    "steps.platform.keys",
    "steps.samples",
    "steps.terminal",
    "xiangka.pytest_plugin",
)
