// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "base/address.hpp"
#include "base/ids.hpp"

namespace rollcall::sim {

/// What a reader calls lives and addresses, so that transcripts say "b" and not 32 digits.
class Names {
 public:
  void know(const LifeId& life, std::string name) { lives_[life] = std::move(name); }
  void know(const Address& address, std::string name) { addresses_[address] = std::move(name); }

  /// The name; "nobody" for the empty life; the first 8 digits of a life not known.
  [[nodiscard]] std::string text(const LifeId& life) const;
  /// The name, or the numeric address.
  [[nodiscard]] std::string text(const Address& address) const;

 private:
  std::unordered_map<LifeId, std::string> lives_;
  std::unordered_map<Address, std::string> addresses_;
};

}  // namespace rollcall::sim
