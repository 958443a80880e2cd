// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/config_agreement.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>

#include "agent/config.hpp"
#include "agent/values.hpp"
#include "base/address.hpp"
#include "base/text.hpp"

namespace rollcall::agent {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::size_t, 3> voters_allowed = {1, 3, 5};
constexpr std::size_t bootstrap_expect_max = 1000;
constexpr Duration election_timeout_min = 50ms;
constexpr Duration election_timeout_max = 60s;
constexpr Duration voter_replace_min = 1s;
constexpr Duration voter_replace_max = 24h;
constexpr std::size_t endpoints_max = 64;
constexpr std::size_t password_bytes_max = 4096;
constexpr std::uint16_t etcd_port = 2379;
constexpr std::string_view plain_scheme = "etcd://";
constexpr std::string_view tls_scheme = "etcds://";

std::string wrong(std::string_view found, std::string_view allowed) {
  return "found '" + shown(found) + "'; allowed: " + std::string(allowed);
}

std::string range_text(Duration least, Duration most) {
  return duration_text(least) + " to " + duration_text(most);
}

bool is_tls(const std::string& registry) {
  return registry.starts_with(tls_scheme);
}

/// Whether it is etcd://HOST:PORT[,HOST:PORT...].
bool is_registry(const std::string& text) {
  const bool is_plain = text.starts_with(plain_scheme);
  if (!is_plain && !is_tls(text)) return false;
  std::string_view rest =
      std::string_view(text).substr(is_plain ? plain_scheme.size() : tls_scheme.size());
  std::size_t endpoints = 0;
  for (bool goes_on = true; goes_on; ++endpoints) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    if (!parse_host_port(rest.substr(0, end), etcd_port)) return false;
    goes_on = end < rest.size();
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return endpoints <= endpoints_max;
}

/// Collects what is wrong.
class Check {
 public:
  explicit Check(const Settings& settings) : settings_(settings) {}

  std::vector<KeyProblem> run() {
    check_log();
    check_registry();
    return std::move(problems_);
  }

 private:
  void report(std::string key, std::string message) {
    problems_.push_back({std::move(key), std::move(message)});
  }
  void check_range(const char* key, Duration value, Duration least, Duration most) {
    if (value >= least && value <= most) return;
    report(key, wrong(duration_text(value), range_text(least, most)));
  }

  void check_log() {
    if (std::ranges::find(voters_allowed, settings_.voters) == voters_allowed.end()) {
      report("voters", wrong(std::to_string(settings_.voters), "1, 3 or 5"));
    }
    check_range("voter-replace-after", settings_.voter_replace_after, voter_replace_min,
                voter_replace_max);
    check_range("election-timeout", settings_.election_timeout, election_timeout_min,
                election_timeout_max);
    if (settings_.bootstrap_expect > bootstrap_expect_max) {
      report("bootstrap-expect",
             wrong(std::to_string(settings_.bootstrap_expect),
                   "1 to " + std::to_string(bootstrap_expect_max) + ", or off"));
    }
    if (settings_.bootstrap_expect > 0 && settings_.is_introducer) {
      report("bootstrap-expect",
             "found together with is-introducer, which begins alone; allowed: one of the two");
    }
  }

  void check_registry() {
    const std::string& registry = settings_.registry;
    if (!registry.empty() && !is_registry(registry)) {
      report("registry", wrong(registry, "etcd://HOST:PORT[,HOST:PORT...], or etcds:// with TLS"));
    }
    if (!registry.empty() && !settings_.agreement) {
      report("registry", "found together with agreement: off; allowed: with agreement: on");
    }
    need(settings_.registry_user, "registry-user", registry.empty(), "registry");
    need(settings_.registry_password_file, "registry-password-file",
         settings_.registry_user.empty(), "registry-user");
    need(settings_.registry_user, "registry-user", settings_.registry_password_file.empty(),
         "registry-password-file");
    for (const auto& [file, key] : {std::pair{&settings_.registry_ca_file, "registry-ca-file"},
                                    {&settings_.registry_cert_file, "registry-cert-file"},
                                    {&settings_.registry_key_file, "registry-key-file"}}) {
      need(*file, key, !is_tls(registry), "a registry of etcds://");
    }
    need(settings_.registry_cert_file, "registry-cert-file", settings_.registry_key_file.empty(),
         "registry-key-file");
    need(settings_.registry_key_file, "registry-key-file", settings_.registry_cert_file.empty(),
         "registry-cert-file");
  }

  /// A key that means nothing without another.
  void need(const std::string& value, const char* key, bool is_other_missing, const char* other) {
    if (value.empty() || !is_other_missing) return;
    report(key, "found '" + shown(value) + "'; allowed: only together with " + other);
  }

  const Settings& settings_;
  std::vector<KeyProblem> problems_;
};

}  // namespace

std::vector<KeyProblem> problems_of_agreement(const Settings& settings) {
  return Check(settings).run();
}

AgreementOptions agreement_options(const Settings& settings) {
  AgreementOptions options;
  options.enabled = settings.agreement;
  options.is_introducer = settings.is_introducer;
  options.bootstrap_expect = static_cast<std::uint16_t>(settings.bootstrap_expect);
  options.voters = settings.voters;
  options.voter_replace_after = settings.voter_replace_after;
  options.election_timeout = settings.election_timeout;
  options.registry = settings.registry;
  options.registry_user = settings.registry_user;
  options.registry_ca_file = settings.registry_ca_file;
  options.registry_cert_file = settings.registry_cert_file;
  options.registry_key_file = settings.registry_key_file;
  return options;
}

std::expected<std::string, ConfigProblem> registry_password_of(const Config& config) {
  const std::string& file = config.settings.registry_password_file;
  if (file.empty()) return std::string();
  const auto problem = [&](const std::string& why) {
    return std::unexpected(ConfigProblem{config.origin_of("registry-password-file"),
                                         "registry-password-file", file + " " + why});
  };
  std::ifstream stream(file);
  if (!stream) return problem(std::string("cannot be read: ") + std::strerror(errno));
  std::string password;
  std::getline(stream, password);
  if (password.ends_with('\r')) password.pop_back();
  if (password.empty()) return problem("has no password in its first line");
  if (password.size() > password_bytes_max) return problem("has a line too long for a password");
  return password;
}

}  // namespace rollcall::agent
