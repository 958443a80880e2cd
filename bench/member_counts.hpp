// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace rollcall::bench {

/// The cluster sizes on the command line, or the usual ones; a wrong one ends the program with 2.
inline std::vector<std::size_t> member_counts(int count, char** arguments,
                                              std::vector<std::size_t> usual, long most) {
  std::vector<std::size_t> sizes;
  for (int i = 1; i < count; ++i) {
    const long size = std::strtol(arguments[i], nullptr, 10);
    if (size < 3 || size > most) {
      std::fprintf(stderr, "'%s' is no number of members from 3 to %ld\n", arguments[i], most);
      std::exit(2);
    }
    sizes.push_back(static_cast<std::size_t>(size));
  }
  return sizes.empty() ? usual : sizes;
}

}  // namespace rollcall::bench
