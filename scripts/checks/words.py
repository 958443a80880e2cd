#!/usr/bin/env python3
# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
"""Words that do not belong where they stand, and what every source file must begin with."""
import re
import sys

import layers
import tree

# (pattern, what to say) in code, strings and comments removed, of the pure rooms.
PURE_WORDS = [
    (r"\b(system|steady|high_resolution|utc|file)_clock\b", "time is an argument in a pure room"),
    (r"\b(random_device|mt19937(_64)?|default_random_engine|s?rand(om)?\s*\()",
     "randomness comes from the Prng that is passed in"),
    (r"\b(getenv|getpid|gettimeofday|clock_gettime)\b", "a pure room does not ask the system"),
    (r"\bstd::(thread|jthread|mutex|shared_mutex|atomic\w*)\b", "a pure room has no threads"),
    (r"\bthread_local\b", "a pure room has no threads"),
    (r"\bshared_ptr\b", "values and unique_ptr only"),
]
# In code everywhere.
CODE_WORDS = [
    (r"\bco_(await|yield|return)\b", "no coroutines: g++ 12.2 destroys temporaries twice"),
    (r"(?<!static_)(?<![\w.])assert\s*\(", "use ROLLCALL_CHECK"),
    (r"^\s*#\s*include\s*<(format|cassert)>", "not available to us, or not used"),
]
# Where the world is real (sockets, processes) a test or a client may look again and again until a
# deadline. Where time is virtual, and on the protocol's own threads, nobody sleeps.
SLEEPS = [(r"\b(sleep_for|sleep_until|usleep|nanosleep|(?<![\w.])sleep)\s*\(",
           "wait for a condition, with a deadline")]
NO_SLEEP = ("tests/simulation/", "tests/scenario/", "tests/fuzz/")
NO_SLEEP_OUTSIDE_TESTS = {"runtime", "http", "agent"}
PURE = layers.PURE - {"rollcall"}
# In comments too.
TEXT_WORDS = [
    (r"\b(TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))", "name the issue: TODO(#12)"),
]
LINES_MAX = 800
COMMENT_OR_STRING = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<d>[^(\s]*)\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'',
    re.DOTALL)


def code_of(text):
    """The text with comments blanked and strings emptied; line numbers stay."""

    def blank(match):
        found = match.group(0)
        # 1'000'000 is no character literal.
        if found[0] == "'" and match.start() and text[match.start() - 1].isalnum():
            return found
        if text[:match.start()].rpartition("\n")[2].lstrip().startswith("#include"):
            return found
        return re.sub(r"[^\n]", " ", found)

    return COMMENT_OR_STRING.sub(blank, text)


def search(path, text, words):
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, reason in words:
            match = re.search(pattern, line)
            if match:
                problems.append(f"{path}:{number}: '{match.group(0).strip()}': {reason}")
    return problems


def check(path, text):
    code = code_of(text)
    room = layers.room_of(path)
    is_test = "_test." in path.name or path.name.startswith("test_")
    problems = search(path, text, TEXT_WORDS) + search(path, code, CODE_WORDS)
    if room in PURE and not is_test:
        problems += search(path, code, PURE_WORDS)
    if (room in PURE or (room in NO_SLEEP_OUTSIDE_TESTS and not is_test)
            or path.as_posix().startswith(NO_SLEEP)):
        problems += search(path, code, SLEEPS)
    if "SPDX-License-Identifier: Apache-2.0" not in text[:300]:
        problems.append(f"{path}:1: the two SPDX lines are missing")
    if path.suffix == ".hpp" and "#pragma once" not in text:
        problems.append(f"{path}:1: #pragma once is missing")
    if len(text.splitlines()) > LINES_MAX:
        problems.append(f"{path}:1: more than {LINES_MAX} lines; which second idea does it hold?")
    return problems


def main():
    problems = []
    for path in tree.files(".cpp", ".hpp"):
        problems += check(path, (tree.ROOT / path).read_text())
    return tree.report(problems, "words out of place")


if __name__ == "__main__":
    sys.exit(main())
