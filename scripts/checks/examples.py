#!/usr/bin/env python3
# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
"""Code in documents is code that compiles: a block after `<!-- examples/NAME -->` is that file."""
import re
import sys

import tree

BLOCK = re.compile(r"<!-- (examples/\S+) -->\n```cpp\n(.*?)```", re.DOTALL)


def without_licence(source):
    lines = source.splitlines(keepends=True)
    while lines and lines[0].startswith("// SPDX"):
        lines.pop(0)
    return "".join(lines)


def check(path, text, root=tree.ROOT):
    problems = []
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        source = root / match.group(1)
        if not source.is_file() or match.group(2) != without_licence(source.read_text()):
            problems.append(f"{path}:{line}: the code is not that of {match.group(1)}; copy it anew")
    return problems


def main():
    problems = []
    for path in tree.files(".md"):
        problems += check(path, (tree.ROOT / path).read_text())
    return tree.report(problems, "stale example(s)")


if __name__ == "__main__":
    sys.exit(main())
