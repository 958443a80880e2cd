// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "base/text.hpp"
#include "lab/scenario_settings.hpp"
#include "lab/scenario_switch.hpp"
#include "lab/scenario_targets.hpp"
#include "lab/scenario_yaml.hpp"

namespace rollcall::lab {
namespace {

/// A text of one line in double quotes, as YAML and JSON both read it.
std::string quoted(std::string_view text) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\';
    if (byte < 0x20) {
      out += "\\x";
      out += digits[byte >> 4U];
      out += digits[byte & 0xFU];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

const Scenario& usual_scenario() {
  static const Scenario usual;
  return usual;
}

std::string value_text(Duration duration) {
  return duration_text(duration);
}
std::string value_text(double number) {
  return number_text(number);
}
std::string value_text(std::size_t count) {
  return std::to_string(count);
}

/// Lines of "key: value" at some depth, under a heading that is written only when a line follows.
class Section {
 public:
  explicit Section(std::string heading, std::size_t depth = 2)
      : heading_(std::move(heading)),
        indent_(depth, ' ') {}

  void add(std::string_view key, const std::string& value) {
    text_ += indent_ + std::string(key) + ": " + value + "\n";
  }
  template <class T>
  void add(std::string_view key, const std::optional<T>& value) {
    if (value) add(key, value_text(*value));
  }
  template <class T>
  void add_unless(const T& usual, std::string_view key, const T& value) {
    if (value != usual) add(key, value_text(value));
  }
  void add_section(const Section& section) { text_ += section.text(); }
  [[nodiscard]] std::string text() const { return text_.empty() ? "" : heading_ + text_; }

 private:
  std::string heading_;
  std::string indent_;
  std::string text_;
};

std::string delay_text(Duration low, Duration high) {
  return low == high ? duration_text(low) : duration_text(low) + ".." + duration_text(high);
}

void write_setting(Section& section, const Setting& setting, const core::Config& config) {
  static const core::Config usual;
  const auto write = [&](auto at) {
    const auto& value = config.*at;
    if (value == usual.*at) return;
    const bool is_word =
        value == std::remove_cvref_t<decltype(value)>{} && !setting.zero_word.empty();
    section.add(setting.key, is_word ? std::string(setting.zero_word) : value_text(value));
  };
  std::visit(write, setting.at);
}

std::string cluster_text(const ClusterPlan& cluster) {
  const ClusterPlan usual;
  Section section("cluster:\n");
  section.add("members", value_text(cluster.members));
  if (cluster.config.profile == core::Profile::swim) section.add("profile", "swim");
  if (cluster.start != usual.start) {
    section.add("start", std::string(start_words[static_cast<std::size_t>(cluster.start)]));
  }
  section.add_unless(usual.start_gap, "start-gap", cluster.start_gap);
  section.add_unless(usual.seeds, "seeds", cluster.seeds);
  Section detector("  detector:\n", 4);
  for (const Setting& setting : detector_settings())
    write_setting(detector, setting, cluster.config);
  const core::Config& config = cluster.config;
  if (config.detector != usual.config.detector) {
    detector.add("kind", std::string(core::to_text(config.detector)));
  }
  if (config.heartbeat_cast != usual.config.heartbeat_cast) {
    detector.add("heartbeat-cast", std::string(core::to_text(config.heartbeat_cast)));
  }
  if (!config.suspicion_enabled) detector.add("suspicion", "disabled");
  section.add_section(detector);
  return section.text();
}

/// A link as a map on one line, of what it changes.
std::string link_text(const LinkChange& link) {
  std::string text;
  const auto add = [&](std::string_view key, const std::string& value) {
    text += (text.empty() ? "" : ", ") + std::string(key) + ": " + value;
  };
  if (link.delay_min && link.delay_max) add("delay", delay_text(*link.delay_min, *link.delay_max));
  if (link.shape)
    add("delay-shape", std::string(shape_words[static_cast<std::size_t>(*link.shape)]));
  if (link.delay_mean) add("delay-mean", duration_text(*link.delay_mean));
  if (link.loss) add("loss", number_text(*link.loss));
  if (link.duplicate) add("duplicate", number_text(*link.duplicate));
  if (link.reorder) add("reorder", number_text(*link.reorder));
  if (link.reorder_by) add("reorder-by", duration_text(*link.reorder_by));
  return "{" + text + "}";
}

std::string list_of(const std::vector<Targets>& groups) {
  std::string text;
  for (const Targets& group : groups) text += (text.empty() ? "" : ", ") + to_text(group);
  return "[" + text + "]";
}

std::string network_text(const Scenario& scenario) {
  const sim::LinkOptions usual;
  const sim::LinkOptions& link = scenario.network;
  Section section("network:\n");
  if (link.delay_min != usual.delay_min || link.delay_max != usual.delay_max) {
    section.add("delay", delay_text(link.delay_min, link.delay_max));
  }
  if (link.shape != usual.shape) {
    section.add("delay-shape", std::string(shape_words[static_cast<std::size_t>(link.shape)]));
  }
  const Duration middle = link.delay_min + (link.delay_max - link.delay_min) / 2;
  section.add_unless(middle, "delay-mean", link.delay_mean);
  section.add_unless(usual.loss, "loss", link.loss);
  section.add_unless(usual.duplicate, "duplicate", link.duplicate);
  section.add_unless(usual.reorder, "reorder", link.reorder);
  section.add_unless(usual.reorder_by, "reorder-by", link.reorder_by);
  section.add_unless(usual_scenario().timer_lateness, "timer-lateness", scenario.timer_lateness);
  if (scenario.cluster.config.broadcast) section.add("lan", "on");
  if (!scenario.zones.empty()) section.add("zones", list_of(scenario.zones));
  if (scenario.between_zones) section.add("between-zones", link_text(*scenario.between_zones));
  return section.text();
}

/// What stands behind the kind: whom or what it is about.
std::string subject_text(const Fault& fault) {
  switch (fault.kind) {
    case FaultKind::partition:
      return list_of(fault.groups);
    case FaultKind::cut:
    case FaultKind::mend:
      return to_text(fault.targets) + (fault.ways == Ways::both ? " <-> " : " -> ") +
             to_text(fault.to);
    case FaultKind::link:
      return link_text(fault.link);
    default:
      return to_text(fault.targets);
  }
}

std::string fault_text(const Fault& fault) {
  Section section("", 4);
  section.add("at", value_text(fault.at));
  section.add("for", fault.lasts);
  section.add("every", fault.every);
  section.add("until", fault.until);
  section.add_unless(Duration::zero(), "down", fault.down);
  if (fault.disk == sim::Disk::lost) section.add("disk", "lost");
  if (fault.move == Move::new_address) section.add("address", "new");
  if (fault.kind == FaultKind::host_loss) {
    section.add("in", value_text(fault.loss.in));
    section.add("out", value_text(fault.loss.out));
    if (fault.loss.scope == sim::LossScope::datagrams) section.add("scope", "datagrams");
  }
  if (fault.kind == FaultKind::bandwidth) {
    const auto bytes = [&](std::string_view key, std::uint64_t value) {
      if (value > 0) section.add(key, std::to_string(value));
    };
    bytes("in", fault.bandwidth.in_bytes_per_second);
    bytes("out", fault.bandwidth.out_bytes_per_second);
    section.add_unless(sim::Bandwidth{}.queue_bytes, "queue", fault.bandwidth.queue_bytes);
  }
  if (fault.kind == FaultKind::change) section.add("settings", change_text(fault.change));
  if (fault.kind == FaultKind::drift) section.add("ppm", std::to_string(fault.drift_ppm));
  if (fault.kind == FaultKind::jump_clock || fault.kind == FaultKind::step_clock) {
    const bool is_back = fault.clock_by < Duration::zero();
    section.add("by",
                (is_back ? "-" : "") + duration_text(is_back ? -fault.clock_by : fault.clock_by));
  }
  return "  - " + std::string(to_text(fault.kind)) + ": " + subject_text(fault) + "\n" +
         section.text();
}

std::string expectations_text(const Expectations& expect) {
  Section section("expect:\n");
  for (const Bound& bound : bounds()) {
    std::visit([&](auto at) { section.add(bound.key, expect.*at); }, bound.at);
  }
  return section.text();
}

}  // namespace

std::string to_yaml(const Scenario& scenario) {
  Section top("", 0);
  if (!scenario.name.empty()) top.add("name", quoted(scenario.name));
  if (!scenario.summary.empty()) top.add("summary", quoted(scenario.summary));
  std::string text = top.text() + cluster_text(scenario.cluster) + network_text(scenario);
  if (scenario.duration) text += "duration: " + duration_text(*scenario.duration) + "\n";
  if (!scenario.faults.empty()) text += "faults:\n";
  for (const Fault& fault : scenario.faults) text += fault_text(fault);
  if (scenario.measure != usual_scenario().measure) {
    std::string words;
    for (const Measure measure : scenario.measure) {
      words += (words.empty() ? "" : ", ") + std::string(to_text(measure));
    }
    text += "measure: [" + words + "]\n";
  }
  if (scenario.checks == Checks::off) text += "checks: off\n";
  return text + expectations_text(scenario.expect);
}

}  // namespace rollcall::lab
