// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/dissemination/outbox.hpp"

namespace rollcall::core {

void Outbox::tell_about_itself(Slot receiver, wire::DatagramWriter& writer) const {
  const Record& record = context_.table.at(receiver);
  if (record.state == State::alive && !record.failed_elsewhere) return;
  const bool has_buddies =
      context_.config.profile == Profile::rollcall || context_.config.swim.buddy;
  if (record.state == State::suspect && !has_buddies) return;
  wire::Update update = to_update(record);
  update.has_tags = false;
  if (record.failed_elsewhere && is_live(record.state)) {
    update.state = State::failed;
    update.unfit = record.unfit;
  }
  // The datagram holds one short message so far: the update fits. If not, it goes without.
  static_cast<void>(writer.add(update));
}

void Outbox::tell_of_end(wire::DatagramWriter& writer) const {
  static_cast<void>(writer.add(compose_update(context_.self_record())));
}

}  // namespace rollcall::core
