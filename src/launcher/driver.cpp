// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "launcher/driver.hpp"

#include <utility>

#include "launcher/local_driver.hpp"
#include "launcher/netns_driver.hpp"

namespace rollcall::launcher {

std::unique_ptr<Driver> make_driver(DriverKind kind, DriverSetup setup) {
  switch (kind) {
    case DriverKind::local:
      return std::make_unique<LocalDriver>(std::move(setup));
    case DriverKind::netns:
      return std::make_unique<NetnsDriver>(std::move(setup));
  }
  return nullptr;
}

}  // namespace rollcall::launcher
