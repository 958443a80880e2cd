// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/settings/cluster_settings.hpp"

#include <array>
#include <cmath>
#include <limits>

#include "base/text.hpp"
#include "core/settings/settings_values.hpp"

namespace rollcall::core {
namespace {

constexpr double millionths = 1e6;

/// How one setting is written where people read it.
enum class Shape : std::uint8_t {
  detector,
  on_off,
  duration,
  duration_or_auto,
  count,
  count_or_auto,
  number_or_off,
  share,
  cast
};

struct Field {
  wire::Setting setting{};
  std::string_view name;
  Shape shape{};
};

constexpr std::array<Field, wire::settings_count> fields = {{
    {wire::Setting::detector, "detector", Shape::detector},
    {wire::Setting::suspicion, "suspicion", Shape::on_off},
    {wire::Setting::suspicion_time, "suspicion-time", Shape::duration_or_auto},
    {wire::Setting::probe_interval, "probe-interval", Shape::duration},
    {wire::Setting::probe_timeout, "probe-timeout", Shape::duration},
    {wire::Setting::indirect_probes, "indirect-probes", Shape::count},
    {wire::Setting::gossip_interval, "gossip-interval", Shape::duration},
    {wire::Setting::gossip_fanout, "gossip-fanout", Shape::count_or_auto},
    {wire::Setting::fail_time, "fail-time", Shape::duration_or_auto},
    {wire::Setting::accrual_threshold, "accrual-threshold", Shape::number_or_off},
    {wire::Setting::heartbeat_cast, "heartbeat-cast", Shape::cast},
    {wire::Setting::cleanup_time, "cleanup-time", Shape::duration},
    {wire::Setting::drop_rate, "drop-rate", Shape::share},
}};

/// Millionths as a decimal number without zeros at its end: 50'000 is "0.05".
std::string decimal_text(std::uint64_t value) {
  const std::string text = std::to_string(value / 1'000'000);
  std::string rest = std::to_string(1'000'000 + value % 1'000'000).substr(1);
  rest.erase(rest.find_last_not_of('0') + 1);
  return rest.empty() ? text : text + "." + rest;
}

std::string value_text(Shape shape, std::uint64_t value) {
  const auto duration = [value] { return Duration(static_cast<Duration::rep>(value)); };
  switch (shape) {
    case Shape::detector:
      return std::string(to_text(static_cast<DetectorKind>(value)));
    case Shape::cast:
      return std::string(to_text(static_cast<HeartbeatCast>(value)));
    case Shape::on_off:
      return value != 0 ? "enabled" : "disabled";
    case Shape::duration:
      return duration_text(duration());
    case Shape::duration_or_auto:
      return value == 0 ? "auto" : duration_text(duration());
    case Shape::count:
      return std::to_string(value);
    case Shape::count_or_auto:
      return value == 0 ? "auto" : std::to_string(value);
    case Shape::number_or_off:
      return value == 0 ? "off" : decimal_text(value);
    case Shape::share:
      return decimal_text(value);
  }
  return {};
}

std::uint64_t in_millionths(double value) {
  constexpr double most = 1e9;  // anything else is no value of any setting
  if (!(value >= 0 && value <= most)) return std::numeric_limits<std::uint64_t>::max();
  return static_cast<std::uint64_t>(std::llround(value * millionths));
}

std::uint64_t in_nanoseconds(Duration duration) {
  return static_cast<std::uint64_t>(duration.count());
}

/// Reads values, and remembers whether one was none.
class ValueReader {
 public:
  explicit ValueReader(const wire::SettingValues& values) : values_(values) {}

  void read(wire::Setting setting, Duration& to) {
    to = Duration(static_cast<Duration::rep>(
        at_most(setting, static_cast<std::uint64_t>(Duration::max().count()))));
  }
  void read(wire::Setting setting, std::size_t& to) {
    to = at_most(setting, std::numeric_limits<std::uint32_t>::max());
  }
  void read(wire::Setting setting, bool& to) { to = at_most(setting, 1) != 0; }
  void read(wire::Setting setting, double& to) {
    constexpr std::uint64_t exact_max = std::uint64_t{1} << 50U;
    to = static_cast<double>(at_most(setting, exact_max)) / millionths;
  }
  template <class Enum>
    requires std::is_enum_v<Enum>
  void read(wire::Setting setting, Enum& to) {
    to = static_cast<Enum>(at_most(setting, 1));
  }
  [[nodiscard]] bool is_good() const { return is_good_; }

 private:
  std::uint64_t at_most(wire::Setting setting, std::uint64_t most) {
    const std::uint64_t value = values_[static_cast<std::size_t>(setting)];
    if (value > most) is_good_ = false;
    return value > most ? 0 : value;
  }

  const wire::SettingValues& values_;
  bool is_good_ = true;
};

template <class Value>
void take(const std::optional<Value>& wanted, Value& value) {
  if (wanted) value = *wanted;
}

}  // namespace

std::string_view to_text(DetectorKind kind) {
  return kind == DetectorKind::gossip ? "gossip" : "pingack";
}

std::string_view to_text(HeartbeatCast cast) {
  return cast == HeartbeatCast::broadcast ? "broadcast" : "unicast";
}

ClusterSettings apply(const SettingsChange& change, ClusterSettings to) {
  take(change.detector, to.detector);
  take(change.suspicion_enabled, to.suspicion_enabled);
  take(change.suspicion_time, to.suspicion_time);
  take(change.probe_interval, to.probe_interval);
  take(change.probe_timeout, to.probe_timeout);
  take(change.indirect_probes, to.indirect_probes);
  take(change.gossip_interval, to.gossip_interval);
  take(change.gossip_fanout, to.gossip_fanout);
  take(change.fail_time, to.fail_time);
  take(change.accrual_threshold, to.accrual_threshold);
  take(change.heartbeat_cast, to.heartbeat_cast);
  take(change.cleanup_time, to.cleanup_time);
  take(change.drop_rate, to.drop_rate);
  return to;
}

wire::SettingValues values_of(const ClusterSettings& settings) {
  return {static_cast<std::uint64_t>(settings.detector),
          settings.suspicion_enabled ? std::uint64_t{1} : std::uint64_t{0},
          in_nanoseconds(settings.suspicion_time),
          in_nanoseconds(settings.probe_interval),
          in_nanoseconds(settings.probe_timeout),
          settings.indirect_probes,
          in_nanoseconds(settings.gossip_interval),
          settings.gossip_fanout,
          in_nanoseconds(settings.fail_time),
          in_millionths(settings.accrual_threshold),
          static_cast<std::uint64_t>(settings.heartbeat_cast),
          in_nanoseconds(settings.cleanup_time),
          in_millionths(settings.drop_rate)};
}

std::optional<ClusterSettings> settings_of(const wire::SettingValues& values) {
  ClusterSettings settings;
  ValueReader reader(values);
  reader.read(wire::Setting::detector, settings.detector);
  reader.read(wire::Setting::suspicion, settings.suspicion_enabled);
  reader.read(wire::Setting::suspicion_time, settings.suspicion_time);
  reader.read(wire::Setting::probe_interval, settings.probe_interval);
  reader.read(wire::Setting::probe_timeout, settings.probe_timeout);
  reader.read(wire::Setting::indirect_probes, settings.indirect_probes);
  reader.read(wire::Setting::gossip_interval, settings.gossip_interval);
  reader.read(wire::Setting::gossip_fanout, settings.gossip_fanout);
  reader.read(wire::Setting::fail_time, settings.fail_time);
  reader.read(wire::Setting::accrual_threshold, settings.accrual_threshold);
  reader.read(wire::Setting::heartbeat_cast, settings.heartbeat_cast);
  reader.read(wire::Setting::cleanup_time, settings.cleanup_time);
  reader.read(wire::Setting::drop_rate, settings.drop_rate);
  if (!reader.is_good()) return std::nullopt;
  return settings;
}

std::vector<std::pair<std::string, std::string>> in_text(const ClusterSettings& settings) {
  const wire::SettingValues values = values_of(settings);
  std::vector<std::pair<std::string, std::string>> list;
  for (const Field& field : fields) {
    const std::uint64_t value = values[static_cast<std::size_t>(field.setting)];
    list.emplace_back(field.name, value_text(field.shape, value));
  }
  return list;
}

std::vector<SettingDifference> differences(const ClusterSettings& from, const ClusterSettings& to) {
  const auto before = in_text(from);
  const auto after = in_text(to);
  std::vector<SettingDifference> list;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i].second == after[i].second) continue;
    list.push_back({.name = before[i].first, .from = before[i].second, .to = after[i].second});
  }
  return list;
}

}  // namespace rollcall::core
