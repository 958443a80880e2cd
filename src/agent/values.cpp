// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/values.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/address.hpp"
#include "base/peer_address.hpp"
#include "base/text.hpp"

namespace rollcall::agent {
namespace {

using Json = nlohmann::ordered_json;
using Assigned = std::expected<void, std::string>;

constexpr std::uint16_t member_port = 7420;

std::unexpected<std::string> wrong(const std::string& found, std::string_view allowed) {
  return std::unexpected("found '" + shown(found) + "'; allowed: " + std::string(allowed));
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    std::string part = text.substr(begin, end - begin);
    part.erase(0, part.find_first_not_of(" \t"));
    part.erase(part.find_last_not_of(" \t") + 1);
    parts.push_back(std::move(part));
    begin = end + 1;
  }
  // Nothing at all is a list of nothing; a blank beside others is a slip.
  if (parts.size() == 1 && parts.front().empty()) parts.clear();
  return parts;
}

std::string words(std::span<const Choice> choices, std::string_view separator) {
  std::string text;
  for (const Choice& choice : choices) {
    if (choice.word != choice.canonical) continue;
    if (!text.empty()) text += separator;
    text += choice.word;
  }
  return text;
}

template <class Number>
std::optional<Number> parse_number(const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Whether it has the form of a duration, whatever its sign and size.
bool has_unit(const std::string& text) {
  const std::size_t unit = text.find_last_not_of("numsh") + 1;
  return parse_duration("1" + text.substr(unit)) && parse_number<double>(text.substr(0, unit));
}

/// Gives one scalar to the field that takes one.
class ScalarAssigner {
 public:
  ScalarAssigner(Settings& settings, const std::string& text) : settings_(settings), text_(text) {}

  Assigned operator()(const TextField& field) const {
    if (field.rule == TextField::Rule::name && !is_valid_name(text_)) {
      return wrong(text_, name_rule);
    }
    return set(field.at, text_);
  }
  Assigned operator()(const PathField& field) const {
    if (text_.empty()) return wrong(text_, "a path");
    return set(field.at, text_);
  }
  Assigned operator()(const AddressField& field) const {
    const bool may_be_off = field.off == AddressField::Off::allowed;
    if (may_be_off && text_ == "off") return set(field.at, std::string());
    const auto address = parse_host_port(text_, field.default_port);
    if (!address) {
      return wrong(text_, std::string("HOST:PORT with a port from 0 to 65535, IPv6 as [::1]:PORT") +
                              (may_be_off ? ", or off" : ""));
    }
    return set(field.at, address->port == 0 && field.default_port == 0 ? text_ : to_text(*address));
  }
  Assigned operator()(const AddressListField& field) const {
    std::vector<std::string> addresses;
    for (const std::string& part : split(text_, ',')) {
      const auto address = parse_peer_address(part, member_port);
      if (!address) {
        return wrong(part.empty() ? text_ : part,
                     "HOST:PORT of a member, with a port from 1 to 65535, or "
                     "_service._proto.NAME or srv:NAME for SRV records, several separated by "
                     "commas");
      }
      addresses.push_back(peer_text(*address));
    }
    auto& list = settings_.*field.at;
    list.insert(list.end(), addresses.begin(), addresses.end());
    return {};
  }
  Assigned operator()(const SwitchField& field) const {
    if (text_ == field.on) return set(field.at, true);
    if (text_ == field.off) return set(field.at, false);
    return wrong(text_, std::string(field.on) + " or " + std::string(field.off));
  }
  Assigned operator()(const CountField& field) const {
    if (!field.zero_word.empty() && text_ == field.zero_word) return set(field.at, std::size_t{0});
    const auto number = parse_number<std::size_t>(text_);
    if (!number) return wrong(text_, with_word("a whole number", field.zero_word));
    // What 0 stands for has a word, so that nobody asks for it by mistake.
    if (*number == 0 && !field.zero_word.empty()) {
      return wrong(text_, with_word("a whole number from 1 on", field.zero_word));
    }
    return set(field.at, *number);
  }
  Assigned operator()(const DurationField& field) const {
    if (!field.zero_word.empty() && text_ == field.zero_word) return set(field.at, Duration{0});
    const auto duration = parse_duration(text_);
    if (duration == Duration::zero() && !field.zero_word.empty()) {
      return wrong(text_, with_word("a duration above 0s", field.zero_word));
    }
    if (duration) return set(field.at, *duration);
    if (has_unit(text_)) return wrong(text_, with_word("0s to 10000h", field.zero_word));
    const std::string allowed = with_word(
        "a number and one of the units ns, us, ms, s, m, h, as in 250ms or 1.5s", field.zero_word);
    if (!parse_number<double>(text_)) return wrong(text_, allowed);
    return std::unexpected("found '" + shown(text_) + "', which has no unit; allowed: " + allowed);
  }
  Assigned operator()(const ShareField& field) const {
    const auto share = parse_number<double>(text_);
    // Asked so that a NaN is refused too.
    const bool is_share = share && *share >= 0 && *share <= 1;
    if (!is_share) return wrong(text_, "a number from 0 to 1");
    return set(field.at, *share);
  }
  Assigned operator()(const NumberField& field) const {
    if (text_ == field.zero_word) return set(field.at, 0.0);
    const auto number = parse_number<double>(text_);
    // Asked so that a NaN is refused too.
    const bool is_above = number && *number > 0 && *number <= std::numeric_limits<double>::max();
    if (!is_above) return wrong(text_, with_word("a number above 0", field.zero_word));
    return set(field.at, *number);
  }
  Assigned operator()(const ChoiceField& field) const {
    const auto found = std::ranges::find(field.choices, text_, &Choice::word);
    if (found != field.choices.end()) return set(field.at, std::string(found->canonical));
    if (std::ranges::find(field.later, text_) != field.later.end()) {
      return std::unexpected("'" + shown(text_) + "' is not available in this version; allowed: " +
                             words(field.choices, " or "));
    }
    return wrong(text_, words(field.choices, " or "));
  }
  Assigned operator()(const TagsField& field) const {
    const std::size_t equals = text_.find('=');
    if (equals == std::string::npos || equals == 0) return wrong(text_, "KEY=VALUE");
    const std::string key = text_.substr(0, equals);
    if (!(settings_.*field.at).emplace(key, text_.substr(equals + 1)).second) {
      return std::unexpected("found '" + shown(text_) + "', but '" + shown(key) +
                             "' is given already; allowed: each key once");
    }
    return {};
  }

 private:
  template <class Value>
  [[nodiscard]] Assigned set(Value Settings::* at, Value value) const {
    settings_.*at = std::move(value);
    return {};
  }
  static std::string with_word(const std::string& allowed, std::string_view word) {
    return word.empty() ? allowed : allowed + ", or " + std::string(word);
  }

  Settings& settings_;
  const std::string& text_;
};

bool takes_lists(const Key& key) {
  return std::holds_alternative<AddressListField>(key.field) ||
         std::holds_alternative<TagsField>(key.field);
}

/// What is wrong with the shape of a value, before anybody looks into it.
Assigned check_shape(const Key& key, const RawValue& value) {
  using Shape = RawValue::Shape;
  const bool takes_map = std::holds_alternative<TagsField>(key.field);
  if (value.shape == Shape::map && !takes_map) {
    return std::unexpected("found a map; allowed: " + value_name(key));
  }
  if (value.shape == Shape::list && !takes_lists(key)) {
    return std::unexpected("found a list; allowed: " + value_name(key));
  }
  if (value.shape == Shape::scalar && value.items.size() != 1 && !takes_lists(key)) {
    return std::unexpected("given " + std::to_string(value.items.size()) + " times; allowed: once");
  }
  // What is in a configuration is shown as JSON, which has no other bytes.
  if (!std::ranges::all_of(value.items, is_utf8)) {
    return std::unexpected("found bytes that are not UTF-8; allowed: text in UTF-8");
  }
  return {};
}

void clear(Settings& settings, const Key& key) {
  if (const auto* list = std::get_if<AddressListField>(&key.field)) (settings.*list->at).clear();
  if (const auto* tags = std::get_if<TagsField>(&key.field)) (settings.*tags->at).clear();
}

/// The value of a field as JSON.
class JsonValue {
 public:
  explicit JsonValue(const Settings& settings) : settings_(settings) {}

  Json operator()(const TextField& field) const { return settings_.*field.at; }
  Json operator()(const PathField& field) const { return settings_.*field.at; }
  Json operator()(const AddressField& field) const {
    const std::string& address = settings_.*field.at;
    const bool is_off = address.empty() && field.off == AddressField::Off::allowed;
    return is_off ? "off" : address;
  }
  Json operator()(const AddressListField& field) const { return settings_.*field.at; }
  Json operator()(const SwitchField& field) const {
    const bool value = settings_.*field.at;
    if (field.on == "true") return value;
    return value ? field.on : field.off;
  }
  Json operator()(const CountField& field) const {
    const std::size_t count = settings_.*field.at;
    if (count == 0 && !field.zero_word.empty()) return field.zero_word;
    return count;
  }
  Json operator()(const DurationField& field) const {
    const Duration duration = settings_.*field.at;
    if (duration == Duration::zero() && !field.zero_word.empty()) return field.zero_word;
    return duration_text(duration);
  }
  Json operator()(const ShareField& field) const { return settings_.*field.at; }
  Json operator()(const NumberField& field) const {
    const double number = settings_.*field.at;
    if (number == 0) return field.zero_word;
    return number;
  }
  Json operator()(const ChoiceField& field) const { return settings_.*field.at; }
  Json operator()(const TagsField& field) const {
    Json tags = Json::object();
    for (const auto& [name, value] : settings_.*field.at) tags[name] = value;
    return tags;
  }

 private:
  const Settings& settings_;
};

std::string joined(const Json& value) {
  std::string text;
  for (const auto& [name, item] : value.items()) {
    if (!text.empty()) text += ',';
    if (value.is_object()) text += name + "=";
    text += item.get<std::string>();
  }
  return text;
}

}  // namespace

std::string shown(std::string_view text) {
  constexpr std::size_t shown_max = 60;
  if (text.size() <= shown_max) return std::string(text);
  std::size_t end = shown_max;
  // Not inside a letter: the bytes after its first begin with the bits 10.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return std::string(text.substr(0, end)) + "…";
}

std::string to_text(const Origin& origin) {
  switch (origin.source) {
    case Origin::Source::built_in:
      return "default";
    case Origin::Source::file:
      if (origin.line == 0) return origin.name;
      return origin.name + ":" + std::to_string(origin.line) + ":" + std::to_string(origin.column);
    case Origin::Source::environment:
      return "environment variable " + origin.name;
    case Origin::Source::flag:
      return origin.name.empty() ? "command line" : "flag --" + origin.name;
    case Origin::Source::cluster:
      return "the cluster, " + origin.name;
  }
  return {};
}

Assigned assign(Settings& settings, const Key& key, const RawValue& value) {
  if (auto checked = check_shape(key, value); !checked) return checked;
  Settings next = settings;
  clear(next, key);
  for (const std::string& item : value.items) {
    auto assigned = std::visit(ScalarAssigner(next, item), key.field);
    if (!assigned) return assigned;
  }
  settings = std::move(next);
  return {};
}

Json value_json(const Settings& settings, const Key& key) {
  return std::visit(JsonValue(settings), key.field);
}

std::string value_text(const Settings& settings, const Key& key) {
  const Json value = value_json(settings, key);
  if (value.is_string()) return value.get<std::string>();
  if (value.is_structured()) return joined(value);
  std::string text = value.dump();
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

}  // namespace rollcall::agent
