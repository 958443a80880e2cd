// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <expected>
#include <optional>
#include <span>

#include "base/bytes.hpp"
#include "wire/messages.hpp"

namespace rollcall::wire {

/// Packs messages into one datagram, in the order added, until it is full.
///
/// Limits: writes at most datagram_bytes_max bytes into its own buffer; no allocation.
/// Source: PROTOCOL.md, "Datagrams".
class DatagramWriter {
 public:
  explicit DatagramWriter(const Envelope& envelope) { begin(envelope); }

  /// Starts anew with another envelope.
  void begin(const Envelope& envelope);

  /// Each appends one message; false, and nothing written, when it does not fit any more.
  [[nodiscard]] bool add(const Ping& ping);
  [[nodiscard]] bool add(const Ack& ack);
  [[nodiscard]] bool add(const PingRequest& request);
  [[nodiscard]] bool add(const Report& report);
  [[nodiscard]] bool add(const Update& update);
  [[nodiscard]] bool add(const Heartbeats& heartbeats);
  [[nodiscard]] bool add(const Settings& settings);
  [[nodiscard]] bool add(const Seek& seek);
  [[nodiscard]] bool add(const Here& here);
  /// How many heartbeats of others would still fit.
  [[nodiscard]] std::size_t heartbeats_room() const;

  [[nodiscard]] std::size_t size() const { return size_; }
  /// True while no message was added.
  [[nodiscard]] bool empty() const;
  [[nodiscard]] Bytes bytes() const { return std::span(buffer_).first(size_); }

 private:
  /// Room for so many more bytes, counted as written; null when there is none.
  std::byte* take(std::size_t bytes);
  bool add_uncommon(const Update& update);
  template <class Shape>
  bool add_shaped(const Update& update, Shape shape);

  std::array<std::byte, datagram_bytes_max> buffer_;
  std::size_t size_ = 0;
};

/// Reads one datagram: the envelope first, then message by message.
///
/// Errors: create() refuses a wrong envelope; next() refuses the first message that is not well
///         formed, and everything after it (at_end() is then true). What was read before stands.
/// Limits:  refuses (too_long) a datagram above datagram_bytes_max.
/// Source: PROTOCOL.md, "Datagrams".
class DatagramReader {
 public:
  /// The bytes must outlive the reader and all messages it gives.
  static std::expected<DatagramReader, DecodeError> create(Bytes datagram, std::uint32_t cluster);

  [[nodiscard]] const Envelope& envelope() const { return envelope_; }
  [[nodiscard]] bool at_end() const { return at_ == end_; }
  /// The next message; call while not at_end().
  [[nodiscard]] std::expected<Message, DecodeError> next();

 private:
  DatagramReader(const Envelope& envelope, Bytes rest)
      : envelope_(envelope),
        at_(rest.data()),
        end_(at_ + rest.size()) {}

  template <class Read>
  std::expected<Message, DecodeError> advance(Read read);
  std::expected<Message, DecodeError> next_of_any_kind();

  Envelope envelope_;
  const std::byte* at_;
  const std::byte* end_;
};

/// The cluster field of an envelope.
std::uint32_t cluster_hash(std::string_view cluster_name);

}  // namespace rollcall::wire
