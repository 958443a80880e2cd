// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "core/context.hpp"
#include "core/dissemination/update_queue.hpp"

namespace rollcall::core {

/// Packs every datagram: the message, then what its receiver must know about itself, then
/// whatever updates are waiting, until the datagram is full.
class Outbox {
 public:
  Outbox(Context& context, UpdateQueue& queue) : context_(context), queue_(queue) {}

  /// Sends one message. A receiver that is suspected, or failed in others' or our own eyes, is
  /// told so at once (Lifeguard's buddy system), so that it can refute.
  template <class Message>
  void send(const Address& to, const Message& message, std::optional<Slot> receiver) {
    send_with(to, message, receiver, [](wire::DatagramWriter&) {});
  }
  /// The same, with what the function adds before the updates that wait.
  template <class Message, class Add>
  void send_with(const Address& to, const Message& message, std::optional<Slot> receiver, Add add) {
    wire::DatagramWriter writer(context_.envelope());
    const bool fits = writer.add(message);
    ROLLCALL_CHECK(fits);
    if (context_.phase == Phase::leaving || context_.phase == Phase::aside) tell_of_end(writer);
    if (receiver) tell_about_itself(*receiver, writer);
    add(writer);
    queue_.fill(writer);
    context_.send(to, writer);
  }
  /// Whether updates wait for a datagram to ride on.
  [[nodiscard]] bool has_updates() const { return !queue_.empty(); }

  /// Sends one record alone.
  void send_record(const Address& to, const wire::Update& update) { send_alone(to, update); }
  /// Sends one message to whom nothing else is to be told.
  template <class Message>
  void send_alone(const Address& to, const Message& message) {
    wire::DatagramWriter writer(context_.envelope());
    const bool fits = writer.add(message);
    ROLLCALL_CHECK(fits);
    context_.send(to, writer);
  }

 private:
  void tell_about_itself(Slot receiver, wire::DatagramWriter& writer) const;
  /// A departure is in every datagram until it is acknowledged; that this member stands aside, in
  /// every one while it does.
  void tell_of_end(wire::DatagramWriter& writer) const;

  Context& context_;
  UpdateQueue& queue_;
};

}  // namespace rollcall::core
