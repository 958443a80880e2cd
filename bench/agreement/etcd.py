# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
"""Three processes of etcd on loopback, as Debian has it, with its defaults (fsync on)."""
import http.client
import json
import pathlib
import shutil
import tempfile

import processes

LOOPBACK = "127.0.0.1"


class Cluster:
    def __init__(self, size=3, base_port=25000):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="etcd-bench-"))
        self.client_ports = [base_port + 2 * i for i in range(size)]
        self.processes = []
        peers = ",".join(f"e{i}=http://{LOOPBACK}:{base_port + 2 * i + 1}" for i in range(size))
        for i in range(size):
            client = f"http://{LOOPBACK}:{base_port + 2 * i}"
            peer = f"http://{LOOPBACK}:{base_port + 2 * i + 1}"
            self.processes.append(processes.Process(
                ["etcd", "--name", f"e{i}", "--data-dir", str(self.directory / f"e{i}"),
                 "--listen-client-urls", client, "--advertise-client-urls", client,
                 "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                 "--initial-cluster", peers, "--initial-cluster-state", "new",
                 "--log-level", "error"], self.directory / f"e{i}.log"))

    def __enter__(self):
        processes.wait_until("etcd to have a leader", self.leader_port, step=0.2)
        return self

    def __exit__(self, *_):
        processes.kill_all(self.processes)
        shutil.rmtree(self.directory, ignore_errors=True)

    def leader_port(self):
        """The client port of the process that leads; None while nobody does."""
        for port in self.client_ports:
            try:
                connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2.0)
                connection.request("POST", "/v3/maintenance/status", "{}")
                status = json.loads(connection.getresponse().read())
                connection.close()
            except (OSError, ValueError, http.client.HTTPException):
                continue
            if status.get("leader") and status["leader"] == status["header"]["member_id"]:
                return port
        return None
