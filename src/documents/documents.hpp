// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>

#include <yaml-cpp/mark.h>

/// Files that people write, read before anybody looks at what they mean.
namespace rollcall::documents {

/// A whole file of at most so many bytes, or why not: "cannot be read: …", "is longer than …".
std::expected<std::string, std::string> read_text(const std::filesystem::path& file,
                                                  std::size_t bytes_max);

/// Where a second document begins in a text of YAML or JSON, if there is one.
///
/// Errors: throws YAML::Exception where the text is no YAML.
std::optional<YAML::Mark> second_document(const std::string& text);

}  // namespace rollcall::documents
