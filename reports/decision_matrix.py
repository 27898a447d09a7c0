"""The matrix of decisions about access: who may do what, and where the platform decided otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from certification.catalogue import Text
from certification.observations import Observation
from reports.platform_words import ACTIONS, WRONGS
from reports.svg import BAD, GOOD, INK, REPORTED, Canvas, Plot
from reports.words import joined, shortened, word

_ALLOWED, _RIGHT = "accepted", "right"
_SOUND = "nothing"


def decision_matrix(name: str, decisions: Sequence[Observation]) -> Iterator[Plot]:
    """One row an action, one column an institution; nothing where the decisions name neither.

    Args:
        name: unique on the page.
        decisions: observations with ``institution``, ``action`` and ``wrong`` in their cell.
    """
    placed = [one for one in decisions if {"institution", "action", "wrong"} <= one.cell.keys()]
    if not placed:
        return
    rows = list(dict.fromkeys((str(one.cell["action"]), str(one.cell["wrong"])) for one in placed))
    columns = sorted({float(one.cell["institution"]) for one in placed})
    canvas = Canvas(name, 60 + 19 * len(rows))
    axes = canvas.axes(214, 8, 8, 44)
    for one in placed:
        x = columns.index(float(one.cell["institution"]))
        y = rows.index((str(one.cell["action"]), str(one.cell["wrong"])))
        allowed = one.detail.get("expected") == _ALLOWED
        axes.barh(y, 0.9, left=x - 0.45, height=0.86, color=GOOD if allowed else REPORTED, alpha=0.45, linewidth=0)
        if one.value != _RIGHT:
            axes.plot(x, y, marker="X", markersize=8, color=BAD, markeredgewidth=0)
    axes.set_xlim(-0.6, len(columns) - 0.4)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xticks(range(len(columns)), [f"{column:g}" for column in columns], fontsize=7.5)
    axes.set_yticks(range(len(rows)), [canvas.say(shortened(_row(*row), 44)) for row in rows], fontsize=9.5)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.grid(visible=False)
    axes.spines[["left", "bottom"]].set_visible(False)
    canvas.label(axes, x=Text(zh="机构", en="institution"))
    yield canvas.finish(
        Text(
            zh="每格一次判定：绿为应允许，灰为应拒绝，✕ 为平台的判定与此相反。",
            en="One decision a cell: green, to be allowed; grey, to be refused; ✕, the platform decided otherwise.",
        )
    )


def _row(action: str, wrong: str) -> Text:
    about = word(ACTIONS, action)
    return about if wrong == _SOUND else joined((about, word(WRONGS, wrong)), "，", ", ")
