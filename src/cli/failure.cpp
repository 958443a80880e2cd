// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/failure.hpp"

#include "cli/text.hpp"

namespace rollcall::cli {

std::string to_text(const Failure& failure) {
  std::string text = "rollcall: " + failure.what + ": " + failure.why;
  if (!failure.todo.empty()) text += "; " + failure.todo;
  text = printable(text) + "\n";
  for (const std::string& line : failure.details) text += "    " + printable(line) + "\n";
  return text;
}

}  // namespace rollcall::cli
