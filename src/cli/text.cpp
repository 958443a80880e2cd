// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace rollcall::cli {
namespace {

using namespace std::chrono_literals;

unsigned char byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : '\0';
}

template <class... Numbers>
std::string formatted(const char* format, Numbers... numbers) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, numbers...);
  return text.data();
}

}  // namespace

std::string printable(std::string_view text) {
  std::string shown;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned char byte = byte_at(text, i);
    // U+0080 to U+009F, which some terminals obey, are C2 80 to C2 9F in UTF-8.
    const bool is_c1 =
        byte == 0xC2U && byte_at(text, i + 1) >= 0x80U && byte_at(text, i + 1) < 0xA0U;
    if (byte < 0x20U || byte == 0x7FU) {
      shown += formatted("\\x%02X", byte);
    } else if (is_c1) {
      shown += formatted("\\x%02X", byte_at(text, ++i));
    } else {
      shown += text[i];
    }
  }
  return shown;
}

std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char symbol) { return (static_cast<unsigned char>(symbol) & 0xC0U) != 0x80U; }));
}

std::optional<WallTime> parse_time(std::string_view text) {
  std::tm parts{};
  double seconds = 0;
  char zone = '\0';
  const std::string copy(text);
  const int read =
      std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%lf%c", &parts.tm_year, &parts.tm_mon,
                  &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &seconds, &zone);
  if (read != 7 || zone != 'Z' || seconds < 0 || seconds > 61) return std::nullopt;
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  const auto whole = std::chrono::system_clock::from_time_t(timegm(&parts));
  return whole +
         std::chrono::round<std::chrono::microseconds>(std::chrono::duration<double>(seconds));
}

std::string clock_text(WallTime time) {
  const auto since = time.time_since_epoch();
  const auto millis = std::chrono::floor<std::chrono::milliseconds>(since).count();
  const auto second = static_cast<std::time_t>(millis / 1000);
  std::tm parts{};
  localtime_r(&second, &parts);
  return formatted("%02d:%02d:%02d.%03d", parts.tm_hour, parts.tm_min, parts.tm_sec,
                   static_cast<int>(millis % 1000));
}

std::string age_text(std::chrono::system_clock::duration age) {
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(std::max(age, 0 * age));
  const auto seconds = static_cast<long>(milliseconds.count() / 1000);
  if (milliseconds < 10s) {
    return formatted("%.1fs", static_cast<double>(milliseconds.count()) / 1000);
  }
  if (milliseconds < 1min) return formatted("%lds", seconds);
  if (milliseconds < 1h) return formatted("%ldm%02lds", seconds / 60, seconds % 60);
  if (milliseconds < 24h) return formatted("%ldh%02ldm", seconds / 3600, seconds / 60 % 60);
  return formatted("%ldd", seconds / 86'400);
}

}  // namespace rollcall::cli
