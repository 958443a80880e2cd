# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
"""A cluster of real rollcall agents on loopback, driven and read over HTTP.

What an agent saw, and when, is read from its own events afterwards, so that watching costs the
agents nothing while they are measured. All clocks are the clock of this machine.
"""
import datetime
import http.client
import json
import pathlib
import shutil
import tempfile
import time

import processes

LOOPBACK = "127.0.0.1"


class Agent:
    def __init__(self, binary, directory, index, port, http_port, flags, prefix=()):
        self.name = f"node{index + 1}"
        self.address = f"{LOOPBACK}:{port}"
        self.port = port
        self.http_port = http_port
        data = directory / self.name
        data.mkdir(exist_ok=True)
        data.chmod(0o777)
        self._log = directory / f"{self.name}.log"
        self._arguments = [*prefix, binary, "agent", "--name", self.name, "--bind", self.address,
                           "--http", f"{LOOPBACK}:{http_port}", "--data-dir", str(data), *flags]
        self.process = None

    def start(self, *more):
        self.process = processes.Process([*self._arguments, *more], self._log)

    def request(self, method, path, body=None, timeout=30.0):
        connection = http.client.HTTPConnection(LOOPBACK, self.http_port, timeout=timeout)
        try:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read()
            if response.status >= 400:
                raise processes.GaveUp(f"{self.name}: {method} {path}: {response.status} {text!r}")
            return json.loads(text)
        finally:
            connection.close()

    def answers(self):
        self.process.check()
        try:
            self.request("GET", "/v1/status", timeout=2.0)
            return True
        except (OSError, http.client.HTTPException):
            return False

    def states(self):
        """name -> state, of all that this agent lists."""
        members = self.request("GET", "/v1/members")["members"]
        return {member["name"]: member["state"] for member in members}

    def event_index(self):
        return self.request("GET", "/v1/status")["event_index"]

    def kept_events(self, since):
        """Events after this index that the agent has kept, whole."""
        found = []
        while True:
            batch = self.request("GET", f"/v1/events?since={since}&follow=false")["events"]
            if not batch:
                return found
            found += batch
            since = batch[-1]["index"]

    def events(self, since):
        """Events after this index, up to now, as (type, member name, seconds since the epoch)."""
        last = self.event_index()
        found = []
        if last <= since:
            return found
        connection = http.client.HTTPConnection(LOOPBACK, self.http_port, timeout=30.0)
        connection.request("GET", f"/v1/events?since={since}")
        response = connection.getresponse()
        index = since
        while index < last:
            line = response.readline()
            if not line:
                raise processes.GaveUp(f"{self.name}: the event stream ended at {index} of {last}")
            if line.startswith(b"data:"):
                event = json.loads(line[5:])
                if "index" not in event:
                    continue
                index = event["index"]
                member = event["member"]
                name = member["name"] if isinstance(member, dict) else member
                found.append((event["type"], name, seconds(event["time"])))
        connection.close()
        return found


def seconds(text):
    """An RFC 3339 time as seconds since the epoch."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Cluster:
    def __init__(self, binary, count, flags=(), base_port=21000, base_http=23000, prefixes=None):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="rollcall-bench-"))
        self.directory.chmod(0o777)
        prefixes = prefixes or {}
        self.agents = [Agent(binary, self.directory, i, base_port + i, base_http + i, flags,
                             prefixes.get(i, ()))
                       for i in range(count)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        processes.kill_all([agent.process for agent in self.agents if agent.process])
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self):
        """Every agent runs and answers; none has joined another."""
        for agent in self.agents:
            agent.start()
        for agent in self.agents:
            processes.wait_until(f"{agent.name} to answer", agent.answers)

    def start_joined(self, *flags_of_first):
        """Every agent runs and lists every other as alive."""
        for agent in self.agents:
            agent.start(*(flags_of_first if agent is self.agents[0]
                          else ["--join", self.agents[0].address]))
        for agent in self.agents:
            processes.wait_until(f"{agent.name} to answer", agent.answers)
        self.wait_all_alive()

    def wait_all_alive(self):
        names = {agent.name for agent in self.agents}
        for agent in self.agents:
            processes.wait_until(
                f"{agent.name} to list all as alive",
                lambda seen_by=agent: {n for n, s in seen_by.states().items()
                                       if s == "alive"} == names, step=0.1)

    def others(self, agent):
        return [other for other in self.agents if other is not agent]

    def indices(self):
        return {agent.name: agent.event_index() for agent in self.agents}

    def wait_listed(self, observers, name, state, step=0.02, patience=processes.PATIENCE_SECONDS):
        """Until every observer lists the member so. Asks one at a time, so as not to load them."""
        for observer in observers:
            processes.wait_until(f"{observer.name} to list {name} as {state}",
                                 lambda by=observer: by.states().get(name) == state, step, patience)

    def last_seen(self, observers, indices, types, name, begin):
        """Seconds from begin until the last observer saw the first such event of the member."""
        last = 0.0
        for observer in observers:
            times = [at for kind, who, at in observer.events(indices[observer.name])
                     if kind in types and who == name]
            if not times:
                raise processes.GaveUp(f"{observer.name} has no event {types} about {name}")
            last = max(last, times[0] - begin)
        return last

    def accusations(self, indices, except_name=None, types=("member-failed",)):
        """(observer, type, member) of every such event about anybody but except_name."""
        return [(agent.name, kind, name) for agent in self.agents
                for kind, name, _ in agent.events(indices[agent.name])
                if kind in types and name != except_name]


def now():
    return time.time()
