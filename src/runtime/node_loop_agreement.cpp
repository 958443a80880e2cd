// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <boost/asio/post.hpp>

#include "runtime/agent_tags.hpp"
#include "runtime/node_loop.hpp"

/// What a node loop and the agreement beside it have to do with each other.
namespace rollcall::runtime {

/// For what is neither refused nor lost while the member is frozen.
template <class Call>
void NodeLoop::call_thawed(Call call) {
  boost::asio::post(loop_.io(), [self = shared_from_this(), call = std::move(call)]() mutable {
    if (self->is_stopped_) return;
    if (!self->is_frozen()) return call(*self);
    self->faults_->after_thaw(
        [self, call = std::move(call)]() mutable { self->call_thawed(std::move(call)); });
  });
}

void NodeLoop::keep_log(const consensus::LogId& log) {
  if (store_) store_->save_log(log);
}

void NodeLoop::set_system_tag(std::string key, std::string value) {
  call_thawed([key = std::move(key), value = std::move(value)](NodeLoop& loop) {
    if (value.empty()) {
      loop.system_tags_.erase(key);
    } else {
      loop.system_tags_.insert_or_assign(key, value);
    }
    loop.execute(core::SetTagsCommand{user_tags(loop.node_.config().tags)},
                 [weak = loop.weak_from_this()](const Outcome& outcome) {
                   const auto self = weak.lock();
                   if (self && outcome) self->on_system_tag_set(outcome->result);
                 });
  });
}

void NodeLoop::on_system_tag_set(core::CommandResult result) {
  if (is_stopped_ || result == core::CommandResult::done) return;
  add_warning(
      "this member's tags leave no room to tell the others how it votes, so that it may not be "
      "chosen to vote; shorten the tags");
  publish();
}

void NodeLoop::begin_life(const LifeId& ended) {
  call_thawed([ended](NodeLoop& loop) {
    loop.execute(core::BeginLifeCommand{ended}, [](const Outcome&) {});
  });
}

void NodeLoop::tell(std::vector<AgreementNews> news) {
  call_thawed([news = std::move(news)](NodeLoop& loop) {
    for (const AgreementNews& one : news) {
      loop.add_warning(one.message);
      loop.events_.back().type = one.type;
      loop.events_.back().view = one.view;
    }
    loop.publish();
  });
}

/// What a user sets leaves rollcall's own tags as they are.
void NodeLoop::add_system_tags(core::Command& command) const {
  auto* const set = std::get_if<core::SetTagsCommand>(&command);
  if (set != nullptr) set->tags.insert(system_tags_.begin(), system_tags_.end());
}

}  // namespace rollcall::runtime
