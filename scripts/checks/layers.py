#!/usr/bin/env python3
# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
"""The dependency rule of ARCHITECTURE.md, on every #include of the tree.

base <- wire <- core <- {runtime, sim}; base <- registry <- consensus <- {runtime, sim};
runtime <- http <- agent <- cli; sim <- lab <- cli; launcher stands on base; documents, which
stands on nothing, is for lab and agent.
The pure rooms see neither the operating system nor a third party.
"""
import re
import sys

import tree

# room: the rooms (and the public headers, "rollcall") that its files may include.
ROOMS = {
    "base": {"base"},
    "wire": {"base", "wire"},
    "core": {"base", "wire", "core"},
    "registry": {"base", "registry"},
    "consensus": {"base", "registry", "consensus"},
    "sim": {"base", "wire", "core", "registry", "consensus", "sim"},
    "documents": {"documents"},
    "lab": {"base", "wire", "core", "documents", "sim", "lab"},
    "runtime": {"base", "wire", "core", "registry", "consensus", "runtime", "rollcall"},
    "launcher": {"base", "launcher"},
    "http": {"base", "http", "runtime", "rollcall"},
    # agent composes the rooms, and asks the core whether a configuration can be used.
    "agent": {"base", "agent", "core", "documents", "http", "runtime", "rollcall"},
    "cli": {"base", "agent", "cli", "documents", "http", "lab", "launcher", "rollcall"},
    "rollcall": {"rollcall"},
}
PURE = {"base", "wire", "core", "registry", "consensus", "sim", "rollcall"}

# third party: the rooms that may see it, or the folder of a room.
PARTIES = {
    "boost": {"runtime", "http", "agent", "cli"},
    "sqlite3.h": {"runtime"},
    "yaml-cpp": {"agent", "cli", "documents", "lab"},
    "nlohmann": {"http", "agent", "cli", "lab", "launcher", "runtime/etcd"},
    "openssl": {"runtime/etcd"},
    "spdlog": {"agent", "cli"},
    "fmt": {"agent", "cli"},
    "CLI": {"agent", "cli"},
}
# Parts of a third party that fewer may see than the rest of it.
PARTS = {
    "boost/asio/ssl": {"runtime/etcd"},
    "boost/beast/ssl": {"runtime/etcd"},
}
TEST_PARTIES = {"gtest", "gmock", "rapidcheck.h", "rapidcheck", "benchmark"}

# Headers of the system that only compute.
COMPUTING = {"arpa/inet.h", "netinet/in.h"}
# Standard headers that would let the world into a pure room.
WORLDLY = {
    "atomic", "condition_variable", "coroutine", "csignal", "ctime", "filesystem", "format",
    "fstream", "future", "iostream", "latch", "mutex", "random", "semaphore", "shared_mutex",
    "stop_token", "thread",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def room_of(path):
    """The room a file belongs to; None for tests, benches and examples, which may see all."""
    parts = path.parts
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    if parts[:2] == ("include", "rollcall"):
        return "rollcall"
    return None


def folder_of(path):
    """The room, and the folder in it, that a file lies in: "runtime/etcd"."""
    return "/".join(path.parts[1:-1])


def keepers_of(header):
    """The rooms and folders that may see this part of a third party; None if it is none."""
    for part, keepers in PARTS.items():
        if header.startswith(part):
            return keepers
    return PARTIES.get(header.split("/")[0])


def problem_with(room, folder, is_test, bracket, header):
    """Why this file must not include this header; None if it may."""
    first = header.split("/")[0]
    if first in ROOMS and "/" in header:
        return None if first in ROOMS[room] else f"{room} must not include {first}"
    if bracket == '"':
        if is_test and first == "tests":
            return None
        return f"no room is called '{first}'; include by room, as \"core/node.hpp\""
    if first in TEST_PARTIES:
        return None if is_test else f"{first} belongs in tests"
    keepers = keepers_of(header)
    if keepers is not None:
        allowed = room in keepers or folder in keepers
        return None if allowed else f"{folder} must not include the third party {first}"
    if room in PURE and not is_test:
        if header in WORLDLY:
            return f"{room} is pure: no <{header}>"
        if header in COMPUTING:
            return None
        if "/" in header or header.endswith(".h"):
            return f"{room} is pure: no header of the operating system"
    return None


def check(path, text):
    room = room_of(path)
    if room is None:
        return []
    if room not in ROOMS:
        return [f"{path}:1: room '{room}' is not in scripts/checks/layers.py"]
    is_test = "_test." in path.name or path.name.startswith("test_")
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            problem = problem_with(room, folder_of(path), is_test, match.group(1), match.group(2))
            if problem:
                problems.append(f"{path}:{number}: {problem}")
    return problems


def main():
    problems = []
    for path in tree.files(".cpp", ".hpp"):
        problems += check(path, (tree.ROOT / path).read_text())
    return tree.report(problems, "includes against the dependency rule")


if __name__ == "__main__":
    sys.exit(main())
