// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"

namespace rollcall::scenario {

/// A line that the script's author got wrong. It becomes a line of the output, and so a diff.
struct ScriptError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The words of one line, taken from left to right.
class Words {
 public:
  explicit Words(std::string_view line);

  [[nodiscard]] bool empty() const { return next_ == words_.size(); }
  [[nodiscard]] const std::string& peek() const;
  std::string take(const char* what);
  /// Takes the word if it is the next.
  bool take_if(std::string_view word);
  /// Takes a word that begins with the prefix, and gives what follows it.
  std::optional<std::string> take_after(std::string_view prefix);
  std::vector<std::string> take_all();

 private:
  std::vector<std::string> words_;
  std::size_t next_ = 0;
};

std::uint64_t number_of(const std::string& word);
Duration duration_of(const std::string& word);
Address address_of(const std::string& word);
HostPort host_port_of(const std::string& word);
/// "X12" with kind 'X' is 12.
std::uint64_t id_of(const std::string& word, char kind);

}  // namespace rollcall::scenario
