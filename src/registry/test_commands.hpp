// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <rapidcheck.h>

#include "registry/commands.hpp"
#include "registry/registry.hpp"

/// Commands for tests: short ways to write them, and random ones.
namespace rollcall::registry {

using namespace std::chrono_literals;

inline Life life(std::uint64_t boot) {
  return {.boot = boot, .id = {0xA, boot}};
}

inline MemberSpec client(std::string id, Duration ttl = 0s) {
  MemberSpec spec;
  spec.id = std::move(id);
  spec.address = "10.0.0.1:80";
  spec.ttl = ttl;
  return spec;
}
inline MemberSpec server(std::string id, std::uint64_t boot) {
  MemberSpec spec = client(std::move(id));
  spec.life = life(boot);
  return spec;
}

/// A client that says all that one can.
inline MemberSpec whole_spec() {
  MemberSpec spec = client("worker-1", 5s);
  spec.life = life(3);
  spec.meta = {{"rack", "r1"}, {"zone", "eu"}};
  spec.check = {.kind = CheckKind::http,
                .target = "http://10.0.0.1:80/health",
                .interval = 1s,
                .timeout = 200ms,
                .misses = 3};
  return spec;
}

/// Few names, so that random commands meet.
inline rc::Gen<std::string> any_name() {
  return rc::gen::element<std::string>("a", "b", "c", "d", "e");
}
inline rc::Gen<std::string> any_group() {
  return rc::gen::element<std::string>("jobs", "web", "db", "auto");
}
inline rc::Gen<Meta> any_meta() {
  return rc::gen::exec([] {
    Meta meta;
    for (const char* key : {"k\xc3\xa4se", "rack", "zone"}) {
      const auto value = *rc::gen::element<std::string>("-", "", "1", "two words");
      if (value != "-") meta.push_back({key, value});
    }
    return meta;
  });
}
inline rc::Gen<Life> any_life() {
  return rc::gen::map(rc::gen::inRange(1, 5), life);
}

inline rc::Gen<MemberSpec> any_client() {
  return rc::gen::exec([] {
    MemberSpec spec = client(*any_name(), *rc::gen::element<Duration>(0s, 100ms, 10s));
    if (*rc::gen::arbitrary<bool>()) spec.life = *any_life();
    spec.meta = *any_meta();
    if (*rc::gen::inRange(0, 3) == 0) {
      spec.check = {.kind = CheckKind::tcp,
                    .target = "10.0.0.1:80",
                    .interval = 1s,
                    .timeout = 500ms,
                    .misses = *rc::gen::inRange<std::uint16_t>(1, 4)};
    }
    return spec;
  });
}
inline rc::Gen<RequestId> any_request() {
  return rc::gen::exec([] {
    if (*rc::gen::inRange(0, 3) == 0) return RequestId{};
    const auto below = *rc::gen::inRange<std::uint64_t>(1, 4);
    return RequestId{.client = {0, *rc::gen::inRange<std::uint64_t>(1, 4)},
                     .sequence = below + *rc::gen::inRange<std::uint64_t>(0, 6),
                     .answered_below = below};
  });
}

/// One entry a name at most.
template <class Entry>
void keep_each_once(std::vector<Entry>& entries) {
  std::ranges::stable_sort(entries, {}, &Entry::id);
  const auto rest = std::ranges::unique(entries, {}, &Entry::id);
  entries.erase(rest.begin(), rest.end());
}
inline rc::Gen<ChangeCluster> any_change() {
  return rc::gen::exec([] {
    ChangeCluster change;
    const int removed = *rc::gen::inRange(0, 3);
    for (int i = 0; i < removed; ++i) {
      change.removed.push_back({*any_name(), *any_life(),
                                *rc::gen::element(Cause::left, Cause::failed, Cause::removed)});
    }
    const int joined = *rc::gen::inRange(removed == 0 ? 1 : 0, 3);
    for (int i = 0; i < joined; ++i) {
      MemberSpec spec = server(*any_name(), 1);
      spec.life = *any_life();
      spec.meta = *any_meta();
      change.joined.push_back(std::move(spec));
    }
    keep_each_once(change.removed);
    keep_each_once(change.joined);
    return change;
  });
}
inline rc::Gen<Command> any_command() {
  return rc::gen::exec([] {
    Command command;
    command.request = *any_request();
    const int kind = *rc::gen::inRange(0, 8);
    if (kind < 4) {
      command.action = Join{*any_group(), *any_client()};
    } else if (kind == 4) {
      Leave leave{*any_group(), *any_name(), {}};
      if (*rc::gen::arbitrary<bool>()) leave.life = *any_life();
      command.action = leave;
    } else if (kind == 5) {
      Evict evict{*rc::gen::element(Cause::expired, Cause::check_failed), {}};
      const int count = *rc::gen::inRange(1, 5);
      for (int i = 0; i < count; ++i) {
        evict.leases.push_back(
            {*any_group(), *any_name(), *rc::gen::inRange<std::uint64_t>(1, 60)});
      }
      command.action = evict;
    } else {
      command.action = *any_change();
    }
    return command;
  });
}

}  // namespace rollcall::registry
