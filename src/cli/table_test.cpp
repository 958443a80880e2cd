// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/table.hpp"

#include <gtest/gtest.h>

namespace rollcall::cli {
namespace {

TEST(CliTable, AlignsColumnsAndPadsNothingAtTheEnd) {
  Table table({{"NAME"}, {"COUNT", Align::right}, {"TAGS"}});
  table.add({"a", "7", "x=1"});
  table.add({"caf\xC3\xA9-longer", "1234567", ""});
  table.add({"", "", "y=2"});

  EXPECT_EQ(table.text(Colours::off),
            "NAME           COUNT  TAGS\n"
            "a                  7  x=1\n"
            "caf\xC3\xA9-longer  1234567\n"
            "                      y=2\n");
}

TEST(CliTable, PaintsWithoutMovingColumns) {
  Table table({{"STATE"}, {"NAME"}});
  table.add({Cell("alive", paint_of_state("alive")), "n1"});

  EXPECT_EQ(table.text(Colours::on),
            "\x1B[1mSTATE\x1B[0m  \x1B[1mNAME\x1B[0m\n"
            "\x1B[32malive\x1B[0m  n1\n");
}

TEST(CliTable, LetsNoCellCommandTheTerminal) {
  Table table({{"TAGS"}});
  table.add({"\x1B[31mred"});

  EXPECT_EQ(table.text(Colours::off), "TAGS\n\\x1B[31mred\n");
}

}  // namespace
}  // namespace rollcall::cli
