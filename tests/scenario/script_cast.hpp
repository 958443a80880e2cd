// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "script_words.hpp"
#include "sim/names.hpp"
#include "wire/messages.hpp"

namespace rollcall::scenario {

struct Peer {
  std::string name;
  Address address;
  Life life;
};

/// Who plays besides the node, and what they say: words of the script made into messages.
class Cast {
 public:
  explicit Cast(std::string cluster) : cluster_(std::move(cluster)) {}

  /// The alias is what the script calls it; the peer's own name may be another's, too.
  void add(const std::string& alias, Peer peer);
  /// The node itself, as it is now: its life may change.
  void set_node(const Peer& node, std::uint64_t digest);
  [[nodiscard]] const Peer& find(const std::string& name) const;
  /// A name of the cast, or a numeric address.
  [[nodiscard]] Address address(const std::string& word) const;

  /// Numbers that the node gave to its last questions to a peer, for answers that name none.
  void note_question(const Address& to, const wire::Message& message);

  /// "ping; suspect c i1 by b": messages, with ';' between, as the peer's datagram.
  [[nodiscard]] ByteVector datagram(const Peer& from, std::string_view text) const;
  /// "join-reply welcome b c": one frame of the peer's.
  [[nodiscard]] ByteVector frame(const Peer& from, std::string_view text) const;

  [[nodiscard]] const sim::Names& names() const { return names_; }
  [[nodiscard]] const std::string& cluster() const { return cluster_; }

 private:
  [[nodiscard]] wire::Message message(const Peer& from, Words& words) const;
  [[nodiscard]] wire::Settings settings(const Peer& from, Words& words) const;
  [[nodiscard]] wire::Update update(wire::State state, Words& words) const;
  [[nodiscard]] wire::StreamMessage stream_message(const Peer& from, Words& words) const;
  [[nodiscard]] wire::JoinReply join_reply(Words& words) const;
  [[nodiscard]] wire::Envelope envelope(const Peer& from) const;
  [[nodiscard]] std::uint32_t sequence(Words& words, const std::map<Address, std::uint32_t>& last,
                                       const Peer& from) const;

  std::string cluster_;
  std::map<std::string, Peer> peers_;
  Peer node_;
  std::uint64_t digest_ = 0;
  sim::Names names_;
  std::map<Address, std::uint32_t> last_ping_;
  std::map<Address, std::uint32_t> last_ask_;
  mutable ByteVector values_;  // of the settings in the datagram being put together
};

}  // namespace rollcall::scenario
