// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/dissemination/outbox.hpp"

namespace rollcall::core {

void Outbox::tell_about_itself(Slot receiver) {
  const Record& record = context_.table.at(receiver);
  if (record.state == State::alive && !record.failed_elsewhere) return;
  wire::Update update = to_update(record);
  update.has_tags = false;
  if (record.failed_elsewhere && is_live(record.state)) update.state = State::failed;
  // The datagram holds one short message so far: the update fits. If not, it goes without.
  static_cast<void>(writer_.add(update));
}

void Outbox::tell_of_departure() {
  static_cast<void>(writer_.add(compose_update(context_.self_record())));
}

}  // namespace rollcall::core
