// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/agent_command.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent/config.hpp"
#include "agent/daemon.hpp"
#include "agent/log.hpp"
#include "agent/main_loop.hpp"
#include "agent/running_agent.hpp"

namespace rollcall::agent {
namespace {

using Clock = MainLoop::Clock;

constexpr int done = 0;
constexpr int refused = 1;
constexpr int bad_usage = 2;
constexpr rlim_t descriptors_wanted = 8192;

/// Everything that was said at the start, kept for reading it again.
struct Launch {
  ParsedFlags flags;
  Environment environment;
  Config config;
  /// As they were read, to tell what has changed when they are read again.
  Settings as_read;
  std::vector<std::string> seeds;
};

void complain(const std::string& text) {
  static_cast<void>(std::fprintf(stderr, "rollcall: %s\n", text.c_str()));
}

/// An agent is many small objects on few threads: one arena, and memory goes back early.
void trim_memory() {
  constexpr int threshold = 128 << 10;
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_THRESHOLD, threshold);
  mallopt(M_TRIM_THRESHOLD, threshold);
}

/// As many descriptors as the system permits: each client of the API takes one, and what a shell
/// gives by default (1024) is fewer than the API serves.
void allow_descriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::max(limit.rlim_cur, std::min(limit.rlim_max, descriptors_wanted));
  setrlimit(RLIMIT_NOFILE, &limit);
}

void make_absolute(std::string& path) {
  if (!path.empty()) path = std::filesystem::absolute(path).string();
}

/// A daemon changes its directory, and has no standard error to log to.
void prepare_daemon(Launch& launch) {
  Settings& settings = launch.config.settings;
  for (std::string* path :
       {&settings.data_dir, &settings.hosts, &settings.log_file, &settings.pid_file,
        &settings.registry_password_file, &settings.registry_ca_file, &settings.registry_cert_file,
        &settings.registry_key_file}) {
    make_absolute(*path);
  }
  auto& file = launch.flags.config_file;
  if (!file) file = launch.environment("ROLLCALL_CONFIG");
  if (file) make_absolute(*file);
  launch.config.file = file.value_or("");
  if (settings.log_file.empty()) {
    complain("agent: without --log-file, the log of this daemon is discarded");
    settings.log_file = "/dev/null";
  }
}

/// Reads flags, environment and file. Nothing: all is said, and the exit code is bad_usage.
std::optional<Launch> read_launch(const std::vector<std::string>& arguments) {
  Launch launch{.flags = parse_flags(arguments), .environment = process_environment()};
  if (launch.flags.help) return launch;
  auto config = load_config(launch.flags, launch.environment, own_variables());
  if (!config) {
    for (const ConfigProblem& problem : config.error()) complain(to_text(problem));
    return std::nullopt;
  }
  auto seeds = seeds_of(*config);
  if (!seeds) {
    complain(to_text(seeds.error()));
    return std::nullopt;
  }
  launch.as_read = config->settings;
  launch.config = std::move(*config);
  launch.seeds = std::move(*seeds);
  return launch;
}

/// The life of one agent process from its log on.
class Process {
 public:
  Process(Launch launch, MainLoop& loop, Log log)
      : launch_(std::move(launch)),
        loop_(loop),
        log_(std::move(log)) {}

  /// Waits as long as --start-delay says; a signal to end comes out.
  bool delay() {
    const Duration delay = launch_.config.settings.start_delay;
    const auto until = Clock::now() + std::chrono::duration_cast<Clock::duration>(delay);
    while (Clock::now() < until) {
      if (is_end(loop_.wait(until))) return false;
    }
    return true;
  }

  std::optional<StartFailure> start() {
    for (const std::string& warning : launch_.config.warnings) log_.write(LogLevel::warn, warning);
    auto agent = RunningAgent::start(launch_.config, launch_.seeds, log_, loop_);
    if (!agent) {
      // On standard error it is said anyhow.
      const bool has_file = !launch_.config.settings.log_file.empty();
      if (has_file) log_.write(LogLevel::error, agent.error().text);
      return std::move(agent).error();
    }
    agent_ = std::move(*agent);
    const Duration crash_after = launch_.config.settings.crash_after;
    if (crash_after != Duration::zero()) {
      crash_at_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(crash_after);
    }
    return std::nullopt;
  }

  /// Until a signal ends it.
  int run() {
    notify_service_manager("READY=1");
    for (;;) {
      const auto signal = loop_.wait(std::min(agent_->next_tick(), crash_at_));
      const auto now = Clock::now();
      if (now >= crash_at_) crash();
      agent_->tick(now);
      if (signal == SIGHUP) reload();
      if (is_end(signal)) return end();
    }
  }

 private:
  static bool is_end(std::optional<int> signal) { return signal == SIGTERM || signal == SIGINT; }

  int end() {
    notify_service_manager("STOPPING=1");
    if (!agent_->leave()) {
      log_.write(LogLevel::warn, "a second signal: ending at once");
      std::_Exit(refused);
    }
    agent_->stop();
    log_.write(LogLevel::info, "agent stopped");
    agent_.reset();
    return done;
  }

  [[noreturn]] void crash() {
    log_.write(LogLevel::warn, "crashing on purpose (--crash-after)");
    ::kill(::getpid(), SIGKILL);
    std::_Exit(refused);
  }

  void reload() {
    if (auto opened = log_.reopen(); !opened) {
      log_.write(LogLevel::error, "the log could not be opened anew: " + opened.error());
    }
    const auto loaded = load_config(launch_.flags, launch_.environment, {});
    if (!loaded) {
      for (const ConfigProblem& problem : loaded.error()) {
        log_.write(LogLevel::error, "not reloaded: " + to_text(problem));
      }
      return;
    }
    take_over(*loaded);
  }

  /// Takes what can change while the agent runs, and names what cannot.
  void take_over(const Config& loaded) {
    Config next = *agent_->config().get();
    for (const Key& key : all_keys()) {
      const auto value = value_json(loaded.settings, key);
      if (value == value_json(launch_.as_read, key)) continue;
      if (key.reload == Reload::live) {
        log_.write(LogLevel::warn,
                   "a change of the cluster's settings, which POST /set takes for all members",
                   {{"key", key.name}, {"value", value}});
        continue;
      }
      if (key.reload == Reload::at_start) {
        log_.write(LogLevel::warn, "a change that is taken at the next start only",
                   {{"key", key.name}, {"value", value}});
        continue;
      }
      const RawValue raw{RawValue::Shape::scalar, {value_text(loaded.settings, key)}};
      static_cast<void>(assign(next.settings, key, raw));
      next.origins.insert_or_assign(std::string(key.name), loaded.origin_of(key.name));
    }
    launch_.as_read = loaded.settings;
    log_.set_level(next.settings.log_level);
    log_.write(LogLevel::info, "reloaded", {{"log_level", next.settings.log_level}});
    agent_->config().set(std::move(next));
  }

  Launch launch_;
  MainLoop& loop_;
  Log log_;
  std::unique_ptr<RunningAgent> agent_;
  Clock::time_point crash_at_ = Clock::time_point::max();
};

/// From the log to the end. Failures to start are said on standard error and to the starter.
int run_process(Launch launch, std::optional<Daemon>& daemon) {
  const auto fail = [&daemon](int code, const std::string& text) {
    complain(text);
    if (daemon) daemon->report_failure(code);
    return code;
  };
  MainLoop loop;
  const Settings settings = launch.config.settings;
  std::optional<PidFile> pid_file;
  if (!settings.pid_file.empty()) {
    auto created = PidFile::create(settings.pid_file);
    if (!created) return fail(refused, "agent: the pid file: " + created.error());
    pid_file.emplace(std::move(*created));
  }
  auto log = Log::open(settings);
  if (!log) return fail(refused, "agent: the log: " + log.error() + "; choose another --log-file");

  Process process(std::move(launch), loop, std::move(*log));
  if (!process.delay()) return done;
  if (const auto failure = process.start()) return fail(failure->exit_code, failure->text);
  if (daemon) daemon->report_up();
  return process.run();
}

int run(const std::vector<std::string>& arguments) {
  auto launch = read_launch(arguments);
  if (!launch) return bad_usage;
  if (launch->flags.help) {
    static_cast<void>(std::fputs(help_text().c_str(), stdout));
    return done;
  }
  trim_memory();
  allow_descriptors();
  std::optional<Daemon> daemon;
  if (launch->config.settings.daemon) {
    prepare_daemon(*launch);
    auto detached = Daemon::detach();
    if (!detached) return detached.error();
    daemon.emplace(std::move(*detached));
  }
  return run_process(std::move(*launch), daemon);
}

}  // namespace

int run_agent(int argc, const char* const* argv) {
  try {
    return run(std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
  } catch (const std::exception& error) {
    complain("agent: internal error: " + std::string(error.what()));
    return refused;
  }
}

}  // namespace rollcall::agent
