// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/properties.hpp"

#include <algorithm>
#include <iostream>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/text.hpp"

namespace rollcall::cli {
namespace {

using Property = std::pair<std::string, std::string>;

std::string list_text(const Json& list) {
  std::string text;
  for (const Json& item : list) {
    text += (text.empty() ? "" : ", ") + (item.is_string() ? item.get<std::string>() : item.dump());
  }
  return text.empty() ? "-" : text;
}

/// Two levels are all that agents send; deeper ones stay JSON.
void collect(const Json& object, const std::string& prefix, std::vector<Property>& properties) {
  for (const auto& [key, value] : object.items()) {
    if (value.is_object() && prefix.empty() && !value.empty()) {
      collect(value, key + ".", properties);
    } else if (value.is_array()) {
      properties.emplace_back(prefix + key, list_text(value));
    } else if (value.is_null() || (value.is_object() && value.empty())) {
      properties.emplace_back(prefix + key, "-");
    } else {
      const std::string text = field_text(object, key);
      properties.emplace_back(prefix + key, text.empty() ? "-" : text);
    }
  }
}

}  // namespace

std::string properties_text(const Json& object) {
  if (!object.is_object()) return field_text({{"value", object}}, "value") + "\n";
  std::vector<Property> properties;
  collect(object, "", properties);
  std::size_t widest = 0;
  for (const auto& [name, value] : properties) widest = std::max(widest, width(name));
  std::string text;
  for (const auto& [name, value] : properties) {
    text += printable(name) + std::string(widest - width(name) + 2, ' ') + printable(value) + "\n";
  }
  return text;
}

void print_properties(const Json& object) {
  std::cout << properties_text(object);
}

}  // namespace rollcall::cli
