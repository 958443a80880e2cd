#!/usr/bin/env python3
# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the measured tables of docs/experiments.md.

experiments_page.py PAGE.md RESULT.json…   each result is what `rollcall simulate --experiment ID
                                           --json` printed; it takes the place of what stands
                                           between the two marks of its experiment. Text outside
                                           the marks stays. Figures without an anchor are left to
                                           the report.
"""
import json
import math
import pathlib
import sys


# Experiments whose question is answered by all that was measured, and not by figures alone.
WHOLE = ("e11", "e12")


def number(value):
    """As the program itself writes figures (figure_text in src/lab/experiments/findings.cpp)."""
    if value == 0:
        return "0"
    size = abs(value)
    if value == round(value) and size < 1e7:
        return f"{value:.0f}"
    if 999.5 <= size < 1e7:
        return f"{value:.0f}"
    return f"{value:.3g}"


def anchor(row):
    value = number(row["figure"])
    rule = row["rule"]
    if rule == "about":
        return f"{value} ± {number(math.floor(100 * row['tolerance'] + 0.5))} %"
    return {"at most": f"≤ {value}", "at least": f"≥ {value}"}.get(rule, f"({value})")


def verdict(row):
    if "met" not in row:
        return "–"
    return "yes" if row["met"] else "**no**"


def pivot(rows):
    """Everything that was measured, a line for each configuration and size."""
    metrics = list(dict.fromkeys((row["metric"], row["unit"]) for row in rows))
    lines = ["| configuration | members | " + " | ".join(f"{m} ({u})" for m, u in metrics) + " |",
             "|---|---|" + "---|" * len(metrics)]
    for name, members in dict.fromkeys((row["configuration"], row["members"]) for row in rows):
        cells = {row["metric"]: number(row["value"]) for row in rows
                 if (row["configuration"], row["members"]) == (name, members)}
        lines.append(f"| {name} | {members} | "
                     + " | ".join(cells.get(metric, "") for metric, _ in metrics) + " |")
    return lines


def table(result):
    rows = [row for row in result["figures"] if "figure" in row]
    judged = [row for row in rows if "met" in row]
    met = sum(row["met"] for row in judged)
    lines = [f"`{result['command']}`: {met} of {len(judged)} figures met.", ""]
    is_whole = result["experiment"] in WHOLE
    if is_whole:
        lines += pivot([row for row in result["figures"] if row.get("rule") != "about"])
        # What must be none is seen there.
        rows = [row for row in rows if row["figure"] != 0]
    if not rows:
        return lines
    lines += [""] if is_whole else []
    lines += ["| configuration | members | what | measured | figure | of | met |",
              "|---|---|---|---|---|---|---|"]
    for row in rows:
        lines.append(f"| {row['configuration']} | {row['members']} | {row['metric']} "
                     f"| {number(row['value'])} {row['unit']} | {anchor(row)} | {row['source']} "
                     f"| {verdict(row)} |")
    return lines


def write(page_path, result):
    name = result["experiment"]
    begin = f"<!-- {name}: written by bench/experiments -->"
    end = f"<!-- end of {name} -->"
    page = pathlib.Path(page_path)
    text = page.read_text()
    before, found_begin, rest = text.partition(begin)
    _, found_end, after = rest.partition(end)
    if not found_begin or not found_end:
        sys.exit(f"{page_path}: the marks '{begin}' and '{end}' are missing")
    page.write_text("\n".join([before + begin, "", *table(result), "", end]) + after)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    for path in sys.argv[2:]:
        write(sys.argv[1], json.loads(pathlib.Path(path).read_text()))
