#!/usr/bin/env python3
# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the measured part of docs/benchmarks.md from the JSON lines of the benchmarks.

report.py RESULTS.jsonl OUTPUT.md     each line: figure, subject, value, unit, command, …;
                                      the last line of a figure and subject counts. What stands in
                                      OUTPUT.md outside the two marks stays; simulated.md beside
                                      the results, when it is there, is taken over as it is
report.py --convert PROGRAM <JSON     Google Benchmark's JSON, as such lines
"""
import json
import os
import pathlib
import platform
import sys

# figure: (what, goal in words, peer, is it reached: (our value, the peer's value, our line) -> bool)
ROWS = {
    "crash": ("SIGKILL of one of 100 agents, until every other lists it as failed, median",
              "≤ 0.1 s", "memberlist", lambda v, p, line: v <= 0.1),
    "silent": ("every packet of one of 100 agents vanishes, until every other lists it as failed "
               "(pause budget 2 s), median and p99",
               "≤ 3 s, p99 ≤ 4 s", None, lambda v, p, line: v <= 3 and line["p99"] <= 4),
    "join": ("99 agents join through one at once, until all list 100, median",
             "≤ 1 s", "memberlist", lambda v, p, line: v <= 1),
    "pause-1.5s": ("SIGSTOP for 1.5 s with all processors busy: failures declared",
                   "0", None, lambda v, p, line: v == 0),
    "pause-10s": ("SIGSTOP for 10 s: from SIGCONT until all list it as alive, median",
                  "≤ 1 s", None, lambda v, p, line: v <= 1),
    "pause-10s-others": ("SIGSTOP for 10 s: accusations of anybody else",
                         "0", None, lambda v, p, line: v == 0),
    "loss": ("30 % of datagrams lost both ways at every member for 5 minutes: failures declared",
             "0", None, lambda v, p, line: v == 0),
    "loss-crash": ("20 % loss, SIGKILL of one: until every other lists it as failed, median",
                   "≤ 5 s", None, lambda v, p, line: v <= 5),
    "switch": ("100 changes of detector and suspicion under 5 % loss, ten members, in every tenth "
               "two members at once: until all have one version, median and worst", "worst ≤ 1 s",
               None, lambda v, p, line: max(line["samples"]) <= 1),
    "switch-failures": ("in the same: failures declared", "0", None, lambda v, p, line: v == 0),
    "partition-heal": ("20 agents on hosts of their own, parted into halves for 60 s: from the end "
                       "of the cut, with no outside help, until all list all as alive again, median "
                       "and worst", "worst ≤ 5 s", None,
                       lambda v, p, line: max(line["samples"]) <= 5),
    "partition-heal-gossip": ("the same with detector gossip", "worst ≤ 5 s", None,
                              lambda v, p, line: max(line["samples"]) <= 5),
    "failover": ("SIGKILL of the member that leads the log of three voters, until the next write is "
                 "committed, median and worst", "≤ 1 s", None, lambda v, p, line: v <= 1),
    "watch-1000": ("a join until the last of 1,000 watchers at one member has the view, median and "
                   "worst", "≤ 2 × the time of a join alone + 50 ms", None,
                   lambda v, p, line: v <= 2 * line["join_alone"] + 0.05),
    "registry-memory": ("100,000 members in 1,000 groups: resident memory of a voter", "≤ 200 MB",
                        None, lambda v, p, line: v <= 200),
    "registry-restart": ("the same: restart of a voter until it has them all", "≤ 5 s", None,
                         lambda v, p, line: v <= 5),
    "cut-views": ("ten of 100 members killed together: views that it takes", "1", None,
                  lambda v, p, line: v == 1),
    "cut-time": ("the same: until the view is there", "≤ 1 s", None, lambda v, p, line: v <= 1),
    "resident": ("resident memory of an agent, 100 members", "≤ 8 MB", "serf",
                 lambda v, p, line: v <= 8),
    "proportional": ("proportional memory (PSS) of an agent, 100 members", "≤ 1/3 of serf", "serf",
                     lambda v, p, line: p is not None and v <= p / 3),
    "idle": ("processor time of an idle agent, 100 members", "≤ 1/3 of serf", "serf",
             lambda v, p, line: p is not None and v <= p / 3),
    "udp-echo": ("pings answered per second on one core", "≥ 0.8 of a bare batched UDP echo",
                 "bare echo", lambda v, p, line: p is not None and v >= 0.8 * p),
    "codec/ping_with_8_updates_both": ("encode and decode a ping with 8 updates", "≤ 80 ns", None,
                                       lambda v, p, line: v <= 80),
    "sim-speed/10000": ("10,000 members simulated on one core, a tenth replaced every day",
                        "≥ 10 × real time", None, lambda v, p, line: v >= 10),
    "sim-memory/100000": ("100,000 members simulated, to the end of a host's silent loss: memory",
                          "≤ 8 GiB", None, lambda v, p, line: v <= 8),
}
for _clients in (1, 64, 256):
    ROWS[f"joins-{_clients}"] = (
        f"committed joins over HTTP, {_clients} client{'s' if _clients > 1 else ''}, three voters, "
        "fsync on", "≥ 2 × etcd 3.4", "etcd", lambda v, p, line: p is not None and v >= 2 * p)
    ROWS[f"joins-{_clients}-p99"] = ("the same: p99", "≤ etcd's", "etcd",
                                     lambda v, p, line: p is not None and v <= p)
BEGIN = "<!-- written by bench/run -->"
END = "<!-- end of what bench/run wrote -->"
HEAD = """Peers are measured in the same run, on the same machine: memberlist and Serf as Debian 12 has them,
with their defaults. Every member is a process of its own, on loopback. Times are from the cause
until the *last* member knew, by the members' own events. How each figure is taken stands at the top
of `bench/scale/figures.py`, of `bench/partition` and of `bench/peers/memberlist/main.go`.
"""


def number(value):
    if isinstance(value, int) or value == int(value):
        return f"{int(value)}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def with_unit(line):
    text = f"{number(line['value'])} {line['unit']}"
    if "p99" in line:
        count = len(line["samples"])
        text += f" (worst {number(max(line['samples']))} of {count})"
        if count >= 30:
            text += f", p99 {number(line['p99'])}"
    return text


def read(path):
    results = {}
    for text in pathlib.Path(path).read_text().splitlines():
        if not text.startswith("{"):
            continue
        line = json.loads(text)
        results[line["figure"], line["subject"]] = line
    return results


def goal_rows(results):
    for figure, (what, goal, peer, reached) in ROWS.items():
        ours = results.get((figure, "rollcall"))
        if not ours:
            continue
        theirs = results.get((figure, peer)) if peer else None
        verdict = "yes" if reached(ours["value"], theirs and theirs["value"], ours) else "**no**"
        beside = f"{peer}: {with_unit(theirs)}" if theirs else ""
        yield f"| {what} | {goal} | {with_unit(ours)} | {beside} | {verdict} |"


def other_rows(results):
    for (figure, subject), line in results.items():
        if figure not in ROWS:
            yield f"| {figure} | {subject} | {with_unit(line)} |"


def machine():
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = next((line.split(":", 1)[1].strip() for line in info.splitlines()
                  if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} × {model}, Linux {platform.release().split('-')[0]}"


def document(results, simulated):
    lines = [BEGIN, HEAD, f"Machine: {machine()}.", "", "| what | goal | rollcall | peer | reached |",
             "| --- | --- | --- | --- | --- |", *goal_rows(results)]
    others = list(other_rows(results))
    if others:
        lines += ["", "### Other figures", "", "| figure | of | value |", "| --- | --- | --- |",
                  *others]
    if simulated:
        lines += ["", "### Simulated", "", simulated.strip()]
    commands = sorted({line["command"] for line in results.values()})
    lines += ["", "### Commands", "", "```sh", *commands, "```", END]
    return "\n".join(lines) + "\n"


def write(results_path, page_path):
    page = pathlib.Path(page_path)
    text = page.read_text() if page.exists() else "# Benchmarks\n"
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2].lstrip("\n")
    if not rest:
        before = before.rstrip("\n") + "\n\n"
    simulated = pathlib.Path(results_path).with_name("simulated.md")
    part = document(read(results_path), simulated.read_text() if simulated.exists() else "")
    page.write_text(before + part + after)


def convert(program, text):
    """Google Benchmark's answer as result lines; of repetitions only the median."""
    bench = program.removeprefix("rollcall_bench_")
    for entry in json.loads(text)["benchmarks"]:
        if entry.get("run_type") == "aggregate" and entry["aggregate_name"] != "median":
            continue
        line = {"figure": f"{bench}/{entry.get('run_name', entry['name'])}", "subject": "rollcall",
                "unit": entry["time_unit"], "value": entry["real_time"],
                "command": f"build/release/{program} --benchmark_repetitions=5"}
        print(json.dumps(line))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    if sys.argv[1] == "--convert":
        convert(sys.argv[2], sys.stdin.read())
    else:
        write(sys.argv[1], sys.argv[2])
