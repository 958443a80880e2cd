// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string_view>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "core/effects.hpp"
#include "core/node.hpp"
#include "runtime/agreement_stream.hpp"
#include "runtime/fault_layer.hpp"
#include "wire/messages.hpp"

namespace rollcall::runtime {

/// Who is told what happens on streams: the node loop, which passes it to the core.
///
/// Order:   never called from inside a call that it made to the streams.
/// Threads: the loop's thread.
class StreamHost {
 public:
  virtual void on_exchange_reply(core::ExchangeId id, Bytes frame) = 0;
  virtual void on_exchange_failed(core::ExchangeId id, core::ExchangeError error) = 0;

  virtual void on_watch_opened(core::WatchId id, Bytes frame) = 0;
  virtual void on_watch_closed(core::WatchId id, core::CloseReason reason) = 0;

  virtual void on_request(core::StreamId id, const Address& from, Bytes frame) = 0;
  /// A stream on which on_request() was called has ended, not by our own wish.
  virtual void on_stream_closed(core::StreamId id, core::CloseReason reason) = 0;
  /// A stream was refused before the core saw a frame of it.
  virtual void on_stream_refused(const Address& from, wire::RefusalCode code) = 0;

  /// A stream begins with agreement-hello: where that member is reached, or why it is refused.
  [[nodiscard]] virtual std::expected<Address, wire::RefusalCode> admit_agreement(
      const wire::Envelope&, std::string_view) {
    return std::unexpected(wire::RefusalCode::no_agreement);
  }
  /// It is the host's from now on; the welcome is not said yet.
  virtual void on_agreement_stream(AgreementStream) {}

  /// What precedes the frames that the runtime itself sends, to say why it refuses.
  [[nodiscard]] virtual wire::Envelope envelope() const = 0;

  /// What holds streams back, on purpose; null where nothing may.
  [[nodiscard]] virtual FaultLayer* faults() { return nullptr; }

 protected:
  ~StreamHost() = default;
};

}  // namespace rollcall::runtime
