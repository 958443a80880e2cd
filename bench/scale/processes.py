# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
"""What is common to every cluster that is measured: processes that we start, read and end."""
import pathlib
import subprocess
import time

PATIENCE_SECONDS = 120.0


class GaveUp(Exception):
    """Something did not come within PATIENCE_SECONDS; the text says what."""


def wait_until(what, so, step=0.02, patience=PATIENCE_SECONDS):
    """Looks again and again until it is so; returns what `so` returned."""
    deadline = time.monotonic() + patience
    while True:
        found = so()
        if found:
            return found
        if time.monotonic() > deadline:
            raise GaveUp(f"waited {patience:.0f} s for {what}")
        time.sleep(step)


class Process:
    """One process of ours. Its output goes to a file; it is ended by its own id only."""

    def __init__(self, arguments, log):
        self.log = pathlib.Path(log)
        with self.log.open("ab") as output:
            self._popen = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=output,
                                           stderr=subprocess.STDOUT)
        self.id = self._popen.pid

    def check(self):
        """Raises when the process has ended by itself."""
        if self._popen.poll() is not None:
            tail = self.log.read_text(errors="replace")[-500:]
            raise GaveUp(f"process ended with {self._popen.returncode}: {tail}")

    def signal(self, number):
        self._popen.send_signal(number)

    def kill(self):
        self._popen.kill()
        self._popen.wait()

    def memory(self):
        """(resident, proportional) bytes."""
        sizes = {}
        for line in pathlib.Path(f"/proc/{self.id}/smaps_rollup").read_text().splitlines()[1:]:
            name, size = line.split()[:2]
            sizes[name] = int(size) * 1024
        return sizes["Rss:"], sizes["Pss:"]

    def cpu_seconds(self):
        """Time on a processor so far, of all threads, to the nanosecond."""
        tasks = pathlib.Path(f"/proc/{self.id}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def kill_all(processes):
    for process in processes:
        process.signal(9)
    for process in processes:
        process.kill()
