# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
"""A cluster of `serf agent`s with their defaults, each a process of its own on loopback."""
import pathlib
import shutil
import subprocess
import tempfile

import processes

LOOPBACK = "127.0.0.1"


class Cluster:
    def __init__(self, count, base_port=25000, base_rpc=26000):
        self._count = count
        self._base_port = base_port
        self._base_rpc = base_rpc
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="rollcall-bench-serf-"))
        self.processes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        processes.kill_all(self.processes)
        shutil.rmtree(self.directory, ignore_errors=True)

    def start_joined(self):
        for i in range(self._count):
            join = [] if i == 0 else [f"-retry-join={LOOPBACK}:{self._base_port}",
                                      "-retry-interval=1s"]
            self.processes.append(processes.Process(
                ["serf", "agent", f"-node=node{i + 1}", f"-bind={LOOPBACK}:{self._base_port + i}",
                 f"-rpc-addr={LOOPBACK}:{self._base_rpc + i}", *join],
                self.directory / f"node{i + 1}.log"))
        for i in range(self._count):
            processes.wait_until(f"serf agent {i + 1} to list all as alive",
                                 lambda n=i: self._alive(n) == self._count, step=0.5)

    def _alive(self, i):
        self.processes[i].check()
        answer = subprocess.run(
            ["serf", "members", f"-rpc-addr={LOOPBACK}:{self._base_rpc + i}", "-status=alive"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        return len(answer.stdout.splitlines()) if answer.returncode == 0 else 0
