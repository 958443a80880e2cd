// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/schema.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/suggest.hpp"

namespace rollcall::agent {
namespace {

constexpr std::uint16_t member_port = 7420;
constexpr std::uint16_t http_port = 7480;

constexpr std::array<Choice, 5> detectors = {{{"pingack", "pingack"},
                                              {"gossip", "gossip"},
                                              {"ping", "pingack"},
                                              {"swim", "pingack"},
                                              {"heartbeat", "gossip"}}};
constexpr std::array<Choice, 2> heartbeat_casts = {
    {{"unicast", "unicast"}, {"broadcast", "broadcast"}}};
constexpr std::array<Choice, 2> profiles = {{{"rollcall", "rollcall"}, {"swim", "swim"}}};
constexpr std::array<Choice, 6> log_levels = {{{"trace", "trace"},
                                               {"debug", "debug"},
                                               {"info", "info"},
                                               {"warn", "warn"},
                                               {"error", "error"},
                                               {"warning", "warn"}}};
constexpr std::array<Choice, 2> log_formats = {{{"text", "text"}, {"json", "json"}}};

constexpr std::array<std::string_view, 1> tag_aliases = {"tags"};
constexpr std::array<std::string_view, 2> join_aliases = {"introducer", "seeds"};
constexpr std::array<std::string_view, 1> http_aliases = {"http.address"};

constexpr auto keys = std::to_array<Key>({
    {"name", TextField{&Settings::name, TextField::Rule::name},
     "This member's name, unique in the cluster; default: the host name."},
    {"cluster", TextField{&Settings::cluster, TextField::Rule::name},
     "The cluster's name; members of another cluster are refused.", Scope::cluster},
    {"tag", TagsField{&Settings::tags}, "A tag that others see beside the name; repeatable.",
     Scope::local, Reload::at_start, tag_aliases},
    {"bind", AddressField{&Settings::bind, member_port},
     "Where this member listens, UDP and TCP; port 0 takes a free one."},
    {"advertise", AddressField{&Settings::advertise},
     "Where others are told to send; default: the bind address, or this host's own."},
    {"http", AddressField{&Settings::http, http_port, AddressField::Off::allowed},
     "Where the HTTP API listens, or off.", Scope::local, Reload::at_start, http_aliases},
    {"http.allow_get_mutations", SwitchField{&Settings::http_allow_get_mutations},
     "Let /join, /leave, /switch and /set be asked with GET, as older clients do."},
    {"data-dir", PathField{&Settings::data_dir},
     "Keeps the boot counter, known peers and the cluster's settings across restarts; default: "
     "nothing is kept."},
    {"join", AddressListField{&Settings::join}, "Members to join, separated by commas; repeatable.",
     Scope::local, Reload::at_start, join_aliases},
    {"hosts", PathField{&Settings::hosts},
     "A file of further members to join, one HOST or HOST:PORT a line; read anew at each try."},
    {"broadcast", SwitchField{&Settings::broadcast},
     "Find members on the LAN when nobody else can be joined, and be found there."},
    {"broadcast-port", CountField{&Settings::broadcast_port},
     "The UDP port of broadcast, the same on every member."},
    {"is-introducer", SwitchField{&Settings::is_introducer},
     "Being alone at the start is intended: no warning, and ready at once; and this member begins "
     "the cluster's agreed log where there is none."},
    {"agreement", SwitchField{&Settings::agreement, "on", "off"},
     "Whether this member takes part in agreed views, leaders and groups.", Scope::cluster},
    {"bootstrap-expect", CountField{&Settings::bootstrap_expect, "off"},
     "Begin the agreed log together with so many members that say the same number, instead of by "
     "one is-introducer.",
     Scope::cluster},
    {"voters", CountField{&Settings::voters},
     "How many members vote on what is agreed: 1, 3 or 5. That of the leader counts.",
     Scope::cluster},
    {"voter-replace-after", DurationField{&Settings::voter_replace_after},
     "A voter that has failed for so long is replaced by another member.", Scope::cluster},
    {"election-timeout", DurationField{&Settings::election_timeout},
     "A voter waits one to two of these for the leader's word before it asks for votes.",
     Scope::cluster},
    {"registry", TextField{&Settings::registry},
     "Keep groups in an etcd cluster, etcd://HOST:PORT[,HOST:PORT...] or etcds:// with TLS, "
     "instead "
     "of in the members' own log.",
     Scope::cluster},
    {"registry-user", TextField{&Settings::registry_user}, "The user to be at that registry."},
    {"registry-password-file", PathField{&Settings::registry_password_file},
     "A file with that user's password, its first line."},
    {"registry-ca-file", PathField{&Settings::registry_ca_file},
     "A PEM file of the authorities that the registry's certificate is checked by (etcds://); "
     "default: the system's."},
    {"registry-cert-file", PathField{&Settings::registry_cert_file},
     "A PEM file with the certificate to show to the registry."},
    {"registry-key-file", PathField{&Settings::registry_key_file},
     "A PEM file with the key of that certificate."},
    {"detector", ChoiceField{&Settings::detector, detectors},
     "How failures are detected: by asking (pingack) or by heartbeats that spread (gossip).",
     Scope::cluster, Reload::live},
    {"profile", ChoiceField{&Settings::profile, profiles},
     "rollcall, or swim for the published parameters of SWIM with Lifeguard.", Scope::cluster},
    {"suspicion", SwitchField{&Settings::suspicion, "enabled", "disabled"},
     "Whether a silent member is suspected first, and may refute, or fails at once.",
     Scope::cluster, Reload::live},
    {"suspicion-time", DurationField{&Settings::suspicion_time, "auto"},
     "How long a pause of a member is tolerated.", Scope::cluster, Reload::live},
    {"probe-interval", DurationField{&Settings::probe_interval},
     "Each member is probed about once in this time.", Scope::cluster, Reload::live},
    {"probe-timeout", DurationField{&Settings::probe_timeout},
     "The most a probe waits; default: 500ms, or half of a shorter probe-interval.", Scope::cluster,
     Reload::live},
    {"indirect-probes", CountField{&Settings::indirect_probes},
     "Helpers that are asked when a probe stays unanswered.", Scope::cluster, Reload::live},
    {"gossip-interval", DurationField{&Settings::gossip_interval},
     "The time between two rounds of spreading news.", Scope::cluster, Reload::live},
    {"gossip-fanout", CountField{&Settings::gossip_fanout, "auto"}, "Members told in each round.",
     Scope::cluster, Reload::live},
    {"fail-time", DurationField{&Settings::fail_time, "auto"},
     "How long a heartbeat may stand still before its member is doubted (detector gossip).",
     Scope::cluster, Reload::live},
    {"accrual-threshold", NumberField{&Settings::accrual_threshold, "off"},
     "Phi at which a member is doubted, by how its heartbeats used to come, instead of fail-time "
     "(detector gossip).",
     Scope::cluster, Reload::live},
    {"heartbeat-cast", ChoiceField{&Settings::heartbeat_cast, heartbeat_casts},
     "Whether heartbeats go to random members or to the whole LAN at once (detector gossip).",
     Scope::cluster, Reload::live},
    {"cleanup-time", DurationField{&Settings::cleanup_time},
     "How long failed and left members stay listed.", Scope::cluster, Reload::live},
    {"leave-timeout", DurationField{&Settings::leave_timeout},
     "The longest that leaving waits for acknowledgement."},
    {"events-kept", CountField{&Settings::events_kept},
     "Events kept for readers that come late or fall behind."},
    {"drop-rate", ShareField{&Settings::drop_rate},
     "Drops this share of incoming datagrams, to see what happens.", Scope::cluster, Reload::live},
    {"start-delay", DurationField{&Settings::start_delay}, "Waits this long before it starts."},
    {"crash-after", DurationField{&Settings::crash_after, "never"},
     "Kills itself this long after it started, to see what happens."},
    {"allow-faults", SwitchField{&Settings::allow_faults},
     "Lets faults be set through the API (/v1/faults), to see what happens. Not in production."},
    {"daemon", SwitchField{&Settings::daemon}, "Detach and run in the background."},
    {"pid-file", PathField{&Settings::pid_file},
     "Holds the process id while it runs; a second agent with the same file is refused."},
    {"log-file", PathField{&Settings::log_file},
     "Where the log goes; opened anew on SIGHUP. Default: standard error."},
    {"log-level", ChoiceField{&Settings::log_level, log_levels}, "The least that is logged.",
     Scope::local, Reload::on_sighup},
    {"log-format", ChoiceField{&Settings::log_format, log_formats}, "Text or JSON lines."},
    {"stats-interval", DurationField{&Settings::stats_interval, "off"},
     "The time between two STATS lines in the log."},
});

struct LaterKey {
  std::string_view name;
  std::string_view feature;
};
constexpr auto later_keys = std::to_array<LaterKey>({{"dns", "the DNS service"},
                                                     {"service", "the service registry"},
                                                     {"services", "the service registry"}});

char folded(char c) {
  if (c == '_' || c == '.') return '-';
  return c;
}

bool is_same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, folded, folded);
}

bool has_name(const Key& key, std::string_view name) {
  return is_same_name(key.name, name) ||
         std::ranges::any_of(key.aliases,
                             [&](std::string_view alias) { return is_same_name(alias, name); });
}

struct ValueName {
  std::string operator()(const TextField& field) const {
    return field.rule == TextField::Rule::name ? "NAME" : "TEXT";
  }
  std::string operator()(const PathField&) const { return "PATH"; }
  std::string operator()(const AddressField& field) const {
    return field.off == AddressField::Off::allowed ? "HOST:PORT|off" : "HOST:PORT";
  }
  std::string operator()(const AddressListField&) const { return "HOST:PORT[,...]"; }
  std::string operator()(const SwitchField& field) const {
    return std::string(field.on) + "|" + std::string(field.off);
  }
  std::string operator()(const CountField& field) const {
    return or_word("NUMBER", field.zero_word);
  }
  std::string operator()(const DurationField& field) const {
    return or_word("DURATION", field.zero_word);
  }
  std::string operator()(const ShareField&) const { return "0..1"; }
  std::string operator()(const NumberField& field) const {
    return or_word("NUMBER", field.zero_word);
  }
  std::string operator()(const ChoiceField& field) const {
    std::string text;
    for (const Choice& choice : field.choices) {
      if (choice.word != choice.canonical) continue;
      text += (text.empty() ? "" : "|") + std::string(choice.word);
    }
    return text;
  }
  std::string operator()(const TagsField&) const { return "K=V"; }

  static std::string or_word(const std::string& name, std::string_view word) {
    return word.empty() ? name : name + "|" + std::string(word);
  }
};

}  // namespace

std::span<const Key> all_keys() {
  return keys;
}

const Key* find_key(std::string_view name) {
  for (const Key& key : all_keys()) {
    if (has_name(key, name)) return &key;
  }
  return nullptr;
}

std::string_view later_feature(std::string_view name) {
  for (const LaterKey& key : later_keys) {
    if (is_same_name(key.name, name)) return key.feature;
  }
  return {};
}

std::string_view nearest_key(std::string_view name) {
  std::vector<std::string_view> names = {"config"};
  for (const Key& key : all_keys()) {
    names.push_back(key.name);
    names.insert(names.end(), key.aliases.begin(), key.aliases.end());
  }
  return nearest(name, names);
}

std::string variable_name(const Key& key) {
  std::string name = "ROLLCALL_";
  for (const char c : key.name) {
    const bool is_lower = c >= 'a' && c <= 'z';
    name += is_lower ? static_cast<char>(c - 'a' + 'A') : '_';
  }
  return name;
}

std::string value_name(const Key& key) {
  return std::visit(ValueName{}, key.field);
}

}  // namespace rollcall::agent
