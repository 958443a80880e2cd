// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "http/answer_inbox.hpp"

#include <utility>

#include <boost/asio/post.hpp>

#include "base/check.hpp"

namespace rollcall::http {
namespace {

Problem unanswered() {
  return {.status = 500,
          .code = "internal-error",
          .message = "the request was dropped without an answer"};
}

/// The answer of one connection to one request.
class ServerTicket final : public Responder::Ticket {
 public:
  ServerTicket(std::shared_ptr<AnswerInbox> inbox, ConnectionId connection)
      : inbox_(std::move(inbox)),
        connection_(connection) {}
  ~ServerTicket() override {
    if (!is_answered_) inbox_->put({connection_, error_response(unanswered())});
  }
  ServerTicket(const ServerTicket&) = delete;
  ServerTicket& operator=(const ServerTicket&) = delete;

  void respond(Response response) override { answer(std::move(response)); }
  void stream(std::unique_ptr<StreamSource> source) override { answer(std::move(source)); }

 private:
  template <class What>
  void answer(What what) {
    ROLLCALL_CHECK(!is_answered_.exchange(true));
    inbox_->put({connection_, std::move(what)});
  }

  std::shared_ptr<AnswerInbox> inbox_;
  ConnectionId connection_;
  std::atomic<bool> is_answered_ = false;
};

}  // namespace

void AnswerInbox::open() {
  const std::lock_guard lock(mutex_);
  is_open_ = true;
}

void AnswerInbox::close() {
  const std::lock_guard lock(mutex_);
  is_open_ = false;
  answers_.clear();
  // Its id may be given to a new thread, which is not the server's.
  thread_ = std::thread::id();
}

void AnswerInbox::put(Answer answer) {
  if (std::this_thread::get_id() == thread_.load()) return sink_.on_answer(std::move(answer));
  const std::lock_guard lock(mutex_);
  if (!is_open_) return;
  answers_.push_back(std::move(answer));
  post_drain();
}

void AnswerInbox::wake_streams() {
  const std::lock_guard lock(mutex_);
  if (!is_open_) return;
  wake_streams_ = true;
  post_drain();
}

void AnswerInbox::post_drain() {
  if (std::exchange(is_posted_, true)) return;
  boost::asio::post(io_, [this] { drain(); });
}

void AnswerInbox::drain() {
  std::vector<Answer> answers;
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    is_posted_ = false;
    answers.swap(answers_);
    wake = std::exchange(wake_streams_, false);
  }
  for (Answer& answer : answers) sink_.on_answer(std::move(answer));
  if (wake) sink_.on_wake_streams();
}

std::shared_ptr<Responder::Ticket> make_ticket(std::shared_ptr<AnswerInbox> inbox,
                                               ConnectionId connection) {
  return std::make_shared<ServerTicket>(std::move(inbox), connection);
}

}  // namespace rollcall::http
