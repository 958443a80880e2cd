// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/running_agent.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include "agent/api.hpp"
#include "agent/version.hpp"
#include "base/address.hpp"
#include "http/guard.hpp"

namespace rollcall::agent {
namespace {

using namespace std::chrono_literals;
using Clock = MainLoop::Clock;

/// How long answers under way may take when the agent stops.
constexpr auto http_grace = 500ms;
/// How often the phase is looked at, while it is about to change and otherwise.
constexpr auto look_interval_joining = 100ms;
constexpr auto look_interval = 1s;
/// A leave ends by itself after its own timeout; this much later something is wrong.
constexpr auto leave_margin = 1s;

StartFailure http_failure(const http::BindError& error) {
  using Kind = http::BindError::Kind;
  const bool is_usage = error.kind == Kind::bad_address;
  return {.exit_code = is_usage ? 2 : 1,
          .text = "agent: the HTTP API " + error.message +
                  "; choose another --http HOST:PORT, or --http off"};
}

StartFailure agent_failure(const Config& config, const Error& error) {
  if (error.code != ErrorCode::invalid_option) {
    return {.exit_code = 1, .text = "agent: " + error.message};
  }
  return {
      .exit_code = 2,
      .text = to_text(ConfigProblem{config.origin_of(error.field), error.field, error.message})};
}

/// The configuration with what was found at the start.
Config in_force(Config config, const Agent& agent) {
  config.settings.name = agent.options().name;
  config.settings.bind = agent.options().bind;
  config.settings.advertise = agent.address();
  return config;
}

LogLevel level_of(EventType type) {
  switch (type) {
    case EventType::member_suspect:
    case EventType::member_failed:
    case EventType::protocol_warning:
      return LogLevel::warn;
    case EventType::name_conflict:
      return LogLevel::error;
    case EventType::member_join:
    case EventType::member_alive:
    case EventType::member_leave:
    case EventType::member_update:
    case EventType::member_reap:
    case EventType::protocol_changed:
    case EventType::view:
    case EventType::leader_changed:
      break;
  }
  return LogLevel::info;
}

/// What became of the cluster's settings: from which version to which, and each that changed.
void append_change(LogFields& fields, const SettingsNews& news) {
  fields["from"] = news.from.number;
  fields["to"] = news.to.number;
  fields["scope"] = news.is_local ? "local" : "cluster";
  for (const SettingDifference& one : news.differences) {
    fields[one.name] = one.from + " -> " + one.to;
  }
}

/// Whether "HOST:PORT" is on this very host, whichever host reads it.
bool is_loopback_host(const std::string& host_port) {
  const auto parsed = parse_host_port(host_port, std::uint16_t{0});
  return parsed &&
         (parsed->host == "localhost" || parsed->host == "::1" || parsed->host.starts_with("127."));
}

Clock::time_point after(Clock::time_point now, Duration interval) {
  if (interval == Duration::zero()) return Clock::time_point::max();
  return now + std::chrono::duration_cast<Clock::duration>(interval);
}

}  // namespace

std::expected<std::unique_ptr<RunningAgent>, StartFailure> RunningAgent::start(
    Config config, std::vector<std::string> seeds, Log& log, MainLoop& loop) {
  std::unique_ptr<http::Server> server;
  if (!config.settings.http.empty()) {
    auto bound = http::Server::bind(config.settings.http, {});
    if (!bound) return std::unexpected(http_failure(bound.error()));
    server = std::move(*bound);
    config.settings.http = server->address();
  }
  Options options = to_options(config.settings, config.settings.join);
  auto password = registry_password_of(config);
  if (!password) return std::unexpected(StartFailure{2, to_text(password.error())});
  options.agreement.registry_password = std::move(*password);
  auto agent = Agent::create(std::move(options));
  if (!agent) return std::unexpected(agent_failure(config, agent.error()));
  config = in_force(std::move(config), *agent);

  std::unique_ptr<RunningAgent> running(
      new RunningAgent(std::move(config), std::move(seeds), std::move(*agent), log, loop));
  if (server) running->serve(std::move(server));
  running->log_start();
  running->begin_event_log();
  return running;
}

RunningAgent::RunningAgent(Config config, std::vector<std::string> seeds, Agent agent, Log& log,
                           MainLoop& loop)
    : log_(log),
      loop_(loop),
      seeds_(std::move(seeds)),
      agent_(std::move(agent)),
      config_(std::move(config)),
      port_(agent_, [&loop](std::function<void()> work) { loop.post(std::move(work)); }),
      next_stats_(after(Clock::now(), config_.get()->settings.stats_interval)),
      next_look_(Clock::now()),
      views_(config_.get()->settings.name) {}

RunningAgent::~RunningAgent() {
  stop();
}

void RunningAgent::serve(std::unique_ptr<http::Server> server) {
  server_ = std::move(server);
  const ApiContext context{
      .agent = port_,
      .config = [this] { return config_.get(); },
      .run_later = [this](std::function<void()> work) { loop_.post(std::move(work)); },
      .wake_streams = [server = server_.get()] { server->wake_streams(); }};
  router_.emplace(make_api(context, http::Guard(server_->address())));
  wakes_ = agent_.on_new_events([server = server_.get()] { server->wake_streams(); });
  server_->start([this](const http::Request& request, const http::Responder& responder) {
    router_->handle(request, responder);
  });
}

void RunningAgent::stop() {
  wakes_ = {};
  if (server_) server_->stop(http_grace);
  agent_.close();
  events_ = {};
}

// --- The log ------------------------------------------------------------------------------------

void RunningAgent::log_start() const {
  const auto config = config_.get();
  const Settings& settings = config->settings;
  const MemberList members = agent_.members();
  LogFields fields = {{"version", version()},
                      {"name", settings.name},
                      {"id", members.self().id},
                      {"cluster", settings.cluster},
                      {"bind", settings.bind},
                      {"advertise", settings.advertise},
                      {"http", settings.http.empty() ? "off" : settings.http},
                      {"detector", to_text(agent_.settings()->settings.detector)},
                      {"profile", settings.profile}};
  append_settings(fields);
  if (!settings.data_dir.empty()) fields["data_dir"] = settings.data_dir;
  if (!seeds_.empty()) fields["join"] = seeds_;
  if (!settings.hosts.empty()) fields["hosts"] = settings.hosts;
  if (settings.broadcast) fields["broadcast_port"] = settings.broadcast_port;
  log_.write(LogLevel::info, "agent started", fields);
  if (settings.allow_faults) {
    log_.write(LogLevel::warn,
               "whoever reaches the API can break this member's network (--allow-faults), which "
               "is not for production");
  }
  const bool looks_for_others = !seeds_.empty() || !settings.hosts.empty() || settings.broadcast;
  if (!looks_for_others && !settings.is_introducer) {
    log_.write(LogLevel::warn,
               "no --join is given, so this member begins a cluster of its own; --is-introducer "
               "says that this is meant");
  }
  log_unreachable_address(settings);
}

/// Others, told a loopback address, would talk to themselves.
void RunningAgent::log_unreachable_address(const Settings& settings) const {
  if (!is_loopback_host(settings.advertise)) return;
  if (settings.broadcast && !is_loopback_host(settings.bind)) {
    return log_.write(LogLevel::warn,
                      "others are told a loopback address, so members that are found on the LAN "
                      "will not reach this one; start it when its network is up, or give the "
                      "address of this host with --advertise",
                      {{"advertise", settings.advertise}});
  }
  for (const std::string& seed : seeds_) {
    if (is_loopback_host(seed)) continue;
    return log_.write(LogLevel::warn,
                      "others are told a loopback address, which only this host reaches, but "
                      "there is a seed elsewhere; give the address of this host with --advertise",
                      {{"advertise", settings.advertise}, {"seed", seed}});
  }
}

/// The member was up before anybody could subscribe, so what it has told already is read from
/// what it keeps, and the subscription only says that there is more.
void RunningAgent::begin_event_log() {
  events_ = agent_.subscribe([this](const Event&) { log_new_events(); });
  log_new_events();
}

void RunningAgent::log_new_events() {
  const std::lock_guard lock(events_mutex_);
  for (EventBatch batch = agent_.events_since(logged_); !batch.events.empty();
       batch = agent_.events_since(logged_)) {
    if (batch.gap) {
      log_.write(LogLevel::warn, "events were lost before they could be logged",
                 {{"after", logged_}, {"until", batch.events.front()->index - 1}});
    }
    for (const auto& event : batch.events) log_event(*event);
    logged_ = batch.events.back()->index;
  }
}

/// Settings that were kept win over those that the agent was started with: that is said.
void RunningAgent::append_settings(LogFields& fields) const {
  const auto now = agent_.settings();
  if (now->version.number == 0) return;
  fields["settings_version"] = now->version.number;
  fields["settings_by"] = now->by;
}

void RunningAgent::log_event(const Event& event) {
  if (auto record = views_.on_event(event)) {
    log_.record(level_of(event.type), std::move(*record));
  }
  if (event.type == EventType::view) return;  // all of it has been said
  LogFields fields = {{"member", event.member.name}, {"address", event.member.address}};
  if (!event.by.empty()) fields["by"] = event.by;
  if (event.settings) append_change(fields, *event.settings);
  if (event.type == EventType::leader_changed) {
    fields["leader"] = event.view ? event.view->leader : std::string();
  }
  if (!event.message.empty()) fields["reason"] = event.message;
  fields["id"] = event.member.id;
  fields["incarnation"] = event.member.incarnation;
  fields["index"] = event.index;
  log_.write(level_of(event.type), to_text(event.type), fields);
}

void RunningAgent::log_phase(Phase phase) const {
  LogFields fields = {{"phase", to_text(phase)}};
  const bool is_meant = config_.get()->settings.is_introducer;
  switch (phase) {
    case Phase::joined:
      fields["members"] = agent_.members().size();
      return log_.write(LogLevel::info, "this member is in the cluster", fields);
    case Phase::alone:
      if (!seeds_.empty()) fields["join"] = seeds_;
      return log_.write(is_meant ? LogLevel::info : LogLevel::warn,
                        "no other member could be joined yet; still trying", fields);
    case Phase::conflict:
      fields["name"] = config_.get()->settings.name;
      return log_.write(LogLevel::error,
                        "another live member has this name, so this one stays outside; give it "
                        "another --name, or end the other and join again",
                        fields);
    case Phase::aside:
      return log_.write(LogLevel::error,
                        "this member's own network loses most of what it sends or is sent, while "
                        "others' does not: it stands aside, and comes back when that is over",
                        fields);
    case Phase::left:
      return log_.write(LogLevel::info, "this member has left the cluster", fields);
    case Phase::starting:
    case Phase::joining:
    case Phase::leaving:
      break;
  }
  log_.write(LogLevel::debug, "the phase changed", fields);
}

/// Each stage is told when it first begins; those of further tries are many.
void RunningAgent::log_join_stages(const Status& status) {
  struct Stage {
    JoinStage stage;
    const char* what;
  };
  constexpr std::array<Stage, 4> stages = {{
      {JoinStage::saved_peers, "looking for the cluster: asking the members known from before"},
      {JoinStage::seeds, "looking for the cluster: asking the seeds"},
      {JoinStage::hosts_file, "looking for the cluster: asking those that the hosts file names"},
      {JoinStage::lan, "looking for the cluster: asking on the LAN"},
  }};
  for (const Stage& one : stages) {
    const auto at = static_cast<std::size_t>(one.stage);
    const std::uint64_t before = std::exchange(join_stages_.at(at), status.join_stages.at(at));
    if (status.join_stages.at(at) == before) continue;
    log_.write(before == 0 ? LogLevel::info : LogLevel::debug, one.what,
               {{"join_stage", to_text(one.stage)}});
  }
  if (std::exchange(join_stage_, status.join_stage) == status.join_stage) return;
  if (status.join_stage == JoinStage::waiting) {
    log_.write(LogLevel::debug, "looking for the cluster again in a while",
               {{"join_stage", to_text(status.join_stage)}});
  }
}

void RunningAgent::look(Clock::time_point now) {
  const Status status = agent_.status();
  const Phase phase = status.phase;
  log_join_stages(status);
  if (std::exchange(phase_, phase) != phase) log_phase(phase);
  const bool is_settled =
      phase != Phase::starting && phase != Phase::joining && status.join_stage == JoinStage::none;
  next_look_ = now + (is_settled ? Clock::duration(look_interval) : look_interval_joining);
}

void RunningAgent::tick(Clock::time_point now) {
  if (now >= next_look_) look(now);
  if (now >= next_stats_) {
    log_.write(LogLevel::info, "STATS",
               stats_.next({agent_.status(), agent_.members(), agent_.settings()}));
    next_stats_ = after(now, config_.get()->settings.stats_interval);
  }
}

Clock::time_point RunningAgent::next_tick() const {
  return std::min(next_look_, next_stats_);
}

// --- The end ------------------------------------------------------------------------------------

bool RunningAgent::leave() {
  log_.write(LogLevel::info, "leaving the cluster");
  // Shared, since the answer may come when nobody waits for it any more.
  const auto is_done = std::make_shared<bool>(false);
  agent_.leave([&loop = loop_, &log = log_, is_done](const std::expected<void, Error>& done) {
    loop.post([&log, is_done, done] {
      *is_done = true;
      if (!done) log.write(LogLevel::warn, "leaving: " + done.error().message);
    });
  });
  const auto deadline = after(Clock::now(), config_.get()->settings.leave_timeout) + leave_margin;
  while (!*is_done && Clock::now() < deadline) {
    const auto signal = loop_.wait(deadline);
    if (signal == SIGTERM || signal == SIGINT) return false;
  }
  return true;
}

}  // namespace rollcall::agent
