// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "documents/documents.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

namespace rollcall::documents {
namespace {

std::unexpected<std::string> cannot_be_read() {
  return std::unexpected(std::string("cannot be read: ") + std::strerror(errno));
}

/// Where each document begins; of the documents themselves nothing is kept.
class DocumentStarts final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { last_ = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  [[nodiscard]] const YAML::Mark& last() const { return last_; }

 private:
  YAML::Mark last_;
};

}  // namespace

std::expected<std::string, std::string> read_text(const std::filesystem::path& file,
                                                  std::size_t bytes_max) {
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return cannot_be_read();
  std::string text(bytes_max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return cannot_be_read();
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() <= bytes_max) return text;
  return std::unexpected("is longer than " + std::to_string(bytes_max) + " bytes");
}

// Not by YAML::LoadAll(), which makes documents for ever of a stray comma, as in "{},".
std::optional<YAML::Mark> second_document(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentStarts starts;
  if (!parser.HandleNextDocument(starts) || !parser.HandleNextDocument(starts)) return std::nullopt;
  return starts.last();
}

}  // namespace rollcall::documents
