// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "sim/names.hpp"

namespace rollcall::sim {

std::string Names::text(const LifeId& life) const {
  if (life.is_nobody()) return "nobody";
  const auto found = lives_.find(life);
  return found == lives_.end() ? to_text(life).substr(0, 8) : found->second;
}

std::string Names::text(const Address& address) const {
  const auto found = addresses_.find(address);
  return found == addresses_.end() ? to_text(address) : found->second;
}

}  // namespace rollcall::sim
