#!/usr/bin/env python3
# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
"""Measures what is agreed: three voters on this machine, beside three processes of etcd.

figures.py [--binary build/release/rollcall] [--seconds N] [--repetitions N] FIGURE…

joins     clients that join groups over HTTP as fast as they are answered: 1, 64 and 256 at once, at
          the member that leads; then the same number of puts of the same bytes into etcd through its
          HTTP gateway. Both on the same disk, with fsync
failover  SIGKILL of the member that leads, until the next write is committed, with the defaults
watch     1,000 watchers of a group at one member: from the sending of a join until the last of them
          has the view; and the time of one join without them
registry  100,000 members in 1,000 groups: memory of a voter, and how long a restart takes until
          it has them all again
cut       ten of 100 agents are killed together: how many views that takes, and how long
"""
import argparse
import http.client
import json
import pathlib
import selectors
import socket
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench" / "scale"))

import agents  # noqa: E402
import etcd  # noqa: E402
import processes  # noqa: E402

SCRIPT = pathlib.Path(__file__).with_name("requests.lua")
CLIENTS = (1, 64, 256)
WATCHERS = 1000
MEMBERS, GROUPS = 100_000, 1000


def emit(figure, subject, unit, value, arguments, **more):
    command = (f"bench/agreement/figures.py --seconds {arguments.seconds:g} "
               f"--repetitions {arguments.repetitions} {arguments.invoked}")
    print(json.dumps({"figure": figure, "subject": subject, "unit": unit, "value": value,
                      "command": command, **more}), flush=True)


class Voters(agents.Cluster):
    """Members of which the first three vote once they are all there."""

    def __init__(self, binary, count=3, flags=()):
        super().__init__(binary, count, flags, base_port=26000, base_http=27000)

    def start_joined(self):
        first = self.agents[0]
        first.start("--is-introducer")
        processes.wait_until(f"{first.name} to answer", first.answers)
        for agent in self.agents[1:]:
            agent.start("--join", first.address)
        for agent in self.agents:
            processes.wait_until(f"{agent.name} to answer", agent.answers)
        processes.wait_until("three voters", lambda: len(self.agreement(first)["voters"]) >= 3)
        processes.wait_until("a view of all", lambda: self.view(first) == len(self.agents))

    @staticmethod
    def agreement(agent):
        return agent.request("GET", "/v1/status")["agreement"]

    @staticmethod
    def view(agent):
        try:
            return len(agent.request("GET", "/v1/views/current")["members"])
        except processes.GaveUp:
            return 0

    def leader(self):
        """The member that commits."""
        def look():
            for agent in self.agents:
                try:
                    if agent.process and self.agreement(agent)["role"] == "leader":
                        return agent
                except (OSError, http.client.HTTPException):
                    continue
            return None
        return processes.wait_until("somebody to lead", look)


def load(port, clients, kind, prefix, seconds):
    """wrk's own summary."""
    done = subprocess.run(
        ["wrk", "--threads", "1", "--connections", str(clients), "--duration", f"{seconds:g}s",
         "--timeout", "10s", "--script", str(SCRIPT), f"http://127.0.0.1:{port}", "--", kind,
         prefix], capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            result = json.loads(line[7:])
            if result["status_errors"] or result["socket_errors"]:
                raise processes.GaveUp(f"{kind} answered with errors: {line}")
            return result
    raise processes.GaveUp(f"wrk said nothing: {done.stdout}{done.stderr}")


def joins(arguments):
    def measure(port, subject):
        for clients in CLIENTS:
            load(port, clients, subject, f"w{clients}", 1)  # warm
            rounds = [load(port, clients, subject, f"r{clients}x{i}", arguments.seconds)
                      for i in range(arguments.repetitions)]
            rates = [one["requests"] / one["seconds"] for one in rounds]
            emit(f"joins-{clients}", subject, "/s", statistics.median(rates), arguments)
            emit(f"joins-{clients}-p99", subject, "ms",
                 statistics.median(one["p99_ms"] for one in rounds), arguments,
                 p50=statistics.median(one["p50_ms"] for one in rounds))
    with Voters(arguments.binary) as cluster:
        cluster.start_joined()
        measure(cluster.leader().http_port, "rollcall")
    with etcd.Cluster() as peer:
        measure(peer.leader_port(), "etcd")


def try_join(agent, identity, timeout):
    """True when committed."""
    try:
        agent.request("PUT", f"/v1/groups/bench/members/{identity}?timeout={int(timeout * 1e3)}ms",
                      {"address": "10.0.0.1:1"}, timeout=timeout + 1)
        return True
    except (OSError, http.client.HTTPException, processes.GaveUp):
        return False


def failover(arguments):
    samples = []
    for repetition in range(arguments.repetitions):
        with Voters(arguments.binary) as cluster:
            cluster.start_joined()
            leader = cluster.leader()
            other = next(agent for agent in cluster.agents if agent is not leader)
            processes.wait_until(
                f"{other.name} to know who leads",
                lambda: cluster.agreement(other)["leader"] == leader.name)
            begin = time.monotonic()
            leader.process.signal(9)
            if not try_join(other, f"after-{repetition}", 30.0):
                raise processes.GaveUp("nothing was committed after the leader's end")
            samples.append(time.monotonic() - begin)
    emit("failover", "rollcall", "s", statistics.median(samples), arguments, p99=max(samples),
         samples=[round(sample, 3) for sample in samples])


class Watcher:
    """One connection that follows a group; the time at which it had a view."""

    def __init__(self, agent, group):
        self.socket = socket.create_connection((agents.LOOPBACK, agent.http_port), timeout=30.0)
        self.socket.sendall(f"GET /v1/groups/{group}/watch HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                            "Accept: text/event-stream\r\n\r\n".encode())
        self.text = b""

    def read(self):
        self.text += self.socket.recv(65536)

    def has_view(self, view):
        return f'"view":{view},'.encode() in self.text.replace(b" ", b"")


def watch(arguments):
    with Voters(arguments.binary) as cluster:
        cluster.start_joined()
        leader = cluster.leader()

        def join(identity):
            return leader.request("PUT", f"/v1/groups/watched/members/{identity}",
                                  {"address": "10.0.0.1:1"})["view"]
        last = join("first")
        alone = []
        for i in range(arguments.repetitions):
            begin = time.monotonic()
            last = join(f"alone-{i}")
            alone.append(time.monotonic() - begin)
        watchers = [Watcher(leader, "watched") for _ in range(WATCHERS)]
        selector = selectors.DefaultSelector()
        for one in watchers:
            one.socket.setblocking(False)
            selector.register(one.socket, selectors.EVENT_READ, one)

        def until_all_have(view):
            waiting = {one for one in watchers if not one.has_view(view)}
            deadline = time.monotonic() + 60
            while waiting and time.monotonic() < deadline:
                for key, _ in selector.select(1.0):
                    key.data.read()
                    if key.data in waiting and key.data.has_view(view):
                        waiting.discard(key.data)
            if waiting:
                raise processes.GaveUp(f"{len(waiting)} watchers never had view {view}")
        until_all_have(last)
        samples = []
        for i in range(arguments.repetitions):
            for one in watchers:
                one.text = b""
            begin = time.monotonic()
            last = join(f"watched-{i}")
            until_all_have(last)
            samples.append(time.monotonic() - begin)
        emit("watch-1000", "rollcall", "s", statistics.median(samples), arguments,
             p99=max(samples), samples=[round(sample, 4) for sample in samples],
             join_alone=statistics.median(alone))


def fill(port):
    """MEMBERS joins, in GROUPS groups, over a few connections at once."""
    done = subprocess.run([sys.executable, str(pathlib.Path(__file__).with_name("fill.py")),
                           str(port), str(MEMBERS), str(GROUPS)], check=False)
    if done.returncode != 0:
        raise processes.GaveUp("the registry could not be filled")


def count_members(agent):
    try:
        groups = agent.request("GET", "/v1/groups")["groups"]
    except (OSError, http.client.HTTPException, processes.GaveUp):
        return 0
    return sum(group["members"] if isinstance(group["members"], int) else len(group["members"])
               for group in groups if group["group"] != "cluster")


def settled_memory(cluster):
    """Bytes of the largest member, once two looks in a row find them the same within a percent."""
    looks = [0]

    def look():
        looks.append(max(agent.process.memory()[0] for agent in cluster.agents))
        return looks[-1] if abs(looks[-1] - looks[-2]) * 100 < looks[-1] else None
    return processes.wait_until("memory to settle", look, step=1.0)


def registry(arguments):
    with Voters(arguments.binary) as cluster:
        cluster.start_joined()
        fill(cluster.leader().http_port)
        for agent in cluster.agents:
            processes.wait_until(f"{agent.name} to have all",
                                 lambda one=agent: count_members(one) == MEMBERS, step=0.2)
        emit("registry-memory", "rollcall", "MB", settled_memory(cluster) / 1e6, arguments)
        victim = next(agent for agent in cluster.agents if agent is not cluster.leader())
        other = next(agent for agent in cluster.agents if agent is not victim)
        victim.process.kill()
        begin = time.monotonic()
        victim.start("--join", other.address)
        processes.wait_until("the restarted voter to have all",
                             lambda: count_members(victim) == MEMBERS)
        emit("registry-restart", "rollcall", "s", time.monotonic() - begin, arguments)


def cut(arguments):
    with Voters(arguments.binary, count=100) as cluster:
        cluster.start_joined()
        before = cluster.agents[0].request("GET", "/v1/views/current")["view"]
        victims = cluster.agents[-10:]
        names = {agent.name for agent in victims}
        begin = time.monotonic()
        for agent in victims:
            agent.process.signal(9)
        observers = cluster.agents[:-10]

        def gone():
            view = observers[0].request("GET", "/v1/views/current")
            return None if names & set(view["members"]) else view
        view = processes.wait_until("the ten to be out of the view", gone, step=0.005)
        emit("cut-time", "rollcall", "s", time.monotonic() - begin, arguments)
        emit("cut-views", "rollcall", "views", view["view"] - before, arguments)


FIGURES = {"joins": joins, "failover": failover, "watch": watch, "registry": registry, "cut": cut}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=str(ROOT / "build/release/rollcall"))
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("figures", nargs="+", choices=sorted(FIGURES))
    arguments = parser.parse_args()
    arguments.binary = str(pathlib.Path(arguments.binary).resolve())
    for name in arguments.figures:
        arguments.invoked = name
        FIGURES[name](arguments)


if __name__ == "__main__":
    try:
        main()
    except processes.GaveUp as problem:
        sys.exit(f"bench/agreement/figures.py: {problem}")
