// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/groups_impl.hpp"

#include <algorithm>
#include <utility>

#include "registry/registry.hpp"
#include "runtime/groups_conversion.hpp"
#include "runtime/groups_copies.hpp"

namespace rollcall::runtime {
namespace {

using consensus::RequestFailure;

Error closed_error() {
  return {ErrorCode::closed, "the agent is closed", {}};
}

Error refusal_error(AgreementLoop::Refusal refusal) {
  switch (refusal) {
    case AgreementLoop::Refusal::closed:
      break;
    case AgreementLoop::Refusal::frozen:
      return {ErrorCode::frozen,
              "this member is frozen on purpose, and does nothing before that ends; setting other "
              "faults, or none, ends it",
              {}};
    case AgreementLoop::Refusal::overloaded:
      return to_error(RequestFailure::overloaded, {});
  }
  return closed_error();
}

Error failure_error(AgreementLoop& loop, RequestFailure failure) {
  if (loop.is_stopped()) return closed_error();
  return to_error(failure, loop.trouble());
}

/// Runs work(loop, done) on the agreement's thread, or says at once or there why not.
template <class Done, class Work>
void run(const std::shared_ptr<AgreementLoop>& loop, Done done, Work work) {
  const auto shared = std::make_shared<Done>(std::move(done));
  const auto refusal = loop->post(
      [&loop = *loop, shared, work = std::move(work)](AgreementLoop::Standing standing) mutable {
        if (standing == AgreementLoop::Standing::closed) {
          return (*shared)(std::unexpected(closed_error()));
        }
        work(loop, std::move(*shared));
      });
  if (refusal) (*shared)(std::unexpected(refusal_error(*refusal)));
}

/// Runs work(loop, done) when what is here is as new as was asked for.
template <class Done, class Work>
void run_read(const std::shared_ptr<AgreementLoop>& loop, Consistency consistency, Duration timeout,
              Done done, Work work) {
  if (consistency == Consistency::local) return run(loop, std::move(done), std::move(work));
  run(loop, std::move(done),
      [timeout, work = std::move(work)](AgreementLoop& here, Done answer) mutable {
        here.read(timeout, [&here, answer = std::move(answer),
                            work = std::move(work)](std::expected<void, RequestFailure> result) {
          if (!result) return answer(std::unexpected(failure_error(here, result.error())));
          Done last = answer;
          work(here, std::move(last));
        });
      });
}

/// What the answer to a write becomes for its asker.
AgreementLoop::OnResult outcome_of(AgreementLoop& loop, std::string group, std::string id,
                                   Groups::Callback<GroupOutcome> done) {
  return [&loop, group = std::move(group), id = std::move(id),
          done = std::move(done)](std::expected<registry::Result, RequestFailure> result) {
    if (!result) return done(std::unexpected(failure_error(loop, result.error())));
    auto outcome = to_outcome(*result, group, id);
    if (outcome) {
      const registry::Group* const found = loop.registry().find(outcome->group);
      const registry::Member* const leader = found == nullptr ? nullptr : found->leader();
      outcome->leads = leader != nullptr && leader->spec.id == id;
    }
    done(std::move(outcome));
  };
}

}  // namespace

// --- Writes ----------------------------------------------------------------------------------

void GroupsImpl::join(const std::string& group, const GroupMemberSpec& member, Timeout timeout,
                      Callback<GroupOutcome> done) {
  auto join = checked_join(group, member);
  if (!join) return done(std::unexpected(std::move(join).error()));
  run(loop_, std::move(done),
      [join = std::move(*join), timeout](AgreementLoop& loop, auto answer) mutable {
        auto on_result = outcome_of(loop, join.group, join.member.id, std::move(answer));
        loop.submit(std::move(join), timeout, std::move(on_result));
      });
}

void GroupsImpl::leave(const std::string& group, const std::string& id, Timeout timeout,
                       Callback<GroupOutcome> done) {
  if (auto checked = check_client(group, id); !checked) {
    return done(std::unexpected(std::move(checked).error()));
  }
  run(loop_, std::move(done), [group, id, timeout](AgreementLoop& loop, auto answer) {
    loop.submit(registry::Leave{.group = group, .id = id, .life = {}}, timeout,
                outcome_of(loop, group, id, std::move(answer)));
  });
}

void GroupsImpl::remove(const std::string& group, const std::string& id, Timeout timeout,
                        Callback<GroupOutcome> done) {
  if (auto checked = check_removal(group, id); !checked) {
    return done(std::unexpected(std::move(checked).error()));
  }
  const auto submit = [group, id, timeout](AgreementLoop& loop, Callback<GroupOutcome> answer) {
    loop.submit_removal(group, id, timeout, outcome_of(loop, group, id, std::move(answer)));
  };
  // Whom this agent has not heard of yet must be found before he can be removed.
  run(loop_, std::move(done), [group, id, timeout, submit](AgreementLoop& loop, auto answer) {
    const registry::Group* const found = loop.registry().find(group);
    if (found != nullptr && found->find(id) != nullptr) return submit(loop, std::move(answer));
    loop.read(timeout, [&loop, submit,
                        answer = std::move(answer)](std::expected<void, RequestFailure> result) {
      if (!result) return answer(std::unexpected(failure_error(loop, result.error())));
      submit(loop, answer);
    });
  });
}

void GroupsImpl::heartbeat(const std::string& group, const std::string& id, Timeout timeout,
                           Callback<void> done) {
  if (auto checked = check_client(group, id); !checked) {
    return done(std::unexpected(std::move(checked).error()));
  }
  run(loop_, std::move(done), [group, id, timeout](AgreementLoop& loop, auto answer) {
    loop.heartbeat(group, id, timeout,
                   [&loop, group, id, answer = std::move(answer)](
                       std::expected<registry::Heartbeat, RequestFailure> result) {
                     if (!result) {
                       return answer(std::unexpected(failure_error(loop, result.error())));
                     }
                     answer(to_heartbeat_answer(*result, group, id));
                   });
  });
}

// --- Reads -----------------------------------------------------------------------------------

void GroupsImpl::list(Consistency consistency, Timeout timeout, Callback<std::vector<View>> done) {
  run_read(loop_, consistency, timeout, std::move(done),
           [](AgreementLoop& loop, auto answer) { copy_views(loop, std::move(answer)); });
}

void GroupsImpl::get(const std::string& group, Consistency consistency, Timeout timeout,
                     Callback<Group> done) {
  run_read(loop_, consistency, timeout, std::move(done), [group](AgreementLoop& loop, auto answer) {
    copy_group(loop, group, std::move(answer));
  });
}

void GroupsImpl::views(std::uint64_t since, Callback<std::vector<View>> done) {
  run(loop_, std::move(done), [since](AgreementLoop& loop, auto answer) {
    const registry::Registry& registry = loop.registry();
    const std::size_t size = std::max<std::size_t>(registry.cluster().size(), 1);
    const std::size_t count_max = std::max<std::size_t>(view_members_max / size, 1);
    std::vector<View> views;
    for (registry::View& view : registry.views_since(registry::cluster_group, since, count_max)) {
      views.push_back(to_public(std::move(view)));
    }
    answer(std::move(views));
  });
}

void GroupsImpl::changes(const std::string& group, std::uint64_t after,
                         Callback<std::vector<std::shared_ptr<const ViewChange>>> done) {
  run(loop_, std::move(done), [group, after](AgreementLoop& loop, auto answer) {
    copy_changes(loop, group, after, std::move(answer));
  });
}

std::expected<ClusterLeader, Error> GroupsImpl::leader() const {
  return loop_->board().leader();
}

AgreementStatus GroupsImpl::status() const {
  return loop_->board().status();
}

// --- News ------------------------------------------------------------------------------------

Subscription GroupsImpl::on_change(OnChange callback) {
  return loop_->board().changes.subscribe(std::move(callback));
}

Subscription GroupsImpl::on_leader(OnLeader callback) {
  return loop_->board().leaders.subscribe(std::move(callback));
}

}  // namespace rollcall::runtime
