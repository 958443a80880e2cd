// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "script_words.hpp"

#include <charconv>
#include <sstream>

#include "base/text.hpp"

namespace rollcall::scenario {

Words::Words(std::string_view line) {
  std::istringstream stream{std::string(line)};
  for (std::string word; stream >> word;) words_.push_back(word);
}

const std::string& Words::peek() const {
  static const std::string nothing;
  return empty() ? nothing : words_[next_];
}

std::string Words::take(const char* what) {
  if (empty()) throw ScriptError(std::string(what) + " is missing");
  return words_[next_++];
}

bool Words::take_if(std::string_view word) {
  if (peek() != word) return false;
  ++next_;
  return true;
}

std::optional<std::string> Words::take_after(std::string_view prefix) {
  if (empty() || !peek().starts_with(prefix)) return std::nullopt;
  return words_[next_++].substr(prefix.size());
}

std::vector<std::string> Words::take_all() {
  std::vector<std::string> rest(words_.begin() + static_cast<std::ptrdiff_t>(next_), words_.end());
  next_ = words_.size();
  return rest;
}

std::uint64_t number_of(const std::string& word) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{} || end != word.data() + word.size()) {
    throw ScriptError("'" + word + "' is no number");
  }
  return number;
}

Duration duration_of(const std::string& word) {
  const auto duration = parse_duration(word);
  if (!duration) throw ScriptError("'" + word + "' is no duration");
  return *duration;
}

Address address_of(const std::string& word) {
  const auto address = parse_address(word);
  if (!address) throw ScriptError("'" + word + "' is no address");
  return *address;
}

HostPort host_port_of(const std::string& word) {
  const auto host_port = parse_host_port(word);
  if (!host_port) throw ScriptError("'" + word + "' is no host:port");
  return *host_port;
}

std::uint64_t id_of(const std::string& word, char kind) {
  if (word.size() < 2 || word.front() != kind) {
    throw ScriptError("'" + word + "' is not like '" + std::string(1, kind) + "1'");
  }
  return number_of(word.substr(1));
}

}  // namespace rollcall::scenario
