#!/usr/bin/env python3
# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
"""Links between the project's documents: the file exists, and so does the heading."""
import pathlib
import re
import sys
import urllib.parse

import tree

FENCE = re.compile(r"^ {0,3}(```+|~~~+).*?^ {0,3}\1[`~]*\s*$", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
INLINE = re.compile(r"\[(?:[^\]\[]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)>?", re.MULTILINE)
HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
ANCHOR = re.compile(r"<a\s+(?:id|name)=\"([^\"]+)\"")


def blank(text, pattern):
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), text)


def slug(heading):
    """The anchor that code hosts make of a heading."""
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def anchors(text):
    found = set()
    for match in HEADING.finditer(blank(text, FENCE)):
        name, count = slug(match.group(1)), 0
        while name + (f"-{count}" if count else "") in found:
            count += 1
        found.add(name + (f"-{count}" if count else ""))
    return found | set(ANCHOR.findall(text))


def targets(text):
    """(line, target) of each link outside code."""
    prose = blank(blank(text, FENCE), CODE)
    for pattern in (INLINE, REFERENCE):
        for match in pattern.finditer(prose):
            yield prose.count("\n", 0, match.start()) + 1, match.group(1)


def check(path, text, root=tree.ROOT):
    problems = []
    for line, target in targets(text):
        if re.match(r"[a-z][a-z0-9+.-]*:", target, re.IGNORECASE):
            continue
        name, _, anchor = urllib.parse.unquote(target).partition("#")
        file = (root / path.parent / name) if name else root / path
        if not file.exists():
            problems.append(f"{path}:{line}: {target}: there is no such file")
        elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text()):
            problems.append(f"{path}:{line}: {target}: there is no such heading")
    return problems


def main():
    problems = []
    for path in tree.files(".md"):
        problems += check(pathlib.Path(path), (tree.ROOT / path).read_text())
    return tree.report(problems, "dead links")


if __name__ == "__main__":
    sys.exit(main())
