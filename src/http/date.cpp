// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "http/date.hpp"

#include <array>
#include <cstdio>
#include <ctime>
#include <string_view>

namespace rollcall::http {
namespace {

// Not strftime, whose names follow the locale.
constexpr std::array<const char*, 7> days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::string date_text(std::time_t time) {
  std::tm utc{};
  gmtime_r(&time, &utc);
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                                 days.at(static_cast<std::size_t>(utc.tm_wday)), utc.tm_mday,
                                 months.at(static_cast<std::size_t>(utc.tm_mon)),
                                 utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
  return {text.data(), static_cast<std::size_t>(size)};
}

struct Cached {
  std::time_t time = 0;
  std::string text = date_text(0);
};

}  // namespace

const std::string& http_date() {
  static thread_local Cached cached;
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (now.tv_sec != cached.time) cached = {now.tv_sec, date_text(now.tv_sec)};
  return cached.text;
}

}  // namespace rollcall::http
