// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "lab/scenario_problem.hpp"
#include "lab/scenario_values.hpp"

namespace rollcall::lab {

Place place_of(const YAML::Mark& mark);

/// One map of a scenario file: finds its keys, reads their values, and notes what is wrong with
/// either. A value that cannot be read leaves what it was meant for as it was.
class MapReader {
 public:
  /// Notes at once what is no map, and keys that are unknown or given twice.
  MapReader(const YAML::Node& node, std::string path, std::span<const std::string_view> keys,
            ScenarioProblems& problems);

  [[nodiscard]] ScenarioProblems& problems() const { return problems_; }
  [[nodiscard]] std::string path_of(std::string_view key) const;
  [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }
  /// The value; null if the key is not there.
  [[nodiscard]] const YAML::Node* find(std::string_view key) const;
  /// Where the key stands, or the map if it is not there.
  [[nodiscard]] Place place_of_key(std::string_view key) const;

  void problem(std::string_view key, std::string message) const;
  void problem_at(const YAML::Node& node, std::string_view key, std::string message) const;

  /// Reads the value, if the key is there, with a function from text to Read<T>.
  template <class T, class Parse>
  void read(std::string_view key, T& into, Parse parse) const {
    const YAML::Node* const node = find(key);
    if (node == nullptr || !is_scalar(*node, key)) return;
    auto value = parse(std::string_view(node->Scalar()));
    if (value) {
      into = std::move(*value);
    } else {
      problem_at(*node, key, std::move(value).error());
    }
  }

 private:
  struct Entry {
    std::string key;
    YAML::Node value;
    Place place;
  };

  void take(const YAML::Node& key, const YAML::Node& value, std::span<const std::string_view> keys);
  bool is_scalar(const YAML::Node& node, std::string_view key) const;

  std::string path_;
  Place place_;
  ScenarioProblems& problems_;
  std::vector<Entry> entries_;
};

/// The texts of a list, or of a single value; notes what is neither.
std::vector<std::string> texts_of(const YAML::Node& node, const MapReader& map,
                                  std::string_view key);

}  // namespace rollcall::lab
