// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/registry_copy.hpp"

#include <utility>

#include <sys/resource.h>
#include <unistd.h>

#include "base/check.hpp"
#include "runtime/clock.hpp"

namespace rollcall::runtime {
namespace {

/// Commits come first where the processors are busy. Of this thread alone, as Linux has it.
constexpr int niceness = 10;

void give_way() {
  static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness));
}

}  // namespace

RegistryCopy::RegistryCopy(const LifeId& cluster, Read read)
    : cluster_(cluster),
      read_(std::move(read)),
      registry_(cluster),
      thread_("rollcall-copy", jobs_max, Worker::AtEnd::finish) {
  post([] { give_way(); });
}

void RegistryCopy::post(std::function<void()> job) {
  ROLLCALL_CHECK(thread_.post([this, job = std::move(job)] {
    if (!is_stopped_) job();
  }));
}

void RegistryCopy::apply(std::vector<Command> commands) {
  post([this, commands = std::move(commands)] { apply_all(commands); });
}

void RegistryCopy::apply_all(const std::vector<Command>& commands) {
  for (const Command& command : commands) {
    if (!trouble_.empty()) return;
    if (command.term < registry_.term() || command.index <= registry_.index()) {
      trouble_ = "the log has an entry at index " + std::to_string(command.index) +
                 " that contradicts those before it";
      return;
    }
    const auto applied = registry_.apply(
        {.term = command.term, .index = command.index, .command = Bytes(command.bytes)});
    if (!applied) {
      trouble_ = "the log has a command of a later version of rollcall, at index " +
                 std::to_string(command.index) + "; update this member";
    }
  }
}

void RegistryCopy::restore(raft::SnapshotMeta snapshot) {
  post([this, snapshot = std::move(snapshot)] { restore_now(snapshot); });
}

void RegistryCopy::restore_now(const raft::SnapshotMeta& snapshot) {
  const auto data = read_all(snapshot);
  if (!data) {
    trouble_ = data.error().message;
    return;
  }
  if (data->empty()) {  // another was installed meanwhile, whose restore follows
    trouble_ = "the snapshot was replaced while it was read";
    return;
  }
  auto registry = registry::Registry::restore(*data, cluster_);
  if (!registry) {
    trouble_ = "the snapshot cannot be used (" + std::string(to_text(registry.error())) + ")";
    return;
  }
  registry_ = std::move(*registry);
  trouble_.clear();
}

void RegistryCopy::take(OnTaken done) {
  post([this, done = std::move(done)] {
    if (!trouble_.empty()) return done(std::unexpected(trouble_));
    const Instant begun = current_instant();
    ByteVector data = registry_.snapshot();
    done(Taken{std::move(data), current_instant() - begun});
  });
}

void RegistryCopy::read(raft::SnapshotMeta snapshot, OnRead done) {
  post(
      [this, snapshot = std::move(snapshot), done = std::move(done)] { done(read_all(snapshot)); });
}

std::expected<ByteVector, Error> RegistryCopy::read_all(const raft::SnapshotMeta& snapshot) const {
  ByteVector data;
  while (data.size() < snapshot.size && !is_stopped_) {
    const auto piece = read_(snapshot.last, data.size(), read_bytes);
    if (!piece) return std::unexpected(piece.error());
    if (piece->empty()) return ByteVector();
    data.insert(data.end(), piece->begin(), piece->end());
  }
  return data;
}

}  // namespace rollcall::runtime
