// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/scenario_faults.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hpp"
#include "lab/scenario_settings.hpp"
#include "lab/scenario_switch.hpp"
#include "lab/scenario_targets.hpp"

namespace rollcall::lab {
namespace {

constexpr std::size_t kind_count = static_cast<std::size_t>(FaultKind::peace) + 1;
constexpr Duration every_min = 1ms;

constexpr std::array<std::string_view, 14> detail_keys = {
    "at", "for", "every", "until", "disk", "address", "down",
    "in", "out", "scope", "queue", "ppm",  "by",      "settings"};
/// Those of a link first.
constexpr std::array<std::string_view, 11> network_key_list = {
    "delay",      "delay-shape",    "delay-mean", "loss",  "duplicate",    "reorder",
    "reorder-by", "timer-lateness", "lan",        "zones", "between-zones"};
constexpr std::size_t link_key_count = 7;

/// Every key that an entry of `faults` may have: the kinds, then the details.
std::vector<std::string_view> fault_keys() {
  std::vector<std::string_view> keys;
  for (std::size_t i = 0; i < kind_count; ++i)
    keys.push_back(to_text(FaultKind{static_cast<std::uint8_t>(i)}));
  keys.insert(keys.end(), detail_keys.begin(), detail_keys.end());
  return keys;
}

std::vector<std::string_view> kind_words() {
  std::vector<std::string_view> words = fault_keys();
  words.resize(kind_count);
  return words;
}

bool is_one_of(FaultKind kind, std::initializer_list<FaultKind> kinds) {
  return std::ranges::find(kinds, kind) != kinds.end();
}

bool can_last(FaultKind kind) {
  using enum FaultKind;
  return is_one_of(kind, {crash, power_off, freeze, hold_input, leave, partition, cut, link,
                          host_loss, bandwidth, drift});
}
bool starts_a_process(FaultKind kind) {
  using enum FaultKind;
  return is_one_of(kind, {crash, power_off, restart});
}

/// Whether the key means something to a fault of this kind.
bool belongs(std::string_view key, FaultKind kind) {
  if (key == "for") return can_last(kind);
  if (key == "disk" || key == "address") return starts_a_process(kind);
  if (key == "down") return kind == FaultKind::restart;
  if (key == "in" || key == "out") {
    return kind == FaultKind::host_loss || kind == FaultKind::bandwidth;
  }
  if (key == "scope") return kind == FaultKind::host_loss;
  if (key == "queue") return kind == FaultKind::bandwidth;
  if (key == "ppm") return kind == FaultKind::drift;
  if (key == "settings") return kind == FaultKind::change;
  if (key == "by") return kind == FaultKind::jump_clock || kind == FaultKind::step_clock;
  return true;
}

std::string kinds_with(std::string_view key) {
  std::vector<std::string_view> words;
  for (std::size_t i = 0; i < kind_count; ++i) {
    const FaultKind kind{static_cast<std::uint8_t>(i)};
    if (belongs(key, kind)) words.push_back(to_text(kind));
  }
  return list_text(words);
}

/// Reads one entry of the list.
class FaultReader {
 public:
  explicit FaultReader(const MapReader& map) : map_(map) {}

  std::optional<Fault> read() {
    const auto kind = read_kind();
    if (!kind) return std::nullopt;
    fault_.kind = *kind;
    key_ = to_text(*kind);
    fault_.place = map_.place_of_key(key_);
    refuse_strangers();
    read_times();
    read_details();
    read_whom();
    return fault_;
  }

 private:
  std::optional<FaultKind> read_kind() {
    std::vector<std::string_view> given;
    for (const std::string_view word : kind_words()) {
      if (map_.has(word)) given.push_back(word);
    }
    if (given.size() == 1) {
      const std::vector<std::string_view> words = kind_words();
      const auto index = std::ranges::find(words, given.front()) - words.begin();
      return FaultKind{static_cast<std::uint8_t>(index)};
    }
    map_.problem(given.empty() ? "" : given[1],
                 given.empty()
                     ? "says not what happens; allowed: one of " + list_text(kind_words())
                     : "found " + list_text(given) + " in one entry; allowed: one of them");
    return std::nullopt;
  }

  void refuse_strangers() {
    for (const std::string_view key : detail_keys) {
      if (map_.has(key) && !belongs(key, fault_.kind)) {
        map_.problem(
            key, "does not belong to " + std::string(key_) + "; allowed with " + kinds_with(key));
      }
    }
  }

  void read_times() {
    const auto moment = [](std::string_view text) {
      return read_duration(text, 0s, scenario_time_max);
    };
    const auto span = [](std::string_view text) {
      return read_duration(text, every_min, scenario_time_max);
    };
    map_.read("at", fault_.at, moment);
    map_.read("for", fault_.lasts, span);
    map_.read("every", fault_.every, span);
    map_.read("until", fault_.until, moment);
    map_.read("down", fault_.down, moment);
    if (map_.has("every") != map_.has("until")) {
      map_.problem(map_.has("every") ? "every" : "until",
                   "stands alone; allowed: every and until together");
      fault_.every.reset();
    }
    if (fault_.until && *fault_.until < fault_.at) {
      map_.problem("until", "found " + duration_text(*fault_.until) + ", before at (" +
                                duration_text(fault_.at) + "); allowed: at or later");
      fault_.every.reset();
    }
    if (!fault_.every || !fault_.until) return;
    if (occurrences(fault_) > occurrences_max) {
      map_.problem("every", "makes it happen " + std::to_string(occurrences(fault_)) +
                                " times; allowed: at most " + std::to_string(occurrences_max));
      fault_.every.reset();
    }
  }

  void read_details() {
    static constexpr std::array<std::string_view, 2> disks = {"kept", "lost"};
    static constexpr std::array<std::string_view, 2> addresses = {"same", "new"};
    const auto one_of = [](const auto& words) {
      return [&words](std::string_view text) { return read_choice(text, words); };
    };
    std::size_t disk = 0;
    std::size_t address = 0;
    map_.read("disk", disk, one_of(disks));
    map_.read("address", address, one_of(addresses));
    fault_.disk = disk == 0 ? sim::Disk::kept : sim::Disk::lost;
    fault_.move = address == 0 ? Move::stay : Move::new_address;
    if (fault_.kind == FaultKind::host_loss) read_loss();
    if (fault_.kind == FaultKind::bandwidth) read_bandwidth();
    if (fault_.kind == FaultKind::change) read_settings();
    read_clock();
  }

  void read_settings() {
    const YAML::Node* const node = map_.find("settings");
    if (node == nullptr) {
      return map_.problem(key_,
                          "says not what changes; allowed: settings, as in {detector: gossip}");
    }
    fault_.change =
        read_change(MapReader(*node, map_.path_of("settings"), change_keys(), problems()));
  }

  void read_loss() {
    static constexpr std::array<std::string_view, 2> scopes = {"datagrams", "all"};
    std::size_t scope = 1;
    map_.read("scope", scope, [](std::string_view text) { return read_choice(text, scopes); });
    map_.read("in", fault_.loss.in, read_share);
    map_.read("out", fault_.loss.out, read_share);
    fault_.loss.scope = scope == 0 ? sim::LossScope::datagrams : sim::LossScope::all;
    if (!map_.has("in") && !map_.has("out")) {
      map_.problem(key_, "says not what is lost; allowed: in, out or both, each a share");
    }
  }

  void read_bandwidth() {
    constexpr std::size_t bytes_max = 1'000'000'000'000;
    const auto bytes = [](std::string_view text) { return read_count(text, 1, bytes_max); };
    std::size_t in = 0;
    std::size_t out = 0;
    map_.read("in", in, bytes);
    map_.read("out", out, bytes);
    map_.read("queue", fault_.bandwidth.queue_bytes, bytes);
    fault_.bandwidth.in_bytes_per_second = in;
    fault_.bandwidth.out_bytes_per_second = out;
    if (!map_.has("in") && !map_.has("out")) {
      map_.problem(key_, "says not how much; allowed: in, out or both, bytes per second");
    }
  }

  void read_clock() {
    constexpr std::int64_t ppm_max = sim::World::drift_ppm_max;
    map_.read("ppm", fault_.drift_ppm,
              [](std::string_view text) { return read_integer(text, -ppm_max, ppm_max); });
    const bool may_go_back = fault_.kind == FaultKind::step_clock;
    map_.read("by", fault_.clock_by, [&](std::string_view text) -> Read<Duration> {
      const bool is_back = may_go_back && text.starts_with('-');
      auto by = read_duration(is_back ? text.substr(1) : text, 0s, scenario_time_max);
      if (by && is_back) by = -*by;
      return by;
    });
    const auto needs = [&](std::string_view key, const std::string& what) {
      if (belongs(key, fault_.kind) && !map_.has(key)) map_.problem(key_, what);
    };
    needs("ppm", "says not by how much; allowed: ppm, millionths of a second each second");
    needs("by", "says not by how much; allowed: by, a duration");
  }

  void read_whom() {
    const YAML::Node& node = *map_.find(key_);
    switch (fault_.kind) {
      case FaultKind::partition:
        return read_groups(node);
      case FaultKind::cut:
      case FaultKind::mend:
        return read_sides();
      case FaultKind::link:
        fault_.link = read_link(MapReader(node, map_.path_of(key_), link_keys(), problems()));
        return;
      case FaultKind::heal:
      case FaultKind::peace:
        return read_all(node);
      default:
        read_members_of(node, fault_.targets);
    }
    if (fault_.targets.kind == Targets::Kind::fresh && fault_.kind != FaultKind::join) {
      map_.problem_at(node, key_,
                      "found '" + to_text(fault_.targets) +
                          "'; new members can only join; allowed: those who are there");
    }
  }

  void read_all(const YAML::Node& node) {
    fault_.targets.kind = Targets::Kind::all;
    if (node.IsScalar() && node.Scalar() == "all") return;
    map_.problem_at(node, key_, "allowed: the word all");
  }

  void read_members_of(const YAML::Node& node, Targets& into) {
    const std::vector<std::string> texts = texts_of(node, map_, key_);
    if (texts.empty() && !node.IsSequence()) return;
    auto targets = node.IsSequence() ? read_members(texts) : read_targets(texts.front());
    if (targets) {
      into = std::move(*targets);
    } else {
      map_.problem_at(node, key_, targets.error());
    }
  }

  void read_groups(const YAML::Node& node) {
    if (!node.IsSequence() || node.size() == 0) {
      return map_.problem_at(node, key_, "allowed: a list of groups, as in [n0..n4, n5..n9]");
    }
    for (const auto& group : node) {
      read_members_of(group, fault_.groups.emplace_back());
      const auto kind = fault_.groups.back().kind;
      if (kind == Targets::Kind::in_turn || kind == Targets::Kind::fresh ||
          kind == Targets::Kind::all) {
        map_.problem_at(group, key_,
                        "found '" + to_text(fault_.groups.back()) +
                            "'; allowed: members (n0..n4), '3 at random' or '25%'");
      }
    }
  }

  void read_sides() {
    Path path;
    map_.read(key_, path, read_path);
    fault_.targets = path.from;
    fault_.to = path.to;
    fault_.ways = path.ways;
  }

  ScenarioProblems& problems() { return map_.problems(); }

  const MapReader& map_;
  Fault fault_;
  std::string_view key_;
};

}  // namespace

std::span<const std::string_view> link_keys() {
  return std::span(network_key_list).first<link_key_count>();
}
std::span<const std::string_view> network_keys() {
  return network_key_list;
}

LinkChange read_link(const MapReader& map) {
  static constexpr Duration reorder_max = 1min;
  LinkChange link;
  std::optional<std::pair<Duration, Duration>> delay;
  map.read("delay", delay, read_delay);
  if (delay) {
    link.delay_min = delay->first;
    link.delay_max = delay->second;
  }
  std::optional<std::size_t> shape;
  map.read("delay-shape", shape,
           [](std::string_view text) { return read_choice(text, shape_words); });
  if (shape) link.shape = sim::DelayShape{static_cast<std::uint8_t>(*shape)};
  map.read("delay-mean", link.delay_mean,
           [](std::string_view text) { return read_duration(text, 0s, 1min); });
  map.read("loss", link.loss, read_share);
  map.read("duplicate", link.duplicate, read_share);
  map.read("reorder", link.reorder, read_share);
  map.read("reorder-by", link.reorder_by,
           [](std::string_view text) { return read_duration(text, 0s, reorder_max); });
  return link;
}

std::vector<Fault> read_faults(const YAML::Node& list, ScenarioProblems& problems) {
  std::vector<Fault> faults;
  if (!list.IsSequence()) {
    problems.push_back(
        {place_of(list.Mark()), "faults", "allowed: a list, each entry as in '- crash: n3'"});
    return faults;
  }
  const std::vector<std::string_view> keys = fault_keys();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const MapReader map(list[i], "faults[" + std::to_string(i) + "]", keys, problems);
    if (!list[i].IsMap()) continue;
    if (auto fault = FaultReader(map).read()) faults.push_back(std::move(*fault));
  }
  return faults;
}

}  // namespace rollcall::lab
