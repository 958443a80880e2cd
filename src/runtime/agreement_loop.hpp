// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "consensus/agreement.hpp"
#include "runtime/agreement_news.hpp"
#include "runtime/agreement_stream.hpp"
#include "runtime/client_checks.hpp"
#include "runtime/freeze_gate.hpp"
#include "runtime/groups_board.hpp"
#include "runtime/log_engine.hpp"
#include "runtime/peer_links.hpp"
#include "runtime/resolver.hpp"
#include "runtime/thread.hpp"

namespace rollcall::runtime {

/// Whom the agreement tells: the node loop beside it.
///
/// Threads: called on the agreement's thread; what they do happens later.
struct NodeHooks {
  /// LogEngine::standing() has changed.
  std::function<void(const LogEngine::Standing&)> set_standing;
  /// This life of the member was removed.
  std::function<void(LifeId)> begin_life;
  std::function<void(std::vector<AgreementNews>)> tell;
};

struct AgreementSetup {
  consensus::AgreementConfig config;
  PeerLinks::Setup links;
  std::uint64_t seed = 0;
};

/// The loop of what is agreed: every input to the agreement, and every effect it asks for, passes
/// through here. A thread of its own, so that thousands of clients delay no probe.
///
/// Inputs that come together are one turn: what they ask for is done after the last of them, and
/// users are called back after that; so a hundred requests cost a wake-up, and not a hundred.
///
/// Order:   jobs run in the order of post(). Users hear of a change before of the request that
///          made it, and of both after leader() shows it.
/// Limits:  jobs_max jobs wait.
/// Threads: open() and start() once, before all others; what is marked so on the agreement's
///          thread; the rest from any.
class AgreementLoop final : public std::enable_shared_from_this<AgreementLoop>,
                            private LogHost,
                            private PeerLinksHost,
                            private ClientChecksHost {
 public:
  static constexpr std::size_t jobs_max = 65'536;
  /// Readers see the status at most so often, and what the log engine does by itself this late.
  static constexpr Duration publish_interval = std::chrono::milliseconds(50);
  static constexpr Duration refresh_interval = std::chrono::milliseconds(250);

  explicit AgreementLoop(AgreementSetup setup);
  ~AgreementLoop();

  using OpenEngine = std::function<std::expected<std::unique_ptr<LogEngine>, Error>(
      boost::asio::io_context&, LogHost&)>;
  /// Errors: the engine's; then nothing was started.
  std::expected<void, Error> open(const OpenEngine& open_engine);
  void start(NodeHooks hooks);
  /// Ends everything; requests under way are told. Waits until the data directory is free, except
  /// on the agreement's own thread, where the end comes after the callback.
  void close();
  [[nodiscard]] bool is_current() const { return thread_.is_current(); }

  // --- from the node loop
  void on_peers(consensus::Peers peers);
  void on_stream(AgreementStream stream);
  void on_faults(StreamFaults faults);
  /// Hands over what this member leads, then calls back, on any thread.
  void prepare_to_leave(const std::function<void()>& done);

  // --- for those who ask
  enum class Standing : std::uint8_t { open, closed };
  using Job = std::function<void(Standing)>;
  enum class Refusal : std::uint8_t { closed, frozen, overloaded };
  /// Runs the job on the agreement's thread, soon and once; closed: the loop has ended meanwhile.
  /// Or does not, and says why.
  std::optional<Refusal> post(Job job);
  [[nodiscard]] GroupsBoard& board() { return board_; }

  // --- on the agreement's thread, in a job that found the loop open
  using OnResult = std::function<void(std::expected<registry::Result, consensus::RequestFailure>)>;
  using OnRead = std::function<void(std::expected<void, consensus::RequestFailure>)>;
  using OnHeartbeat =
      std::function<void(std::expected<registry::Heartbeat, consensus::RequestFailure>)>;
  /// Each calls back once, later; never after a failure that the end of the loop is the cause of,
  /// which is given as no_leader.
  void submit(registry::Join join, Duration timeout, OnResult done);
  void submit(registry::Leave leave, Duration timeout, OnResult done);
  void submit_removal(std::string group, std::string id, Duration timeout, OnResult done);
  void read(Duration timeout, OnRead done);
  void heartbeat(std::string group, std::string id, Duration timeout, OnHeartbeat done);
  [[nodiscard]] const registry::Registry& registry() const { return agreement_.registry(); }
  /// Why nothing can be decided now; empty: it can.
  [[nodiscard]] std::string trouble() const { return status().trouble; }
  /// For work in slices: comes back when others have had their turn.
  void run_later(std::function<void()> slice);
  [[nodiscard]] bool is_stopped() const { return is_stopped_; }

 private:
  /// Shared with the thread.
  struct Room {
    boost::asio::io_context io{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
        io.get_executor()};
  };
  template <class Answer>
  using Waiting = std::map<consensus::RequestToken, Answer>;

  // LogHost
  void on_log(consensus::LogEvent event) override;
  void send(const std::string& to, consensus::Frame frame) override;
  void warn(std::string message) override;
  // PeerLinksHost
  void on_peer_frame(const std::string& from, consensus::Frame frame) override;
  void on_peer_unreachable(const std::string& peer) override;
  // ClientChecksHost
  void on_check_failed(const registry::LeaseName& lease) override;

  template <class Call>
  void post_weakly(Call call);
  template <class Input>
  void drive(Input input);
  void note_pause(Instant now);
  void want_turn();
  void take_turn();
  void run_jobs();
  void take_peers();
  void stop(std::function<void()> done);
  void refuse_all();
  void tell_leavers();
  void arm_timer();
  void on_timer();
  [[nodiscard]] consensus::RequestToken next_token() {
    return consensus::RequestToken{++last_token_};
  }
  template <class Answer, class Result>
  void answer(Waiting<Answer>& waiting, consensus::RequestToken token, Result result);

  void note_changes();
  void note_change(const registry::ViewDelta& delta);
  void note_view(const std::shared_ptr<const View>& view);
  [[nodiscard]] consensus::LogStatus status() const;
  void publish(Instant now);
  void publish_standing();

  void perform(consensus::ProposeToLog& effect);
  void perform(consensus::ReadFromLog& effect);
  void perform(consensus::SendToMember& effect);
  void perform(consensus::Answered& effect);
  void perform(consensus::ReadAnswered& effect);
  void perform(consensus::HeartbeatAnswered& effect);
  void perform(consensus::Changed& effect);
  void perform(consensus::Reset& effect);
  void perform(consensus::LeaderNews& effect);
  void perform(consensus::BeginCheck& effect);
  void perform(consensus::EndCheck& effect);
  void perform(consensus::BeginNewLife& effect);

  std::shared_ptr<Room> room_;
  std::string self_;
  GroupsBoard board_;
  NodeHooks hooks_;
  FreezeGate gate_;
  std::atomic<bool> is_frozen_ = false;
  std::atomic<bool> is_closing_ = false;

  // What other threads leave here.
  std::mutex mutex_;
  std::vector<Job> jobs_;
  bool has_woken_ = false;
  std::optional<consensus::Peers> new_peers_;

  // The agreement's thread only.
  consensus::Agreement agreement_;
  consensus::AgreementEffects effects_;
  std::size_t noted_ = 0;  // effects already looked through for changes
  PeerLinks links_;
  Resolver resolver_;
  ClientChecks checks_;
  std::unique_ptr<LogEngine> engine_;
  consensus::Peers peers_;
  bool is_stopped_ = false;
  bool has_turn_coming_ = false;

  std::uint64_t last_token_ = 0;
  Waiting<OnResult> results_;
  Waiting<OnRead> reads_;
  Waiting<OnHeartbeat> heartbeats_;
  /// Of users, in order; made at the end of a turn.
  std::deque<std::function<void()>> calls_;
  std::vector<AgreementNews> news_;
  std::vector<std::function<void()>> leavers_;

  std::optional<ClusterLeader> leader_;
  std::optional<LogEngine::Standing> standing_;  // as the others were told
  LifeId ended_life_;                            // the last one that was found removed
  Instant published_{};
  Instant publish_due_{};
  boost::asio::steady_timer timer_;
  Instant armed_for_ = never;
  Instant awake_at_{};  // when the thread last began to do anything

  Thread thread_;
};

}  // namespace rollcall::runtime
