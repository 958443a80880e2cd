// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/detector/detector.hpp"

namespace rollcall::core {

wire::Update own_finding(const Context& context, Slot slot, State state) {
  wire::Update update = to_update(context.table.at(slot));
  update.has_tags = false;
  update.state = state;
  update.age = wire::Age::news;
  update.witness = context.self_record().life.id;
  return update;
}

}  // namespace rollcall::core
