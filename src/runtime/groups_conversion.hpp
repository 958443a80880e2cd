// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <string>

#include "consensus/agreement.hpp"
#include "registry/registry.hpp"
#include "rollcall/groups.hpp"

/// Between the registry's words and those of the embedding API.
namespace rollcall::runtime {

/// Errors: invalid_option with the field, or not_allowed where the group is not for clients. What
///         is given back keeps every rule of the registry.
std::expected<registry::Join, Error> checked_join(const std::string& group,
                                                  const GroupMemberSpec& member);
/// Whether these may name a group of clients and one of them.
std::expected<void, Error> check_client(const std::string& group, const std::string& id);
/// As check_client(), and the group `cluster` too.
std::expected<void, Error> check_removal(const std::string& group, const std::string& id);

GroupMember to_public(const registry::Member& member, std::string_view group,
                      const registry::Registry& registry);
View to_public(registry::View view);
/// What a change tells of a view without its members.
View to_public_heading(const registry::ViewDelta& delta);
enum class MembersTold : std::uint8_t {
  no,
  /// Where the registry is as right after the change, and there are at most
  /// ViewChange::members_told_max of them; of `cluster` all.
  if_few
};
std::shared_ptr<const ViewChange> to_public(const registry::ViewDelta& delta,
                                            const registry::Registry& registry,
                                            MembersTold told = MembersTold::if_few);

/// What a committed request did.
std::expected<GroupOutcome, Error> to_outcome(const registry::Result& result,
                                              const std::string& group, const std::string& id);

std::expected<void, Error> to_heartbeat_answer(registry::Heartbeat heartbeat,
                                               const std::string& group, const std::string& id);

/// Why a request was not done. `trouble`: LogStatus's, or empty.
Error to_error(consensus::RequestFailure failure, const std::string& trouble);
Error unknown_group(const std::string& group);
Error unknown_client(const std::string& group, const std::string& id);

}  // namespace rollcall::runtime
