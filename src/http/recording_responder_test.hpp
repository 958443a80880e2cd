// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "http/router.hpp"
#include "http/server.hpp"

namespace rollcall::http {

/// Keeps the answer to one request for a test to look at. Without a socket or a thread.
struct RecordedAnswer {
  unsigned status = 0;
  std::string body;
  Pairs headers;
  std::unique_ptr<StreamSource> stream;

  [[nodiscard]] std::string header(const std::string& name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return {};
  }
};

class RecordingTicket final : public Responder::Ticket {
 public:
  explicit RecordingTicket(std::shared_ptr<RecordedAnswer> answer) : answer_(std::move(answer)) {}
  void respond(Response response) override {
    answer_->status = response.status;
    if (response.body) answer_->body = *response.body;
    answer_->headers = std::move(response.headers);
  }
  void stream(std::unique_ptr<StreamSource> source) override {
    answer_->status = 200;
    answer_->stream = std::move(source);
  }

 private:
  std::shared_ptr<RecordedAnswer> answer_;
};

inline Responder record_into(const std::shared_ptr<RecordedAnswer>& answer) {
  return Responder(std::make_shared<RecordingTicket>(answer));
}

/// What an API answers to one request; later, if its work goes on elsewhere.
inline std::shared_ptr<RecordedAnswer> ask(const Router& api, const std::string& method,
                                           const std::string& path, Pairs query = {},
                                           const std::string& body = {}, Pairs headers = {}) {
  auto recorded = std::make_shared<RecordedAnswer>();
  Request request;
  request.method = method;
  request.raw_path = path;
  request.query = std::move(query);
  request.body = body;
  request.headers = std::move(headers);
  api.handle(request, record_into(recorded));
  return recorded;
}

}  // namespace rollcall::http
