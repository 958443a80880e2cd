// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/log.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "agent/api_json.hpp"

namespace rollcall::agent {
namespace {

constexpr const char* text_pattern = "%Y-%m-%dT%H:%M:%S.%e%z %v";
constexpr const char* bare_pattern = "%v";  // the whole line is made here
/// "error" and a space.
constexpr std::size_t level_columns = 6;

spdlog::level::level_enum spd_level(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
      return spdlog::level::trace;
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
      return "trace";
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      return "error";
  }
  return "info";
}

std::string dump(const LogFields& json) {
  return json.dump(-1, ' ', false, LogFields::error_handler_t::replace);
}

bool is_bare(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c <= '~' && c != '"' && c != '=' && c != '\\';
  });
}

/// One line whatever the text is.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(line, [](char c) { return c >= 0 && c < ' '; }, ' ');
  return line;
}

std::string json_line(LogLevel level, std::string_view message, const LogFields& fields) {
  LogFields line = {{"time", time_text(std::chrono::system_clock::now())},
                    {"level", level_name(level)},
                    {"message", message}};
  if (fields.is_object()) line.update(fields);
  return dump(line);
}

constexpr const char* record_logger = "record";

/// The time before a line of text; a record, and a line of JSON, is as it was made.
class LineFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const bool is_record = message.logger_name == record_logger;
    (is_record ? bare_ : stamped_).format(message, out);
  }
  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<LineFormatter>();
  }

 private:
  spdlog::pattern_formatter bare_{bare_pattern};
  spdlog::pattern_formatter stamped_{text_pattern};
};

}  // namespace

std::string fields_text(const LogFields& fields) {
  std::string text;
  for (const auto& [name, value] : fields.items()) {
    if (!text.empty()) text += ' ';
    text.append(name).append("=");
    const bool is_word = value.is_string() && is_bare(value.get<std::string>());
    text += is_word ? value.get<std::string>() : dump(value);
  }
  return text;
}

class Log::Impl {
 public:
  Impl(std::string file, bool is_json, std::string_view level)
      : file_(std::move(file)),
        is_json_(is_json),
        sink_(std::make_shared<spdlog::sinks::dist_sink_mt>()),
        logger_("rollcall", sink_),
        records_(record_logger, sink_) {
    for (spdlog::logger* logger : {&logger_, &records_}) {
      logger->flush_on(spdlog::level::trace);
      // The library's own words about a line that it could not write go nowhere: there is nowhere.
      logger->set_error_handler([](const std::string&) {});
    }
    set_level(level);
  }

  std::expected<void, std::string> open_sink() {
    try {
      spdlog::sink_ptr sink;
      if (file_.empty()) {
        sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
      } else {
        sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file_);
      }
      if (is_json_) {
        sink->set_pattern(bare_pattern);
      } else {
        sink->set_formatter(std::make_unique<LineFormatter>());
      }
      sink_->set_sinks({std::move(sink)});
      return {};
    } catch (const spdlog::spdlog_ex& error) {
      return std::unexpected(error.what());
    }
  }

  void set_level(std::string_view level) {
    const auto least = spdlog::level::from_str(std::string(level));
    logger_.set_level(least);
    records_.set_level(least);
  }

  void write(LogLevel level, std::string_view message, const LogFields& fields) {
    const auto severity = spd_level(level);
    if (!logger_.should_log(severity)) return;
    if (is_json_) {
      logger_.log(severity, spdlog::string_view_t(json_line(level, message, fields)));
      return;
    }
    std::string line(level_name(level));
    line.resize(level_columns, ' ');
    line += one_line(message);
    if (!fields.empty()) line += " " + fields_text(fields);
    logger_.log(severity, spdlog::string_view_t(line));
  }

  void record(LogLevel level, LogFields fields) {
    const auto severity = spd_level(level);
    if (!records_.should_log(severity)) return;
    fields["time"] = time_text(std::chrono::system_clock::now());
    records_.log(severity, spdlog::string_view_t(dump(fields)));
  }

 private:
  std::string file_;
  bool is_json_;
  std::shared_ptr<spdlog::sinks::dist_sink_mt> sink_;
  spdlog::logger logger_;
  spdlog::logger records_;
};

Log::Log(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Log::Log(Log&&) noexcept = default;
Log& Log::operator=(Log&&) noexcept = default;
Log::~Log() = default;

std::expected<Log, std::string> Log::open(const Settings& settings) {
  Log log(
      std::make_unique<Impl>(settings.log_file, settings.log_format == "json", settings.log_level));
  if (auto opened = log.reopen(); !opened) return std::unexpected(std::move(opened).error());
  return log;
}

void Log::write(LogLevel level, std::string_view message, const LogFields& fields) const {
  impl_->write(level, message, fields);
}

void Log::record(LogLevel level, LogFields fields) const {
  impl_->record(level, std::move(fields));
}

std::expected<void, std::string> Log::reopen() {
  return impl_->open_sink();
}
void Log::set_level(std::string_view level) {
  impl_->set_level(level);
}

}  // namespace rollcall::agent
