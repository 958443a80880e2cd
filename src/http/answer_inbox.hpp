// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "http/connection.hpp"
#include "http/event_stream.hpp"
#include "http/message.hpp"
#include "http/server.hpp"

namespace rollcall::http {

struct Answer {
  ConnectionId connection{};
  std::variant<Response, std::unique_ptr<StreamSource>> what;
};

/// Takes answers on the server's thread.
class AnswerSink {
 public:
  virtual void on_answer(Answer answer) = 0;
  virtual void on_wake_streams() = 0;

 protected:
  ~AnswerSink() = default;
};

/// Brings answers from other threads to the server's, and drops those that come after its end.
///
/// Threads: put() and wake_streams() any, at any time; open() and close() by the server's owner.
class AnswerInbox {
 public:
  AnswerInbox(boost::asio::io_context& io, AnswerSink& sink) : io_(io), sink_(sink) {}

  void open();
  /// Neither the io_context nor the sink is touched from now on.
  void close();
  /// Called by the server's thread once, first thing.
  void enter_thread() { thread_ = std::this_thread::get_id(); }

  /// On the server's own thread the sink gets it at once.
  void put(Answer answer);
  void wake_streams();

 private:
  void post_drain();
  void drain();

  boost::asio::io_context& io_;
  AnswerSink& sink_;
  std::atomic<std::thread::id> thread_{};
  std::mutex mutex_;
  bool is_open_ = false;
  bool is_posted_ = false;
  bool wake_streams_ = false;
  std::vector<Answer> answers_;
};

/// The right to answer one request of one connection.
std::shared_ptr<Responder::Ticket> make_ticket(std::shared_ptr<AnswerInbox> inbox,
                                               ConnectionId connection);

}  // namespace rollcall::http
