// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/scenario_map.hpp"

#include <algorithm>

#include "base/suggest.hpp"

namespace rollcall::lab {
namespace {

std::string_view kind_of(const YAML::Node& node) {
  if (node.IsMap()) return "a map";
  if (node.IsSequence()) return "a list";
  return node.IsNull() ? "nothing" : "a word";
}

std::string unknown_key(std::string_view key, std::span<const std::string_view> keys) {
  const std::string_view meant = nearest(key, keys);
  if (!meant.empty()) return "unknown key; did you mean " + std::string(meant) + "?";
  return "unknown key; allowed: " + list_text(keys);
}

}  // namespace

Place place_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {.line = mark.line + 1, .column = mark.column + 1};
}

MapReader::MapReader(const YAML::Node& node, std::string path,
                     std::span<const std::string_view> keys, ScenarioProblems& problems)
    : path_(std::move(path)),
      place_(place_of(node.Mark())),
      problems_(problems) {
  if (!node.IsMap()) {
    problems_.push_back({place_, path_,
                         "found " + std::string(kind_of(node)) + "; allowed: a map with the keys " +
                             list_text(keys)});
    return;
  }
  for (const auto& entry : node) take(entry.first, entry.second, keys);
}

void MapReader::take(const YAML::Node& key, const YAML::Node& value,
                     std::span<const std::string_view> keys) {
  const Place place = lab::place_of(key.Mark());
  if (!key.IsScalar()) {
    problems_.push_back({place, path_, "found a key that is no word; allowed: " + list_text(keys)});
    return;
  }
  const std::string name = key.Scalar();
  if (std::ranges::find(keys, name) == keys.end()) {
    problems_.push_back({place, path_of(name), unknown_key(name, keys)});
  } else if (has(name)) {
    problems_.push_back({place, path_of(name), "given twice; allowed: once"});
  } else {
    entries_.push_back({name, value, place});
  }
}

std::string MapReader::path_of(std::string_view key) const {
  if (key.empty()) return path_;
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

const YAML::Node* MapReader::find(std::string_view key) const {
  const auto entry = std::ranges::find(entries_, key, &Entry::key);
  return entry == entries_.end() ? nullptr : &entry->value;
}

Place MapReader::place_of_key(std::string_view key) const {
  const auto entry = std::ranges::find(entries_, key, &Entry::key);
  return entry == entries_.end() ? place_ : entry->place;
}

void MapReader::problem(std::string_view key, std::string message) const {
  problems_.push_back({place_of_key(key), path_of(key), std::move(message)});
}

void MapReader::problem_at(const YAML::Node& node, std::string_view key,
                           std::string message) const {
  problems_.push_back({lab::place_of(node.Mark()), path_of(key), std::move(message)});
}

bool MapReader::is_scalar(const YAML::Node& node, std::string_view key) const {
  if (node.IsScalar()) return true;
  problem(key, "found " + std::string(kind_of(node)) + "; allowed: one value");
  return false;
}

std::vector<std::string> texts_of(const YAML::Node& node, const MapReader& map,
                                  std::string_view key) {
  std::vector<std::string> texts;
  if (node.IsScalar()) return {node.Scalar()};
  if (!node.IsSequence()) {
    map.problem_at(node, key,
                   "found " + std::string(kind_of(node)) + "; allowed: a value or a list");
    return texts;
  }
  for (const auto& item : node) {
    if (item.IsScalar()) {
      texts.push_back(item.Scalar());
    } else {
      map.problem_at(item, key,
                     "found " + std::string(kind_of(item)) + " in a list; allowed: words");
    }
  }
  return texts;
}

}  // namespace rollcall::lab
