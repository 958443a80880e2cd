// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "rollcall/event.hpp"

namespace rollcall::runtime {

/// What the agreement tells readers through the events of its member.
struct AgreementNews {
  EventType type{};
  std::string message;
  std::shared_ptr<const View> view;
};

}  // namespace rollcall::runtime
