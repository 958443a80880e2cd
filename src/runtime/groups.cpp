// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "rollcall/groups.hpp"

#include <future>
#include <memory>
#include <utility>

#include "runtime/groups_impl.hpp"

namespace rollcall {
namespace {

/// Starts something that calls back with the result, and waits for it.
template <class T, class Start>
std::expected<T, Error> wait_for(const Groups& groups, Start start) {
  const auto* const impl = dynamic_cast<const runtime::GroupsImpl*>(&groups);
  if (impl != nullptr && !impl->may_wait()) {
    return std::unexpected(Error{ErrorCode::not_allowed,
                                 "this would wait on the agreement's own thread; give a callback",
                                 {}});
  }
  const auto promise = std::make_shared<std::promise<std::expected<T, Error>>>();
  auto future = promise->get_future();
  start([promise](std::expected<T, Error> result) { promise->set_value(std::move(result)); });
  return future.get();
}

}  // namespace

std::string_view to_text(CheckType type) {
  switch (type) {
    case CheckType::none:
      return "none";
    case CheckType::tcp:
      return "tcp";
    case CheckType::http:
      return "http";
  }
  return "unknown";
}

std::expected<GroupOutcome, Error> Groups::join(const std::string& group,
                                                const GroupMemberSpec& member, Timeout timeout) {
  return wait_for<GroupOutcome>(*this,
                                [&](auto done) { join(group, member, timeout, std::move(done)); });
}

std::expected<GroupOutcome, Error> Groups::leave(const std::string& group, const std::string& id,
                                                 Timeout timeout) {
  return wait_for<GroupOutcome>(*this,
                                [&](auto done) { leave(group, id, timeout, std::move(done)); });
}

std::expected<void, Error> Groups::heartbeat(const std::string& group, const std::string& id,
                                             Timeout timeout) {
  return wait_for<void>(*this, [&](auto done) { heartbeat(group, id, timeout, std::move(done)); });
}

std::expected<Group, Error> Groups::get(const std::string& group, Consistency consistency,
                                        Timeout timeout) {
  return wait_for<Group>(*this,
                         [&](auto done) { get(group, consistency, timeout, std::move(done)); });
}

}  // namespace rollcall
