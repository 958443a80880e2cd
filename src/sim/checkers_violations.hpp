// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rollcall::sim {

/// What one checker found wrong, in words.
///
/// Limits: the first violations_max are kept, the others counted.
class Violations {
 public:
  static constexpr std::size_t violations_max = 20;

  /// The checker's name begins every line.
  explicit Violations(std::string_view checker) : checker_(checker) {}

  void add(std::string text);
  [[nodiscard]] bool empty() const { return count_ == 0; }
  /// A line for each; empty when nothing was wrong.
  [[nodiscard]] std::string text() const;

 private:
  std::string_view checker_;
  std::vector<std::string> kept_;
  std::size_t count_ = 0;
};

}  // namespace rollcall::sim
