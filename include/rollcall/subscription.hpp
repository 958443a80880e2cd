// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

namespace rollcall {

/// Ends the calls when destroyed. After its destructor returns, no call runs (except the one
/// that destroys it, when that happens inside the callback itself).
class Subscription {
 public:
  Subscription() = default;
  explicit Subscription(std::shared_ptr<void> hold) : hold_(std::move(hold)) {}

 private:
  std::shared_ptr<void> hold_;
};

}  // namespace rollcall
