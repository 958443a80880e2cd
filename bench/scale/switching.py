# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
"""Changes the failure detector and suspicion of a running cluster again and again, under loss.

In every tenth round two members are asked at once, for different settings. A round ends when all
have the same version; its time is until the last member's own event of that version.
"""
import http.client
import json
import time

import agents
import processes

KINDS = [("gossip", "enabled"), ("gossip", "disabled"), ("pingack", "disabled"),
         ("pingack", "enabled")]
ROUNDS_TO_TWO = 10
# Between two rounds: long enough for the detector to do its work, and for what a wrong timer
# of the one before would do.
HOLD_SECONDS = 1.0
# After the last: more than any time-out that began before it.
TAIL_SECONDS = 20.0


def version_of(protocol):
    return protocol["version"], protocol.get("origin", "")


def put_at_once(asked):
    """All are asked before any answer is read; returns the versions that they answer with."""
    connections = [http.client.HTTPConnection(agents.LOOPBACK, agent.http_port, timeout=30.0)
                   for agent, _ in asked]
    for connection in connections:
        connection.connect()
    for connection, (_, (detector, suspicion)) in zip(connections, asked):
        connection.request("PUT", "/v1/protocol",
                           json.dumps({"detector": detector, "suspicion": suspicion}),
                           {"Content-Type": "application/json"})
    versions = []
    for connection in connections:
        response = connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise processes.GaveUp(f"PUT /v1/protocol: {response.status} {text!r}")
        versions.append(version_of(json.loads(text)))
        connection.close()
    return versions


def switch(cluster, number):
    """Asks one member, or two at once; returns the version that must win, and when it began."""
    asked = [(cluster.agents[number % len(cluster.agents)], KINDS[number % len(KINDS)])]
    if number % ROUNDS_TO_TWO == ROUNDS_TO_TWO - 1:
        asked.append((cluster.agents[(number + len(cluster.agents) // 2) % len(cluster.agents)],
                      KINDS[(number + 1) % len(KINDS)]))
    begin = agents.now()
    return max(put_at_once(asked)), begin


def seconds_until_everywhere(cluster, indices, version, begin):
    for agent in cluster.agents:
        processes.wait_until(
            f"{agent.name} to have version {version}",
            lambda one=agent: version_of(one.request("GET", "/v1/protocol")) == version, 0.02)
    last = begin
    for agent in cluster.agents:
        times = [agents.seconds(event["time"]) for event in agent.kept_events(indices[agent.name])
                 if event["type"] == "protocol-changed"
                 and version_of(event["settings"]["to"]) == version]
        if not times:
            raise processes.GaveUp(f"{agent.name} has no event of version {version}")
        last = max(last, times[-1])
    # Events tell milliseconds, rounded down.
    return max(0.0, last - begin)


def measure(binary, members, rounds, report):
    """Seconds of each round; then how many failures and suspicions there were in all."""
    samples = []
    with agents.Cluster(binary, members, ["--drop-rate", "0.05"]) as cluster:
        cluster.start_joined()
        before = cluster.indices()
        for number in range(rounds):
            time.sleep(HOLD_SECONDS)
            indices = cluster.indices()
            version, begin = switch(cluster, number)
            samples.append(seconds_until_everywhere(cluster, indices, version, begin))
            report(number, version, samples[-1])
        time.sleep(TAIL_SECONDS)
        cluster.wait_all_alive()
        failures = cluster.accusations(before)
        suspicions = cluster.accusations(before, types=("member-suspect",))
    return samples, len(failures), len(suspicions)
