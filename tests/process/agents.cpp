// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "process/agents.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <iostream>
#include <utility>

namespace rollcall::test {
namespace {

using namespace std::chrono_literals;

constexpr auto answer_timeout = 10s;

std::string text_of(const Json& object, const char* key) {
  if (!object.is_object() || !object.contains(key) || !object[key].is_string()) return "";
  return object[key].get<std::string>();
}

std::string member_of(const Json& event) {
  if (!event.contains("member")) return "";
  return event["member"].is_string() ? text_of(event, "member") : text_of(event["member"], "name");
}

}  // namespace

AgentProcess::AgentProcess(AgentSetup setup, std::filesystem::path directory)
    : setup_(std::move(setup)),
      directory_(std::move(directory)) {
  bind_.emplace_back();
  std::filesystem::create_directories(directory_);
}

std::vector<std::string> AgentProcess::command() const {
  std::vector<std::string> words{ROLLCALL_BINARY, "agent", "--name", setup_.name,
                                 "--bind",        bind(),  "--http", http()};
  if (setup_.data == AgentSetup::Data::kept) {
    words.emplace_back("--data-dir");
    words.push_back(data_directory().string());
  }
  if (setup_.join.empty()) words.emplace_back("--is-introducer");
  for (const std::string& seed : setup_.join) {
    words.emplace_back("--join");
    words.push_back(seed);
  }
  words.insert(words.end(), setup_.flags.begin(), setup_.flags.end());
  return words;
}

void AgentProcess::start() {
  child_.reset();
  child_ = std::make_unique<Child>(ChildPlan{.command = command(),
                                             .out = log_file(),
                                             .err = log_file(),
                                             .environment = setup_.environment});
}

void AgentProcess::move_to_new_address() {
  bind_.emplace_front();
}

void AgentProcess::kill() {
  child_->signal(SIGKILL);
  child_->wait();
}

std::optional<http::ClientResponse> AgentProcess::request(
    const http::ClientRequest& request) const {
  auto answer = http::fetch({"127.0.0.1", http_.number()}, request, answer_timeout);
  if (!answer) return std::nullopt;
  return *std::move(answer);
}

Json AgentProcess::get(const std::string& target) const {
  const auto answer = request({.target = target});
  Json json = answer ? Json::parse(answer->body, nullptr, false) : Json();
  return json.is_object() ? json : Json::object();
}

unsigned AgentProcess::status_of(const std::string& target) const {
  const auto answer = request({.target = target});
  return answer ? answer->status : 0;
}

bool AgentProcess::has_kept(const std::string& text) const {
  // The file of the members, and what SQLite has written ahead of it; raft.db names peers too.
  return std::ranges::any_of(std::array{"rollcall.db", "rollcall.db-wal"}, [&](const char* file) {
    return read_file(data_directory() / file).contains(text);
  });
}

std::string AgentProcess::phase() const {
  return text_of(get("/v1/status"), "phase");
}

Json AgentProcess::member(const std::string& name) const {
  const Json list = get("/v1/members");
  if (!list.is_object() || !list.contains("members")) return {};
  for (const Json& member : list["members"]) {
    if (text_of(member, "name") == name) return member;
  }
  return {};
}

std::string AgentProcess::state_of(const std::string& name) const {
  return text_of(member(name), "state");
}

std::string AgentProcess::id_of(const std::string& name) const {
  return text_of(member(name), "id");
}

std::vector<Json> AgentProcess::events() const {
  std::vector<Json> events;
  const Json status = get("/v1/status");
  const auto newest = status.is_object() ? status.value("event_index", std::uint64_t{0}) : 0;
  if (newest == 0) return events;
  const auto on_event = [&events, newest](const http::StreamEvent& event) {
    Json json = Json::parse(event.data, nullptr, false);
    if (!json.is_object() || !json.contains("index")) return http::Flow::go_on;
    const bool is_last = json["index"].get<std::uint64_t>() >= newest;
    events.push_back(std::move(json));
    return is_last ? http::Flow::stop : http::Flow::go_on;
  };
  (void)http::follow({"127.0.0.1", http_.number()}, {.target = "/v1/events?since=0"},
                     {.open = answer_timeout, .silence = answer_timeout},
                     {.opened = {}, .event = on_event});
  return events;
}

std::size_t AgentProcess::count(const std::string& type, const std::string& member) const {
  const std::vector<Json> all = events();
  return static_cast<std::size_t>(std::ranges::count_if(all, [&](const Json& event) {
    return text_of(event, "type") == type && member_of(event) == member;
  }));
}

// --- the fixture ---------------------------------------------------------------------------------

AgentProcess& ProcessTest::prepare(AgentSetup setup) {
  const auto place = directory() / (std::to_string(agents_.size()) + "-" + setup.name);
  return *agents_.emplace_back(std::make_unique<AgentProcess>(std::move(setup), place));
}

AgentProcess& ProcessTest::start(AgentSetup setup) {
  AgentProcess& agent = prepare(std::move(setup));
  agent.start();
  return agent;
}

std::vector<AgentProcess*> ProcessTest::start_cluster(std::size_t size,
                                                      const std::vector<std::string>& flags) {
  std::vector<AgentProcess*> cluster{&start({.name = "n1", .flags = flags})};
  while (cluster.size() < size) {
    cluster.push_back(&start({.name = "n" + std::to_string(cluster.size() + 1),
                              .join = {cluster.front()->bind()},
                              .flags = flags}));
  }
  EXPECT_TRUE(eventually([&] { return all_see_all(cluster); })) << "the cluster did not form";
  return cluster;
}

bool ProcessTest::all_list(const std::vector<AgentProcess*>& observers, const std::string& member,
                           const std::string& state) {
  return std::ranges::all_of(
      observers, [&](const AgentProcess* agent) { return agent->state_of(member) == state; });
}

bool ProcessTest::all_see_all(const std::vector<AgentProcess*>& agents) {
  return std::ranges::all_of(
      agents, [&](const AgentProcess* agent) { return all_list(agents, agent->name(), "alive"); });
}

RunResult ProcessTest::rollcall(const std::vector<std::string>& words,
                                const std::vector<std::string>& environment) {
  std::vector<std::string> command{ROLLCALL_BINARY};
  command.insert(command.end(), words.begin(), words.end());
  return run(command, environment);
}

void ProcessTest::TearDown() {
  if (!HasFailure()) return;
  for (const auto& agent : agents_) {
    std::cerr << "--- log of " << agent->name() << " (" << agent->bind() << ", http "
              << agent->http() << ")\n"
              << agent->log();
    for (const Json& event : agent->events()) std::cerr << event.dump() << '\n';
  }
}

}  // namespace rollcall::test
