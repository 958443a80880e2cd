// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/config_file.hpp"

#include <set>
#include <utility>

#include <yaml-cpp/yaml.h>

#include "documents/documents.hpp"

namespace rollcall::agent {
namespace {

constexpr std::size_t file_bytes_max = std::size_t{1} << 20U;
/// "http.allow_get_mutations" is the deepest there is.
constexpr int depth_max = 4;

/// Walks through a parsed file and notes every key with its place.
class Flattener {
 public:
  explicit Flattener(std::string file) : file_(std::move(file)) {}

  void add_root(const YAML::Node& root) {
    if (root.IsNull()) return;  // an empty file
    if (!root.IsMap()) {
      return problem(root.Mark(), "", "found no map; allowed: lines of the form key: value");
    }
    add_map(root, "", 0);
  }
  RawConfig take() { return std::move(raw_); }
  void problem(const YAML::Mark& mark, std::string key, std::string message) {
    raw_.problems.push_back({origin(mark), std::move(key), std::move(message)});
  }

 private:
  [[nodiscard]] Origin origin(const YAML::Mark& mark) const {
    if (mark.is_null()) return {.source = Origin::Source::file, .name = file_};
    return {.source = Origin::Source::file,
            .name = file_,
            .line = mark.line + 1,
            .column = mark.column + 1};
  }

  void add_map(const YAML::Node& map, const std::string& prefix, int depth) {
    for (const auto& entry : map) {
      if (!entry.first.IsScalar()) {
        problem(entry.first.Mark(), prefix, "found a key that is no word");
        continue;
      }
      add_entry(prefix + entry.first.Scalar(), entry.first.Mark(), entry.second, depth);
    }
  }

  void add_entry(const std::string& name, const YAML::Mark& mark, const YAML::Node& value,
                 int depth) {
    const Key* const key = find_key(name);
    const bool takes_map = key != nullptr && std::holds_alternative<TagsField>(key->field);
    if (value.IsMap() && !takes_map) {
      if (depth >= depth_max) return problem(mark, name, "maps are nested too deeply");
      return add_map(value, name + ".", depth + 1);
    }
    // One key under two spellings is given twice as well.
    if (!seen_.insert(key != nullptr ? std::string(key->name) : name).second) {
      return problem(mark, name, "given twice in this file; allowed: once");
    }
    auto raw = raw_value(value);
    if (!raw) return problem(mark, name, std::move(raw).error());
    raw_.assignments.push_back({name, std::move(*raw), origin(mark)});
  }

  static std::expected<RawValue, std::string> raw_value(const YAML::Node& value) {
    if (value.IsScalar()) return RawValue{RawValue::Shape::scalar, {value.Scalar()}};
    if (value.IsSequence()) return raw_list(value);
    if (value.IsMap()) return raw_map(value);
    return std::unexpected("has no value; give one, or remove the line");
  }

  static std::expected<RawValue, std::string> raw_list(const YAML::Node& list) {
    RawValue raw{RawValue::Shape::list, {}};
    for (const auto& item : list) {
      if (!item.IsScalar()) return std::unexpected("found a list of lists; allowed: plain words");
      raw.items.push_back(item.Scalar());
    }
    return raw;
  }

  static std::expected<RawValue, std::string> raw_map(const YAML::Node& map) {
    RawValue raw{RawValue::Shape::map, {}};
    std::set<std::string> names;
    for (const auto& entry : map) {
      if (!entry.first.IsScalar() || !entry.second.IsScalar()) {
        return std::unexpected("found something nested; allowed: KEY: VALUE, both plain words");
      }
      const std::string& name = entry.first.Scalar();
      if (name.find('=') != std::string::npos) {
        return std::unexpected("found '" + name + "'; allowed: a key without '='");
      }
      if (!names.insert(name).second) {
        return std::unexpected("found '" + name + "' twice; allowed: once");
      }
      raw.items.push_back(name + "=" + entry.second.Scalar());
    }
    return raw;
  }

  std::string file_;
  RawConfig raw_;
  std::set<std::string> seen_;
};

RawConfig unreadable(const std::string& file, std::string message) {
  RawConfig raw;
  raw.problems.push_back({{.source = Origin::Source::file, .name = file}, "", std::move(message)});
  return raw;
}

}  // namespace

std::string to_text(const ConfigProblem& problem) {
  const std::string where = to_text(problem.where);
  if (problem.key.empty()) return where + ": " + problem.message;
  // A flag is named by its place already.
  const bool is_named =
      problem.where.source == Origin::Source::flag && problem.where.name == problem.key;
  return where + ": " + (is_named ? "" : problem.key + ": ") + problem.message;
}

RawConfig parse_config_text(const std::string& text, const std::string& file) {
  Flattener flattener(file);
  try {
    flattener.add_root(YAML::Load(text));
    if (const auto second = documents::second_document(text)) {
      flattener.problem(*second, "", "found a second document; allowed: one");
    }
  } catch (const YAML::Exception& error) {
    flattener.problem(error.mark, "", "this is no YAML: " + error.msg);
  }
  return flattener.take();
}

RawConfig read_config_file(const std::string& file) {
  const auto text = documents::read_text(file, file_bytes_max);
  if (!text) return unreadable(file, text.error() + "; name a YAML or JSON file");
  return parse_config_text(*text, file);
}

}  // namespace rollcall::agent
