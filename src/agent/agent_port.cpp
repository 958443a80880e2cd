// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/agent_port.hpp"

#include <utility>

namespace rollcall::agent {

Tags changed_tags(Tags tags, const TagChanges& changes) {
  for (const auto& [name, value] : changes) {
    if (value) {
      tags.insert_or_assign(name, *value);
    } else {
      tags.erase(name);
    }
  }
  return tags;
}

void LiveAgentPort::change_tags(const TagChanges& changes, TagsCallback done) {
  run_later_([this, changes, done = std::move(done)] {
    Tags tags = changed_tags(tags_, changes);
    if (auto set = agent_.set_tags(tags); !set) {
      return done(std::unexpected(std::move(set).error()));
    }
    tags_ = tags;
    done(std::move(tags));
  });
}

}  // namespace rollcall::agent
