// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/raft/codec.hpp"

#include <optional>
#include <utility>
#include <variant>

#include "base/check.hpp"
#include "consensus/raft/fields.hpp"

namespace rollcall::consensus::raft {
namespace {

enum class Kind : std::uint8_t {
  vote_request = 1,
  vote_reply = 2,
  append = 3,
  append_reply = 4,
  install_chunk = 5,
  install_reply = 6,
  timeout_now = 7,
  not_member = 8
};

constexpr std::size_t entry_head_bytes = 8 + 1 + 4;

void write(Writer& out, const VoteRequest& message) {
  out.choice(Kind::vote_request);
  out.term(message.term);
  out.choice(message.kind);
  out.choice(message.cause);
  out.position(message.last);
}
Message read_vote_request(Reader& in) {
  VoteRequest message;
  message.term = in.term();
  message.kind = in.choice(VoteKind::pre_vote, VoteKind::vote);
  message.cause = in.choice(CampaignCause::silence, CampaignCause::transfer);
  message.last = in.position();
  return message;
}

void write(Writer& out, const VoteReply& message) {
  out.choice(Kind::vote_reply);
  out.term(message.term);
  out.choice(message.kind);
  out.choice(message.vote);
}
Message read_vote_reply(Reader& in) {
  VoteReply message;
  message.term = in.term();
  message.kind = in.choice(VoteKind::pre_vote, VoteKind::vote);
  message.vote = in.choice(Vote::refused, Vote::granted);
  return message;
}

void write(Writer& out, const Append& message) {
  ROLLCALL_CHECK(message.entries.size() <= Config::entries_max);
  out.choice(Kind::append);
  out.term(message.term);
  out.position(message.previous);
  out.index(message.commit);
  out.word(message.round);
  out.count<std::uint16_t>(message.entries.size());
  Index expected = next(message.previous.index);
  for (const Entry& entry : message.entries) {
    ROLLCALL_CHECK(entry.index == expected);
    out.term(entry.term);
    out.choice(entry.kind);
    out.payload(entry.payload);
    expected = next(expected);
  }
}
Message read_append(Reader& in) {
  Append message;
  message.term = in.term();
  message.previous = in.position();
  message.commit = in.index();
  message.round = in.number();
  const std::size_t count = in.word<std::uint16_t>();
  if (count > Config::entries_max) in.fail(DecodeError::too_many);
  if (count * entry_head_bytes > in.left()) in.fail(DecodeError::too_short);
  if (!in.is_good()) return message;
  message.entries.reserve(count);
  for (std::size_t i = 1; i <= count && in.is_good(); ++i) {
    Entry entry;
    entry.index = advanced(message.previous.index, i);
    entry.term = in.term();
    entry.kind = in.choice(EntryKind::no_op, EntryKind::membership);
    entry.payload = in.payload();
    message.entries.push_back(std::move(entry));
  }
  return message;
}

void write(Writer& out, const AppendReply& message) {
  out.choice(Kind::append_reply);
  out.term(message.term);
  out.choice(message.result);
  out.index(message.match);
  out.term(message.match_term);
  out.index(message.refused);
  out.word(message.round);
}
Message read_append_reply(Reader& in) {
  AppendReply message;
  message.term = in.term();
  message.result = in.choice(AppendResult::accepted, AppendResult::mismatch);
  message.match = in.index();
  message.match_term = in.term();
  message.refused = in.index();
  message.round = in.number();
  return message;
}

void write(Writer& out, const InstallChunk& message) {
  out.choice(Kind::install_chunk);
  out.term(message.term);
  out.position(message.snapshot.last);
  out.word(message.snapshot.size);
  const ByteVector membership = encode(message.snapshot.membership);
  out.count<std::uint16_t>(membership.size());
  out.bytes(membership);
  out.word(message.offset);
  out.word(message.round);
  out.payload(message.data);
}
Message read_install_chunk(Reader& in) {
  InstallChunk message;
  message.term = in.term();
  message.snapshot.last = in.position();
  message.snapshot.size = in.number();
  const std::size_t membership_bytes = in.word<std::uint16_t>();
  auto membership = decode_membership(in.bytes(membership_bytes));
  in.require(membership.has_value());
  message.snapshot.membership = std::move(membership).value_or(Membership());
  message.offset = in.number();
  message.round = in.number();
  message.data = in.payload();
  return message;
}

void write(Writer& out, const InstallReply& message) {
  out.choice(Kind::install_reply);
  out.term(message.term);
  out.choice(message.result);
  out.position(message.snapshot);
  out.word(message.next_offset);
  out.word(message.round);
}
Message read_install_reply(Reader& in) {
  InstallReply message;
  message.term = in.term();
  message.result = in.choice(InstallResult::more, InstallResult::installed);
  message.snapshot = in.position();
  message.next_offset = in.number();
  message.round = in.number();
  return message;
}

void write(Writer& out, const TimeoutNow& message) {
  out.choice(Kind::timeout_now);
  out.term(message.term);
}
void write(Writer& out, const NotMember& message) {
  out.choice(Kind::not_member);
  out.term(message.term);
}

std::optional<Message> read(Kind kind, Reader& in) {
  switch (kind) {
    case Kind::vote_request:
      return read_vote_request(in);
    case Kind::vote_reply:
      return read_vote_reply(in);
    case Kind::append:
      return read_append(in);
    case Kind::append_reply:
      return read_append_reply(in);
    case Kind::install_chunk:
      return read_install_chunk(in);
    case Kind::install_reply:
      return read_install_reply(in);
    case Kind::timeout_now:
      return TimeoutNow{in.term()};
    case Kind::not_member:
      return NotMember{in.term()};
  }
  return std::nullopt;
}

}  // namespace

void encode(const Message& message, ByteVector& out) {
  Writer writer(out);
  std::visit([&](const auto& concrete) { write(writer, concrete); }, message);
}

std::expected<Message, DecodeError> decode_message(Bytes bytes) {
  if (bytes.size() > message_bytes_max) return std::unexpected(DecodeError::too_long);
  if (bytes.empty()) return std::unexpected(DecodeError::too_short);
  Reader reader(bytes);
  auto message = read(static_cast<Kind>(reader.word<std::uint8_t>()), reader);
  if (!message) return std::unexpected(DecodeError::unknown_kind);
  if (!reader.is_good()) return std::unexpected(reader.error());
  if (reader.left() != 0) return std::unexpected(DecodeError::too_long);
  return std::move(*message);
}

std::string_view to_text(DecodeError error) {
  switch (error) {
    case DecodeError::too_short:
      return "the message is cut off";
    case DecodeError::too_long:
      return "the message goes on after its end, or is too long";
    case DecodeError::unknown_kind:
      return "there is no such message";
    case DecodeError::bad_value:
      return "a field has a value that it may not have";
    case DecodeError::too_many:
      return "the message has too many entries";
    case DecodeError::too_large:
      return "an entry or piece is too large";
  }
  return "unknown";
}

}  // namespace rollcall::consensus::raft
