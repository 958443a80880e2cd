#!/usr/bin/env python3
# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
"""The project's own files. Run with suffixes, it prints them, each ended by a NUL byte."""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOT_OURS = {"build", ".git", ".cache", "node_modules", "__pycache__"}


def files(*suffixes, root=ROOT):
    """Paths below the root, relative to it and sorted, with one of these suffixes."""
    found = []
    stack = [root]
    while stack:
        for path in stack.pop().iterdir():
            if path.is_symlink():
                continue
            if path.is_dir():
                if path.name not in NOT_OURS:
                    stack.append(path)
            elif not suffixes or path.suffix in suffixes:
                found.append(path.relative_to(root))
    return sorted(found)


def report(problems, what):
    """Prints `file:line: text` lines; the result is the exit code."""
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print(f"{len(problems)} {what}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    for name in files(*sys.argv[1:]):
        print(name, end="\0")
