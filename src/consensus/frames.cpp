// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/frames.hpp"

#include <optional>
#include <string_view>
#include <utility>

#include "base/check.hpp"
#include "base/text.hpp"
#include "consensus/raft/codec.hpp"
#include "consensus/raft/fields.hpp"
#include "registry/limits.hpp"

namespace rollcall::consensus {
namespace {

using Reader = raft::Reader;
using Writer = raft::Writer;

enum class Kind : std::uint8_t {
  raft = 1,
  begin_ask = 2,
  begin_reply = 3,
  propose = 4,
  propose_refused = 5,
  read = 6,
  read_reply = 7,
  fetch = 8,
  fetch_reply = 9,
  renew = 10,
  renew_reply = 11,
  cut_report = 12,
  check_failed = 13
};
enum class Fetched : std::uint8_t { entries = 1, piece = 2, elsewhere = 3 };

constexpr std::size_t entry_head_bytes = 8 + 8 + 4;
constexpr std::size_t failed_head_bytes = 2 + 8 + 16;

static_assert(raft::message_bytes_max + raft::message_head_bytes_max <= frame_bytes_max);

/// A member's; whoever shows it can be sure that it is one.
std::string read_name(Reader& in) {
  std::string name(in.text(frame_text_bytes_max));
  in.require(is_valid_name(name));
  return name;
}

void write(Writer& out, const RaftFrame& frame) {
  out.choice(Kind::raft);
  out.life_id(frame.log);
  out.voter(frame.from);
  out.voter(frame.to);
  raft::encode(frame.message, out.out());
}
Frame read_raft(Reader& in) {
  RaftFrame frame;
  frame.log = in.life_id();
  frame.from = in.voter();
  frame.to = in.voter();
  auto message = raft::decode_message(in.rest());
  in.require(message.has_value());
  if (message) frame.message = std::move(*message);
  return frame;
}

void write(Writer& out, const BeginAsk& frame) {
  out.choice(Kind::begin_ask);
  out.voter(frame.from);
  out.word(frame.token);
}
Frame read_begin_ask(Reader& in) {
  const raft::VoterId from = in.voter();
  return BeginAsk{.from = from, .token = in.word<std::uint64_t>()};
}

void write(Writer& out, const BeginReply& frame) {
  out.choice(Kind::begin_reply);
  out.flag(frame.granted);
  out.life_id(frame.log);
  out.word(frame.token);
}
Frame read_begin_reply(Reader& in) {
  BeginReply frame;
  frame.granted = in.flag();
  frame.log = in.life_id();
  frame.token = in.word<std::uint64_t>();
  in.require(!frame.granted || frame.log.is_nobody());
  return frame;
}

void write(Writer& out, const ProposeFrame& frame) {
  out.choice(Kind::propose);
  out.life_id(frame.log);
  out.word(static_cast<std::uint64_t>(frame.token));
  out.payload(frame.command);
}
Frame read_propose(Reader& in) {
  ProposeFrame frame;
  frame.log = in.life_id();
  frame.token = ProposalToken{in.word<std::uint64_t>()};
  frame.command = in.payload();
  return frame;
}

void write(Writer& out, const ProposeRefused& frame) {
  out.choice(Kind::propose_refused);
  out.word(static_cast<std::uint64_t>(frame.token));
  out.choice(frame.why);
}
Frame read_propose_refused(Reader& in) {
  const ProposalToken token{in.word<std::uint64_t>()};
  return ProposeRefused{.token = token, .why = in.choice(LogRefusal::too_large)};
}

void write(Writer& out, const ReadFrame& frame) {
  out.choice(Kind::read);
  out.life_id(frame.log);
  out.word(static_cast<std::uint64_t>(frame.token));
}
Frame read_read(Reader& in) {
  const LogId log = in.life_id();
  return ReadFrame{.log = log, .token = ReadToken{in.word<std::uint64_t>()}};
}

void write(Writer& out, const ReadReply& frame) {
  out.choice(Kind::read_reply);
  out.word(static_cast<std::uint64_t>(frame.token));
  out.flag(frame.confirmed);
  out.index(frame.index);
}
Frame read_read_reply(Reader& in) {
  ReadReply frame;
  frame.token = ReadToken{in.word<std::uint64_t>()};
  frame.confirmed = in.flag();
  frame.index = in.index();
  return frame;
}

void write(Writer& out, const Fetch& frame) {
  out.choice(Kind::fetch);
  out.life_id(frame.log);
  out.word(frame.token);
  out.index(frame.after);
  out.word(frame.patience_ms);
  out.position(frame.snapshot);
  out.word(frame.offset);
}
Frame read_fetch(Reader& in) {
  Fetch frame;
  frame.log = in.life_id();
  frame.token = in.word<std::uint64_t>();
  frame.after = in.index();
  frame.patience_ms = in.word<std::uint32_t>();
  frame.snapshot = in.position();
  frame.offset = in.number();
  return frame;
}

void write(Writer& out, const FetchedEntries& fetched) {
  ROLLCALL_CHECK(fetched.entries.size() <= raft::Config::entries_max);
  out.choice(Fetched::entries);
  out.index(fetched.upto);
  out.index(fetched.applied);
  out.count<std::uint16_t>(fetched.entries.size());
  for (const raft::Entry& entry : fetched.entries) {
    ROLLCALL_CHECK(entry.kind == raft::EntryKind::command);
    out.position({.term = entry.term, .index = entry.index});
    out.payload(entry.payload);
  }
}
FetchedEntries read_entries(Reader& in) {
  FetchedEntries fetched;
  fetched.upto = in.index();
  fetched.applied = in.index();
  const std::size_t count = in.count<std::uint16_t>(raft::Config::entries_max, entry_head_bytes);
  fetched.entries.reserve(count);
  raft::Index before{};
  for (std::size_t i = 0; i < count && in.is_good(); ++i) {
    const raft::Position at = in.position();
    in.require(at.index > before && at.index <= fetched.upto);
    before = at.index;
    fetched.entries.push_back({.index = at.index,
                               .term = at.term,
                               .kind = raft::EntryKind::command,
                               .payload = in.payload()});
  }
  return fetched;
}

void write(Writer& out, const FetchedPiece& fetched) {
  out.choice(Fetched::piece);
  out.position(fetched.snapshot);
  out.word(fetched.size);
  out.word(fetched.offset);
  out.payload(fetched.data);
}
FetchedPiece read_piece(Reader& in) {
  FetchedPiece fetched;
  fetched.snapshot = in.position();
  fetched.size = in.number();
  fetched.offset = in.number();
  fetched.data = in.payload();
  in.require(fetched.size <= registry::snapshot_bytes_max && fetched.offset <= fetched.size &&
             fetched.data.size() <= fetched.size - fetched.offset);
  return fetched;
}

void write(Writer& out, const FetchElsewhere&) {
  out.choice(Fetched::elsewhere);
}

void write(Writer& out, const FetchReply& frame) {
  ROLLCALL_CHECK(frame.voters.size() <= raft::Membership::members_max);
  out.choice(Kind::fetch_reply);
  out.life_id(frame.log);
  out.word(frame.token);
  out.term(frame.term);
  out.text(frame.leader, frame_text_bytes_max);
  out.count<std::uint16_t>(frame.voters.size());
  for (const std::string& voter : frame.voters) out.text(voter, frame_text_bytes_max);
  out.word(frame.stale_ms);
  std::visit([&](const auto& what) { write(out, what); }, frame.what);
}
Frame read_fetch_reply(Reader& in) {
  FetchReply frame;
  frame.log = in.life_id();
  frame.token = in.word<std::uint64_t>();
  frame.term = in.term();
  frame.leader = in.text(frame_text_bytes_max);
  in.require(frame.leader.empty() || is_valid_name(frame.leader));
  const std::size_t voters =
      in.count<std::uint16_t>(raft::Membership::members_max, sizeof(std::uint16_t));
  for (std::size_t i = 0; i < voters && in.is_good(); ++i) frame.voters.push_back(read_name(in));
  frame.stale_ms = in.word<std::uint32_t>();
  switch (static_cast<Fetched>(in.word<std::uint8_t>())) {
    case Fetched::entries:
      frame.what = read_entries(in);
      return frame;
    case Fetched::piece:
      frame.what = read_piece(in);
      return frame;
    case Fetched::elsewhere:
      frame.what = FetchElsewhere{};
      return frame;
  }
  in.refuse();
  return frame;
}

void write(Writer& out, const Renew& frame) {
  out.choice(Kind::renew);
  out.word(frame.token);
  out.text(frame.group, frame_text_bytes_max);
  out.text(frame.id, frame_text_bytes_max);
}
Frame read_renew(Reader& in) {
  Renew frame;
  frame.token = in.word<std::uint64_t>();
  frame.group = in.text(frame_text_bytes_max);
  frame.id = in.text(frame_text_bytes_max);
  return frame;
}

void write(Writer& out, const RenewReply& frame) {
  out.choice(Kind::renew_reply);
  out.word(frame.token);
  out.choice(frame.outcome);
}
Frame read_renew_reply(Reader& in) {
  const auto token = in.word<std::uint64_t>();
  return RenewReply{.token = token, .outcome = in.choice(registry::Heartbeat::expiring)};
}

void write(Writer& out, const CutReport& frame) {
  ROLLCALL_CHECK(frame.failed.size() <= cut_reports_max);
  out.choice(Kind::cut_report);
  out.count<std::uint16_t>(frame.failed.size());
  for (const CutReport::Failed& failed : frame.failed) {
    out.text(failed.name, frame_text_bytes_max);
    out.life(failed.life);
  }
}
Frame read_cut_report(Reader& in) {
  CutReport frame;
  const std::size_t count = in.count<std::uint16_t>(cut_reports_max, failed_head_bytes);
  frame.failed.reserve(count);
  for (std::size_t i = 0; i < count && in.is_good(); ++i) {
    CutReport::Failed failed;
    failed.name = read_name(in);
    failed.life = in.life();
    frame.failed.push_back(std::move(failed));
  }
  return frame;
}

void write(Writer& out, const CheckFailed& frame) {
  out.choice(Kind::check_failed);
  out.text(frame.lease.group, frame_text_bytes_max);
  out.text(frame.lease.id, frame_text_bytes_max);
  out.word(frame.lease.granted);
}
Frame read_check_failed(Reader& in) {
  CheckFailed frame;
  frame.lease.group = in.text(frame_text_bytes_max);
  frame.lease.id = in.text(frame_text_bytes_max);
  frame.lease.granted = in.word<std::uint64_t>();
  return frame;
}

std::optional<Frame> read(Kind kind, Reader& in) {
  switch (kind) {
    case Kind::raft:
      return read_raft(in);
    case Kind::begin_ask:
      return read_begin_ask(in);
    case Kind::begin_reply:
      return read_begin_reply(in);
    case Kind::propose:
      return read_propose(in);
    case Kind::propose_refused:
      return read_propose_refused(in);
    case Kind::read:
      return read_read(in);
    case Kind::read_reply:
      return read_read_reply(in);
    case Kind::fetch:
      return read_fetch(in);
    case Kind::fetch_reply:
      return read_fetch_reply(in);
    case Kind::renew:
      return read_renew(in);
    case Kind::renew_reply:
      return read_renew_reply(in);
    case Kind::cut_report:
      return read_cut_report(in);
    case Kind::check_failed:
      return read_check_failed(in);
  }
  return std::nullopt;
}

}  // namespace

void encode_frame(const Frame& frame, ByteVector& out) {
  Writer writer(out);
  std::visit([&](const auto& concrete) { write(writer, concrete); }, frame);
}

std::expected<Frame, FrameError> decode_frame(Bytes bytes) {
  if (bytes.empty() || bytes.size() > frame_bytes_max) {
    return std::unexpected(FrameError::malformed);
  }
  Reader reader(bytes);
  auto frame = read(static_cast<Kind>(reader.word<std::uint8_t>()), reader);
  if (!frame) return std::unexpected(FrameError::unknown_kind);
  if (!reader.is_whole()) return std::unexpected(FrameError::malformed);
  return std::move(*frame);
}

std::string_view to_text(FrameError error) {
  switch (error) {
    case FrameError::unknown_kind:
      return "there is no such frame";
    case FrameError::malformed:
      return "the frame is cut short, too long, or has a value that no rule allows";
  }
  return "unknown";
}

}  // namespace rollcall::consensus
