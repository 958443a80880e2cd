// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/member_codec.hpp"

#include "base/text.hpp"
#include "registry/limits.hpp"
#include "registry/rules.hpp"

namespace rollcall::registry {
namespace {

constexpr std::size_t name_bytes_max = 128;
constexpr std::size_t meta_entry_bytes_min = 5;

Duration read_duration(Reader& in) {
  const auto nanoseconds = in.word<std::uint64_t>();
  if (nanoseconds <= static_cast<std::uint64_t>(Duration::max().count())) {
    return Duration(static_cast<Duration::rep>(nanoseconds));
  }
  in.refuse();
  return {};
}

Check read_check(Reader& in) {
  Check check;
  check.kind = in.choice(CheckKind::http);
  if (check.kind == CheckKind::none) return check;
  check.target = in.text(check_target_bytes_max);
  check.interval = read_duration(in);
  check.timeout = read_duration(in);
  check.misses = in.word<std::uint16_t>();
  return check;
}

void write_check(Writer& out, const Check& check) {
  out.choice(check.kind);
  if (check.kind == CheckKind::none) return;
  out.text(check.target);
  write(out, check.interval);
  write(out, check.timeout);
  out.word(check.misses);
}

std::vector<Member> read_members(Reader& in) {
  const std::size_t count = in.count(batch_entries_max, spec_bytes_min);
  std::vector<Member> members;
  for (std::size_t i = 0; i < count && in.is_good(); ++i) members.push_back(read_member(in));
  return members;
}

}  // namespace

void write(Writer& out, Duration duration) {
  ROLLCALL_CHECK(duration >= Duration::zero());
  out.word(static_cast<std::uint64_t>(duration.count()));
}
void write(Writer& out, const MemberSpec& spec) {
  out.text(spec.id);
  out.life(spec.life);
  out.text(spec.address);
  write(out, spec.ttl);
  out.count(spec.meta.size());
  for (const MetaEntry& entry : spec.meta) {
    out.text(entry.key);
    out.text(entry.value);
  }
  write_check(out, spec.check);
}
void write(Writer& out, const Member& member) {
  write(out, member.spec);
  out.word(member.since);
  out.word(member.standing);
  out.word(member.granted);
}
void write(Writer& out, const Departure& departure) {
  out.text(departure.id);
  out.life(departure.life);
  out.word(departure.standing);
  out.choice(departure.cause);
}
void write(Writer& out, const ViewDelta& delta) {
  out.text(delta.group);
  out.word(delta.number);
  out.choice(delta.cause);
  out.word(delta.term);
  out.word(delta.index);
  out.text(delta.leader);
  out.count(delta.left.size());
  for (const Departure& one : delta.left) write(out, one);
  out.count(delta.joined.size());
  for (const Member& one : delta.joined) write(out, one);
  out.count(delta.updated.size());
  for (const Member& one : delta.updated) write(out, one);
}

std::string read_name(Reader& in) {
  std::string name(in.text(name_bytes_max));
  in.require(is_valid_name(name));
  return name;
}
MemberSpec read_spec(Reader& in) {
  MemberSpec spec;
  spec.id = in.text(name_bytes_max);
  spec.life = in.life();
  spec.address = in.text(address_bytes_max);
  spec.ttl = read_duration(in);
  const std::size_t count = in.count(meta_entries_max, meta_entry_bytes_min);
  spec.meta.reserve(count);
  for (std::size_t i = 0; i < count && in.is_good(); ++i) {
    std::string key(in.text(meta_key_bytes_max));
    spec.meta.push_back({std::move(key), std::string(in.text(meta_value_bytes_max))});
  }
  spec.check = read_check(in);
  in.require(in.is_good() && !problem_with(spec));
  return spec;
}
Member read_member(Reader& in) {
  Member member;
  member.spec = read_spec(in);
  member.since = in.word<std::uint64_t>();
  member.standing = in.word<std::uint64_t>();
  member.granted = in.word<std::uint64_t>();
  return member;
}
Departure read_departure(Reader& in) {
  Departure departure;
  departure.id = read_name(in);
  departure.life = in.life();
  departure.standing = in.word<std::uint64_t>();
  departure.cause = in.choice(Cause::removed);
  return departure;
}
ViewDelta read_delta(Reader& in) {
  ViewDelta delta;
  delta.group = read_name(in);
  delta.number = in.word<std::uint64_t>();
  delta.cause = in.choice(Cause::removed);
  delta.term = in.word<std::uint64_t>();
  delta.index = in.word<std::uint64_t>();
  delta.leader = in.text(name_bytes_max);
  in.require(delta.leader.empty() || is_valid_name(delta.leader));
  const std::size_t count = in.count(batch_entries_max, departure_bytes_min);
  for (std::size_t i = 0; i < count && in.is_good(); ++i) {
    delta.left.push_back(read_departure(in));
  }
  delta.joined = read_members(in);
  delta.updated = read_members(in);
  return delta;
}

}  // namespace rollcall::registry
