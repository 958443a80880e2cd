#!/usr/bin/env python3
# SPDX-FileCopyrightText: The rollcall authors
# SPDX-License-Identifier: Apache-2.0
"""The checks object to what they forbid, and only to that."""
import pathlib
import sys
import tempfile
import unittest

import layers
import links
import words

HEAD = "// SPDX-License-Identifier: Apache-2.0\n#pragma once\n"


def layer_problems(path, line):
    return layers.check(pathlib.PurePosixPath(path), line)


def word_problems(path, text):
    return words.check(pathlib.PurePosixPath(path), HEAD + text)


class Layers(unittest.TestCase):
    def test_refuses_an_include_against_the_direction(self):
        for path, header in [
            ("src/base/ids.cpp", '"wire/tags.hpp"'),
            ("src/core/node.cpp", '"runtime/loop.hpp"'),
            ("src/core/detector/probe.hpp", '"sim/world.hpp"'),
            ("src/sim/world.cpp", '"runtime/loop.hpp"'),
            ("src/sim/world.cpp", '"lab/runner.hpp"'),
            ("src/lab/runner.cpp", '"runtime/loop.hpp"'),
            ("src/runtime/loop.cpp", '"sim/world.hpp"'),
            ("src/runtime/loop.cpp", '"agent/run.hpp"'),
            ("src/http/server.cpp", '"agent/run.hpp"'),
            ("src/launcher/local.cpp", '"http/client.hpp"'),
            ("include/rollcall/agent.hpp", '"core/node.hpp"'),
            ("src/core/node_test.cpp", '"runtime/loop.hpp"'),
        ]:
            self.assertEqual(1, len(layer_problems(path, f"#include {header}")), (path, header))

    def test_refuses_the_world_in_a_pure_room(self):
        for header in ["thread", "mutex", "random", "iostream", "sys/socket.h", "unistd.h",
                       "boost/asio.hpp", "fmt/core.h", "nlohmann/json.hpp", "atomic"]:
            self.assertEqual(1, len(layer_problems("src/core/node.cpp", f"#include <{header}>")),
                             header)

    def test_keeps_each_third_party_in_its_rooms(self):
        self.assertEqual(1, len(layer_problems("src/http/a.cpp", "#include <sqlite3.h>")))
        self.assertEqual(1, len(layer_problems("src/runtime/a.cpp", "#include <gtest/gtest.h>")))
        for header in ["nlohmann/json.hpp", "openssl/ssl.h", "boost/asio/ssl.hpp"]:
            line = f"#include <{header}>"
            self.assertEqual([], layer_problems("src/runtime/etcd/a.cpp", line), header)
            self.assertEqual(1, len(layer_problems("src/runtime/a.cpp", line)), header)
        self.assertEqual([], layer_problems("src/runtime/a_test.cpp", "#include <gtest/gtest.h>"))

    def test_allows_the_direction(self):
        for path, header in [
            ("src/core/node.cpp", '"wire/tags.hpp"'),
            ("src/core/node.cpp", "<vector>"),
            ("src/cli/main.cpp", '"agent/run.hpp"'),
            ("src/runtime/loop.cpp", "<boost/asio.hpp>"),
            ("src/runtime/loop.cpp", "<sys/socket.h>"),
            ("tests/process/a.cpp", '"runtime/loop.hpp"'),
        ]:
            self.assertEqual([], layer_problems(path, f"#include {header}"), (path, header))


class Words(unittest.TestCase):
    def test_refuses_clocks_and_chance_in_a_pure_room(self):
        for text in ["auto t = std::chrono::steady_clock::now();", "std::mt19937 g;",
                     "int i = rand();", "std::shared_ptr<int> p;", "std::mutex m;"]:
            self.assertEqual(1, len(word_problems("src/core/a.hpp", text)), text)
            self.assertEqual([], word_problems("src/runtime/a.hpp", text), text)

    def test_ignores_comments_and_strings(self):
        for text in ["// no steady_clock here", 'auto s = "rand()";', "/* mt19937\n rand() */",
                     'auto s = R"(rand())";', "auto n = 1'000; int brand(int);"]:
            self.assertEqual([], word_problems("src/core/a.hpp", text), text)

    def test_refuses_a_sleep_in_virtual_time_and_on_the_protocols_threads(self):
        text = "std::this_thread::sleep_for(1s);"
        for path in ["src/core/a_test.cpp", "tests/simulation/a.cpp", "src/runtime/a.cpp"]:
            self.assertEqual(1, len(word_problems(path, text)), path)
        for path in ["src/runtime/a_test.cpp", "tests/process/a.cpp", "bench/a.cpp"]:
            self.assertEqual([], word_problems(path, text), path)

    def test_refuses_a_reminder_without_a_number(self):
        self.assertEqual(1, len(word_problems("src/cli/a.hpp", "// TODO: later")))
        self.assertEqual([], word_problems("src/cli/a.hpp", "// TODO(#12): later"))

    def test_wants_the_head_of_a_file(self):
        path = pathlib.PurePosixPath("src/core/a.hpp")
        self.assertEqual(2, len(words.check(path, "int a;\n")))

    def test_tells_assert_from_static_assert(self):
        self.assertEqual(1, len(word_problems("src/core/a.hpp", "assert(x);")))
        self.assertEqual([], word_problems("src/core/a.hpp", "static_assert(x);"))


class Links(unittest.TestCase):
    def test_finds_what_is_missing(self):
        with tempfile.TemporaryDirectory() as name:
            root = pathlib.Path(name)
            (root / "B.md").write_text("# The house\n\n## The house\n```\n# not one\n```\n")
            text = ("[a](B.md) [b](B.md#the-house) [c](B.md#the-house-1) [d](https://x.y)\n"
                    "[e](C.md) [f](B.md#not-one) `[g](D.md)`\n```\n[h](E.md)\n```\n[i]: F.md\n")
            problems = links.check(pathlib.Path("A.md"), text, root)
        self.assertEqual([2, 2, 6], sorted(int(p.split(":")[1]) for p in problems), problems)


if __name__ == "__main__":
    sys.exit(0 if unittest.main(exit=False, verbosity=0).result.wasSuccessful() else 1)
