"""How costs grow, in words: a table for each axis, and the check against the simulated core."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onward.sw.studies.scaling import growth

__all__ = ["growth_rows", "markdown"]

Row = Mapping[str, Any]


def growth_rows(figures: Row) -> list[dict[str, Any]]:
    """A row for each axis, rule and figure that has at least two places: first and last cost, and how it grows."""
    rows = []
    for axis in figures["axes"]:
        for rule in figures["rules"]:
            points = [
                point
                for point in figures["points"]
                if (point["axis"], point["rule"], point["error"]) == (axis, rule, None)
            ]
            if len(points) < 2:
                continue
            places = [point["value"] for point in points]
            for name in figures["figures"]:
                costs = [point[name] for point in points]
                grown = growth(places, costs)
                ends = {"from": places[0], "to": places[-1], "first": costs[0], "last": costs[-1]}
                grows = {"exponent": grown.exponent, "exponent_last": grown.last, "step": grown.step}
                rows.append({"axis": axis, "rule": rule, "figure": name} | ends | grows)
    return rows


def markdown(figures: Row) -> str:
    """The page: what was run, a table for each axis, what does not fit, and the check."""
    network = "-".join(map(str, (figures["inputs"], *figures["hidden"])))
    lines = [
        f"# How costs grow from {figures['preset']}",
        "",
        f"{network} on {figures['lanes']} lanes, and one of its sizes varied. Costs: a sample, mean of"
        f" {figures['count']} images of {figures['dataset']} after {figures['warm']:,} others were learned, seed"
        f" {figures['seed']};"
        " rows counted by the golden model, cycles predicted by `sw/programs/timing.py` from its shares of zeros.",
        "",
        "Each cell: cost at the first and at the last place; exponent over all places, exponent over the last two.",
        "",
    ]
    for axis, what in figures["axes"].items():
        rows = [row for row in figures["growth"] if row["axis"] == axis]
        if not rows:
            continue
        lines += [f"## {axis.capitalize()}: {what}", ""]
        rules = [rule for rule in figures["rules"] if any(row["rule"] == rule for row in rows)]
        lines += [_line(["", *(_heading(rows, rule) for rule in rules)]), _line(["---", *["---:"] * len(rules)])]
        for name, words in figures["figures"].items():
            lines.append(_line([words, *(_cell(rows, rule, name) for rule in rules)]))
        if axis == "depth":
            lines.append(_line(["cycles of one more layer, training", *(_step(rows, rule) for rule in rules)]))
        lines.append("")
        lines += _unfit(figures, axis)
    return "\n".join([*lines, *_checks(figures)])


def _unfit(figures: Row, axis: str) -> list[str]:
    """Places without figures, by what is in the way."""
    places: dict[tuple[str, str], list[str]] = {}
    for point in figures["points"]:
        if point["axis"] == axis and point["error"]:
            places.setdefault((point["rule"], point["error"]), []).append(str(point["value"]))
    return [f"{rule} does not fit {axis} {', '.join(at)}: {error}.\n" for (rule, error), at in places.items()]


def _heading(rows: list[Row], rule: str) -> str:
    row = next(row for row in rows if row["rule"] == rule)
    return f"{rule}, {row['from']} to {row['to']}"


def _cell(rows: list[Row], rule: str, name: str) -> str:
    row = next(row for row in rows if (row["rule"], row["figure"]) == (rule, name))
    return f"{row['first']:,.0f} to {row['last']:,.0f}; {row['exponent']:z.2f}, {row['exponent_last']:z.2f}"


def _step(rows: list[Row], rule: str) -> str:
    row = next(row for row in rows if (row["rule"], row["figure"]) == (rule, "train_cycles"))
    return f"{row['step']:,.0f}"


def _checks(figures: Row) -> list[str]:
    if not figures["checks"]:
        return []
    head = ["place", "rule", "training, counted", "predicted", "", "inference, counted", "predicted", "", "equal"]
    lines = ["## Against the simulated core", "", "Cycles a sample.", "", _line(head)]
    lines.append(_line(["---", "---", *["---:"] * 6, "---"]))
    for check in figures["checks"]:
        cells = [f"{check['axis']} {check['value']}", check["rule"]]
        for entry in ("train", "infer"):
            counted, predicted = check[f"{entry}_cycles"], check[f"{entry}_cycles_predicted"]
            cells += [f"{counted:,.0f}", f"{predicted:,.0f}", f"{100 * (predicted / counted - 1):+.1f} %"]
        lines.append(_line([*cells, "no: " + ", ".join(check["differences"]) if check["differences"] else "yes"]))
    return [*lines, "", "Equal: rows read and written, busy cycles, results and weights, of golden model and core.", ""]


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
