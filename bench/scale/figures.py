#!/usr/bin/env python3
# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
"""Measures clusters of real agents on this machine; prints one JSON line a figure.

figures.py [--binary build/release/rollcall] [--members N] [--repetitions N] FIGURE…

join       N agents run; N-1 are told at once to join through the first, until all list all
crash      SIGKILL of one, until every other lists it as failed
silent     every packet from and to one vanishes (own network namespace; needs root), until every
           other lists it as failed
pause      SIGSTOP of one for 1.5 s while all processors are busy, then for 10 s; who was accused,
           and how long after SIGCONT until all list it as alive
loss       30 % of datagrams dropped at every receiver; failures declared
loss-crash 20 % dropped; SIGKILL of one, until every other lists it as failed
switch     100 changes of detector and suspicion under 5 % loss, in every tenth two at once: until
           all have one version; failures declared
footprint  memory and idle processor time of an agent, three of them voters, and of `serf agent`
           right after
"""
import argparse
import json
import math
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import time

import agents
import processes
import serf
import switching

ROOT = pathlib.Path(__file__).resolve().parents[2]
SETTLE_SECONDS = 3.0
IDLE_SECONDS = 60.0
# A user without any process but the victim, so that the packet filter can tell what it sends.
VICTIM_USER = 61234


def emit(figure, subject, unit, value, arguments, **more):
    command = (f"bench/scale/figures.py --members {arguments.members} "
               f"--repetitions {arguments.repetitions} {arguments.invoked}")
    print(json.dumps({"figure": figure, "subject": subject, "members": arguments.members,
                      "unit": unit, "value": value, "command": command, **more}), flush=True)


def emit_samples(figure, samples, arguments):
    ordered = sorted(samples)
    p99 = ordered[min(len(ordered) - 1, math.ceil(0.99 * len(ordered)) - 1)]
    emit(figure, "rollcall", "s", statistics.median(ordered), arguments, p99=p99,
         samples=[round(sample, 4) for sample in samples])


def join(arguments):
    samples = []
    for _ in range(arguments.repetitions):
        with agents.Cluster(arguments.binary, arguments.members) as cluster:
            cluster.start()
            time.sleep(SETTLE_SECONDS)
            samples.append(join_all(cluster))
    emit_samples("join", samples, arguments)


def join_all(cluster):
    """The requests are written to every agent before any answer is read."""
    first, *rest = cluster.agents
    body = json.dumps({"addresses": [first.address]}).encode()
    sockets = [socket.create_connection((agents.LOOPBACK, agent.http_port)) for agent in rest]
    indices = cluster.indices()
    begin = agents.now()
    for agent, connection in zip(rest, sockets):
        connection.sendall(b"POST /v1/join HTTP/1.1\r\nHost: " + agents.LOOPBACK.encode() +
                           b":%d\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                           % (agent.http_port, len(body)) + body)
    # One look a second at one agent: watching must not be what is measured.
    processes.wait_until("the first to list all", lambda: len(first.states()) == len(cluster.agents),
                         step=0.5)
    cluster.wait_all_alive()
    for connection in sockets:
        connection.close()
    # An agent lists itself from the start; the event about the last other one is the end.
    last = 0.0
    for agent in cluster.agents:
        seen = {name: at for kind, name, at in reversed(agent.events(indices[agent.name]))
                if kind in ("member-join", "member-alive")}
        missing = {other.name for other in cluster.others(agent)} - seen.keys()
        if missing:
            raise processes.GaveUp(f"{agent.name} has no event of joining about {missing}")
        last = max(last, *(seen[other.name] - begin for other in cluster.others(agent)))
    return last


def crash_samples(cluster, repetitions):
    samples = []
    for repetition in range(repetitions):
        victim = cluster.agents[1 + repetition * 7 % (len(cluster.agents) - 1)]
        others = cluster.others(victim)
        time.sleep(SETTLE_SECONDS)
        indices = cluster.indices()
        begin = agents.now()
        victim.process.signal(signal.SIGKILL)
        cluster.wait_listed(others, victim.name, "failed")
        samples.append(cluster.last_seen(others, indices, ["member-failed"], victim.name, begin))
        wrong = cluster_accused(others, indices, victim.name)
        if wrong:
            raise processes.GaveUp(f"others than {victim.name} were declared failed: {wrong}")
        victim.process.kill()
        victim.start("--join", cluster.agents[0].address)
        processes.wait_until(f"{victim.name} to answer", victim.answers)
        cluster.wait_all_alive()
    return samples


def cluster_accused(observers, indices, except_name):
    return [(agent.name, name) for agent in observers
            for kind, name, _ in agent.events(indices[agent.name])
            if kind == "member-failed" and name != except_name]


def crash(arguments):
    with agents.Cluster(arguments.binary, arguments.members) as cluster:
        cluster.start_joined()
        emit_samples("crash", crash_samples(cluster, arguments.repetitions), arguments)


def loss_crash(arguments):
    with agents.Cluster(arguments.binary, arguments.members, ["--drop-rate", "0.2"]) as cluster:
        cluster.start_joined()
        emit_samples("loss-crash", crash_samples(cluster, arguments.repetitions), arguments)


def loss(arguments):
    with agents.Cluster(arguments.binary, arguments.members, ["--drop-rate", "0.3"]) as cluster:
        cluster.start_joined()
        indices = cluster.indices()
        time.sleep(arguments.seconds)
        emit("loss", "rollcall", "failures", len(cluster.accusations(indices)), arguments,
             suspicions=len(cluster.accusations(indices, types=("member-suspect",))),
             seconds=arguments.seconds)


def switch(arguments):
    def report(number, version, seconds):
        print(f"switch {number + 1}: version {version[0]} everywhere after {seconds:.3f} s",
              file=sys.stderr, flush=True)

    samples, failures, suspicions = switching.measure(arguments.binary, arguments.members,
                                                      arguments.repetitions, report)
    emit_samples("switch", samples, arguments)
    emit("switch-failures", "rollcall", "failures", failures, arguments, suspicions=suspicions)


class Filter:
    """Drops every packet from and to one agent, in this process's own network namespace."""

    TABLE = "inet rollcall_bench"

    def __init__(self, port, http_port):
        verdicts = [f"tcp sport {http_port} accept", f"tcp dport {http_port} accept",
                    f"meta skuid {VICTIM_USER} drop",
                    f"udp sport {port} drop", f"udp dport {port} drop",
                    f"tcp sport {port} drop", f"tcp dport {port} drop"]
        self._rules = "\n".join([f"table {self.TABLE} {{", "chain output {",
                                 "type filter hook output priority 0", *verdicts, "}", "}"])

    def __enter__(self):
        subprocess.run(["nft", self._rules], check=True)

    def __exit__(self, *_):
        subprocess.run(["nft", f"delete table {self.TABLE}"], check=True)


def silent(arguments):
    if not os.environ.get("ROLLCALL_BENCH_NAMESPACE"):
        if os.geteuid() != 0:
            raise processes.GaveUp("the figure 'silent' needs root, for its network namespace")
        os.environ["ROLLCALL_BENCH_NAMESPACE"] = "1"
        subprocess.run(["unshare", "--net", sys.executable, __file__,
                        "--binary", str(arguments.binary), "--members", str(arguments.members),
                        "--repetitions", str(arguments.repetitions), "silent"], check=True)
        return
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    samples = []
    index = arguments.members // 2
    as_victim = ["setpriv", f"--reuid={VICTIM_USER}", "--clear-groups"]
    with agents.Cluster(arguments.binary, arguments.members,
                        prefixes={index: as_victim}) as cluster:
        cluster.start_joined()
        victim = cluster.agents[index]
        others = cluster.others(victim)
        for _ in range(arguments.repetitions):
            time.sleep(SETTLE_SECONDS)
            indices = cluster.indices()
            begin = agents.now()
            with Filter(victim.port, victim.http_port):
                cluster.wait_listed(others, victim.name, "failed", step=0.1)
            samples.append(cluster.last_seen(others, indices, ["member-failed"], victim.name,
                                             begin))
            wrong = cluster_accused(others, indices, victim.name)
            if wrong:
                raise processes.GaveUp(f"others than {victim.name} were declared failed: {wrong}")
            cluster.wait_all_alive()
    emit_samples("silent", samples, arguments)


def pause(arguments):
    with agents.Cluster(arguments.binary, arguments.members) as cluster:
        cluster.start_joined()
        time.sleep(SETTLE_SECONDS)
        short_pauses(cluster, arguments)
        long_pauses(cluster, arguments)


def short_pauses(cluster, arguments):
    indices = cluster.indices()
    burners = [processes.Process([sys.executable, "-c", "while True: pass"],
                                 cluster.directory / "burner.log")
               for _ in range(os.cpu_count() or 1)]
    try:
        for repetition in range(arguments.repetitions):
            victim = cluster.agents[1 + repetition % (len(cluster.agents) - 1)]
            victim.process.signal(signal.SIGSTOP)
            time.sleep(1.5)
            victim.process.signal(signal.SIGCONT)
            time.sleep(SETTLE_SECONDS)
    finally:
        processes.kill_all(burners)
    emit("pause-1.5s", "rollcall", "failures", len(cluster.accusations(indices)), arguments,
         repetitions=arguments.repetitions)


def long_pauses(cluster, arguments):
    samples, wrong = [], 0
    for repetition in range(arguments.repetitions):
        victim = cluster.agents[1 + repetition % (len(cluster.agents) - 1)]
        others = cluster.others(victim)
        indices = cluster.indices()
        victim.process.signal(signal.SIGSTOP)
        time.sleep(10.0)
        cluster.wait_listed(others, victim.name, "failed")
        before = {agent.name: agent.event_index() for agent in others}
        begin = agents.now()
        victim.process.signal(signal.SIGCONT)
        cluster.wait_all_alive()
        samples.append(cluster.last_seen(others, before, ["member-alive", "member-join"],
                                         victim.name, begin))
        time.sleep(SETTLE_SECONDS)
        wrong += len(cluster.accusations(indices, victim.name,
                                         ("member-suspect", "member-failed")))
    emit_samples("pause-10s", samples, arguments)
    emit("pause-10s-others", "rollcall", "accusations", wrong, arguments,
         repetitions=arguments.repetitions)


def footprint(arguments):
    with agents.Cluster(arguments.binary, arguments.members) as cluster:
        first = cluster.agents[0]
        cluster.start_joined("--is-introducer")  # what makes the members agree, too
        processes.wait_until(
            "three voters",
            lambda: len(first.request("GET", "/v1/status")["agreement"]["voters"]) >= 3)
        weigh("rollcall", [agent.process for agent in cluster.agents], arguments)
    with serf.Cluster(arguments.members) as cluster:
        cluster.start_joined()
        weigh("serf", cluster.processes, arguments)


def weigh(subject, running, arguments):
    """Medians over the processes: bytes after the idle time, and the processor's time in it."""
    time.sleep(10 * SETTLE_SECONDS)  # what the joining caused has ebbed away
    before = [process.cpu_seconds() for process in running]
    time.sleep(IDLE_SECONDS)
    shares = [(process.cpu_seconds() - at) / IDLE_SECONDS * 100
              for process, at in zip(running, before)]
    memory = [process.memory() for process in running]
    emit("resident", subject, "MB", statistics.median(m[0] for m in memory) / 1e6, arguments,
         largest=max(m[0] for m in memory) / 1e6)
    emit("proportional", subject, "MB", statistics.median(m[1] for m in memory) / 1e6, arguments)
    emit("idle", subject, "% of a core", statistics.median(shares), arguments)


FIGURES = {"join": join, "crash": crash, "silent": silent, "pause": pause, "loss": loss,
           "loss-crash": loss_crash, "switch": switch, "footprint": footprint}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=ROOT / "build/release/rollcall", type=pathlib.Path)
    parser.add_argument("--members", default=100, type=int)
    parser.add_argument("--repetitions", default=5, type=int)
    parser.add_argument("--seconds", default=300.0, type=float, help="length of the figure 'loss'")
    parser.add_argument("figures", nargs="+", choices=FIGURES, metavar="FIGURE")
    arguments = parser.parse_args()
    arguments.binary = arguments.binary.resolve()
    if not arguments.binary.exists():
        sys.exit(f"figures.py: {arguments.binary} is not there; build it with the preset 'release'")
    for figure in arguments.figures:
        arguments.invoked = figure
        try:
            FIGURES[figure](arguments)
        except processes.GaveUp as reason:
            sys.exit(f"figures.py: {figure}: {reason}")


if __name__ == "__main__":
    main()
