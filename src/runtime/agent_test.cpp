// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "rollcall/agent.hpp"

#include <atomic>
#include <future>
#include <optional>
#include <thread>

#include <boost/asio/post.hpp>

#include "runtime/loop.hpp"
#include "runtime/node_loop.hpp"
#include "runtime/test_support.hpp"
#include "wire/datagram.hpp"
#include "wire/messages.hpp"
#include "wire/stream.hpp"

namespace rollcall::runtime {
namespace {

/// Real agents in this process, on loopback.
class AgentTest : public testing::Test {
 protected:
  static Options options(const std::string& name) {
    Options options;
    options.name = name;
    options.cluster = "test";
    options.bind = "127.0.0.1:0";
    return options;
  }
  static Agent start(const Options& options) {
    auto agent = Agent::create(options);
    EXPECT_TRUE(agent) << agent.error().message;
    return std::move(*agent);
  }
  static Agent start(const std::string& name) { return start(options(name)); }
  static Agent start(const std::string& name, const std::string& seed) {
    Options with_seed = options(name);
    with_seed.seeds = {seed};
    return start(with_seed);
  }
  static bool lists(const Agent& agent, std::string_view name, MemberState state) {
    const MemberList members = agent.members();
    const Member* const member = members.find(name);
    return member != nullptr && member->state == state;
  }
  static testing::AssertionResult comes_to_list(const Agent& agent, std::string_view name,
                                                MemberState state = MemberState::alive) {
    return eventually([&] { return lists(agent, name, state); });
  }
};

TEST_F(AgentTest, ListsItselfAtOnce) {
  const Agent agent = start("a");

  EXPECT_EQ(agent.members().size(), 1U);
  EXPECT_EQ(agent.members().self().name, "a");
  EXPECT_EQ(agent.members().self().address, agent.address());
  EXPECT_EQ(agent.options().bind, agent.address());
  EXPECT_EQ(agent.status().phase, Phase::joined);
  EXPECT_EQ(agent.status().name, "a");
  EXPECT_EQ(agent.status().cluster, "test");
}

TEST_F(AgentTest, JoinsAndBothSeeEachOther) {
  const Agent a = start("a");
  Agent b = start("b");

  const auto report = b.join({a.address()});

  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->attempts.size(), 1U);
  EXPECT_TRUE(report->attempts.front().joined);
  EXPECT_TRUE(lists(b, "a", MemberState::alive)) << "known when join() returns";
  EXPECT_TRUE(comes_to_list(a, "b"));
}

TEST_F(AgentTest, JoinsItsSeedsInTheBackground) {
  const Agent a = start("a");
  const Agent b = start("b", a.address());

  EXPECT_TRUE(comes_to_list(a, "b"));
  EXPECT_TRUE(comes_to_list(b, "a"));
}

TEST_F(AgentTest, FormsOneClusterOfBothKindsOfAddress) {
  Options dual = options("dual");
  dual.bind = "[::]:0";
  dual.advertise = "[::1]:0";
  auto first = Agent::create(dual);
  if (!first) GTEST_SKIP() << "no IPv6 here: " << first.error().message;
  Options six = options("six");
  six.bind = "[::1]:0";
  six.seeds = {first->address()};
  const Agent second = start(six);

  EXPECT_TRUE(comes_to_list(*first, "six"));
  EXPECT_TRUE(comes_to_list(second, "dual"));
  EXPECT_EQ(first->address().substr(0, 6), "[::1]:");
}

TEST_F(AgentTest, SaysWhyNoSeedCouldBeJoined) {
  Agent agent = start("a");
  const std::string nobody = to_text(deserted_address());

  const auto report = agent.join({nobody});

  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::join_failed);
  EXPECT_NE(report.error().message.find(nobody + ": connection refused"), std::string::npos)
      << report.error().message;
}

TEST_F(AgentTest, TellsReadersWhyItsSeedsCannotBeJoined) {
  Options strange = options("strange");
  strange.cluster = "other";
  const Agent a = start("a");
  strange.seeds = {a.address()};
  const Agent b = start(strange);
  const auto warning = [&b]() -> std::string {
    for (const auto& event : b.events_since(0).events) {
      if (event->type == EventType::protocol_warning) return event->message;
    }
    return {};
  };

  EXPECT_TRUE(eventually([&] { return !warning().empty(); }));
  EXPECT_EQ(warning(), "no seed could be joined, trying again: seed " + a.address() +
                           ": belongs to cluster 'test', not to 'other'");
  EXPECT_TRUE(eventually([&] { return a.status().wrong_cluster > 0; })) << "the other side counts";
}

TEST_F(AgentTest, SaysThatItCannotSendToASeedOfTheOtherKind) {
  const Agent four = start("four");
  Options only_six = options("six");
  only_six.bind = "[::1]:0";
  auto six = Agent::create(only_six);
  if (!six) GTEST_SKIP() << "no IPv6 here: " << six.error().message;

  const auto report = six->join({four.address()});

  ASSERT_FALSE(report);
  EXPECT_NE(
      report.error().message.find("this member is bound to " + six->address() +
                                  " and cannot send to " + four.address() + "; bind it to [::]:"),
      std::string::npos)
      << report.error().message;
  EXPECT_FALSE(lists(four, "six", MemberState::alive)) << "it was not even asked";
}

TEST_F(AgentTest, StartsWithASeedThatFailsBeforeAnythingWasSent) {
  const Agent four = start("four");
  Options only_six = options("six");
  only_six.bind = "[::1]:0";
  only_six.seeds = {four.address()};
  auto six = Agent::create(only_six);
  if (!six) GTEST_SKIP() << "no IPv6 here: " << six.error().message;

  const EventBatch told = six->events_since(0);

  ASSERT_EQ(told.events.size(), 2U);
  EXPECT_EQ(told.events.back()->type, EventType::protocol_warning);
  EXPECT_EQ(told.events.back()->member.name, "six");
  EXPECT_NE(told.events.back()->message.find("cannot send to " + four.address()),
            std::string::npos);
}

TEST_F(AgentTest, SaysWhichMemberCannotBeForcedOutAndWhy) {
  Agent a = start("a");
  const Agent b = start("b", a.address());
  ASSERT_TRUE(comes_to_list(a, "b"));
  const auto message_of = [&a](const std::string& name) {
    const auto forced = a.force_leave(name);
    return forced ? std::string() : forced.error().message;
  };

  EXPECT_NE(message_of("nobody").find("no member named 'nobody' is known; "), std::string::npos);
  EXPECT_NE(message_of("b").find("'b' is alive, and only a failed or suspected member"),
            std::string::npos);
  EXPECT_NE(message_of("a").find("'a' is this member itself; "), std::string::npos);
}

TEST_F(AgentTest, RefusesAJoinOfNobody) {
  Agent agent = start("a");

  EXPECT_EQ(agent.join(std::vector<std::string>{}).error().field, "join");
  EXPECT_EQ(agent.join({"no:port:here:x"}).error().field, "join");
}

TEST_F(AgentTest, SpreadsItsTags) {
  Agent a = start("a");
  const Agent b = start("b", a.address());
  ASSERT_TRUE(comes_to_list(b, "a"));

  ASSERT_TRUE(a.set_tags({{"role", "db"}}));

  EXPECT_EQ(a.members().self().tags, (Tags{{"role", "db"}})) << "known when set_tags() returns";
  EXPECT_TRUE(eventually([&] { return b.members().find("a")->tags == Tags{{"role", "db"}}; }));
  EXPECT_EQ(a.set_tags({{"k", std::string(5000, 'v')}}).error().field, "tag");
}

TEST_F(AgentTest, LeavesAndComesBack) {
  const Agent a = start("a");
  Agent b = start("b", a.address());
  ASSERT_TRUE(comes_to_list(a, "b"));
  ASSERT_TRUE(comes_to_list(b, "a"));

  ASSERT_TRUE(b.leave());
  EXPECT_TRUE(comes_to_list(a, "b", MemberState::left));
  EXPECT_EQ(b.status().phase, Phase::left);

  ASSERT_TRUE(b.join({a.address()}));
  EXPECT_TRUE(comes_to_list(a, "b"));
}

TEST_F(AgentTest, IsSoonFailedWhenItIsClosedWithoutLeaving) {
  const Agent a = start("a");
  const Agent c = start("c", a.address());
  Agent b = start("b", a.address());
  ASSERT_TRUE(comes_to_list(a, "b"));
  ASSERT_TRUE(comes_to_list(c, "b"));

  b.close();

  EXPECT_TRUE(comes_to_list(a, "b", MemberState::failed));
  EXPECT_TRUE(comes_to_list(c, "b", MemberState::failed));
}

TEST_F(AgentTest, ForcesAFailedMemberOut) {
  Agent a = start("a");
  Agent b = start("b", a.address());
  ASSERT_TRUE(comes_to_list(a, "b"));
  EXPECT_EQ(a.force_leave("nobody").error().code, ErrorCode::unknown_member);
  EXPECT_EQ(a.force_leave("b").error().code, ErrorCode::not_allowed) << "it is alive";
  b.close();
  ASSERT_TRUE(comes_to_list(a, "b", MemberState::failed));

  ASSERT_TRUE(a.force_leave("b"));

  EXPECT_TRUE(lists(a, "b", MemberState::left));
}

TEST_F(AgentTest, TellsSubscribersWhatHappensInOrder) {
  Agent a = start("a");
  std::mutex mutex;
  std::string seen;
  std::uint64_t last = a.status().event_index;
  bool is_in_order = true;
  const Subscription subscription = a.subscribe([&](const Event& event) {
    const std::lock_guard lock(mutex);
    is_in_order = is_in_order && event.index == last + 1;
    last = event.index;
    seen += std::string(to_text(event.type)) + " " + event.member.name + " " +
            std::string(to_text(event.member.state)) + "\n";
    // A list is published before the events that led to it.
    is_in_order = is_in_order && a.members().find(event.member.name) != nullptr;
  });

  Agent b = start("b", a.address());
  ASSERT_TRUE(comes_to_list(a, "b"));
  ASSERT_TRUE(b.set_tags({{"k", "v"}}));
  ASSERT_TRUE(eventually([&] { return !a.members().find("b")->tags.empty(); }));
  ASSERT_TRUE(b.leave());
  ASSERT_TRUE(comes_to_list(a, "b", MemberState::left));

  ASSERT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return seen ==
           "member-join b alive\n"
           "member-update b alive\n"
           "member-leave b left\n";
  })) << seen;
  EXPECT_TRUE(is_in_order);
  EXPECT_EQ(a.events_since(0).events.back()->index, last);
}

TEST_F(AgentTest, MayBeCalledFromASubscription) {
  auto a = std::make_unique<Agent>(start("a"));
  std::promise<std::string> outcome;
  std::atomic<bool> is_done = false;
  auto subscription = std::make_shared<Subscription>();
  *subscription = a->subscribe([&, subscription](const Event& event) {
    if (event.type != EventType::member_join || is_done.exchange(true)) return;
    std::string text = a->set_tags({{"seen", event.member.name}}) ? "tags " : "no tags ";
    text += a->leave() ? "left " : "not left ";
    *subscription = {};
    a.reset();  // even this
    outcome.set_value(text + "closed");
  });

  Agent b = start("b");
  ASSERT_TRUE(b.join({a->address()}));

  auto result = outcome.get_future();
  ASSERT_EQ(result.wait_for(test_deadline), std::future_status::ready);
  EXPECT_EQ(result.get(), "tags left closed");
}

TEST_F(AgentTest, RefusesToWaitOnItsOwnThread) {
  Agent a = start("a");
  std::promise<ErrorCode> code;

  a.force_leave("nobody",
                [&](const std::expected<void, Error>&) { code.set_value(a.leave().error().code); });

  EXPECT_EQ(code.get_future().get(), ErrorCode::not_allowed);
}

TEST_F(AgentTest, MayBeDestroyedOnItsOwnThread) {
  auto a = std::make_unique<Agent>(start("a"));
  std::promise<void> destroyed;

  a->force_leave("nobody", [&](const std::expected<void, Error>&) {
    a.reset();
    destroyed.set_value();
  });

  EXPECT_EQ(destroyed.get_future().wait_for(test_deadline), std::future_status::ready);
}

TEST_F(AgentTest, AnswersClosedWhenItIsClosed) {
  Agent a = start("a");
  const std::string address = a.address();

  a.close();
  a.close();

  EXPECT_EQ(a.leave().error().code, ErrorCode::closed);
  EXPECT_EQ(a.join({"127.0.0.1:1"}).error().code, ErrorCode::closed);
  EXPECT_EQ(a.set_tags({}).error().code, ErrorCode::closed);
  EXPECT_EQ(a.members().size(), 1U) << "what was known stays readable";
  EXPECT_TRUE(bind_sockets(*parse_address(address))) << "the port is free";
}

TEST_F(AgentTest, EndsAJoinUnderWayWhenItIsClosed) {
  Agent a = start("a");
  const BoundSockets silent = bound();  // accepts, and never answers
  std::promise<ErrorCode> code;
  a.join({to_text(silent.address)}, [&](const std::expected<JoinReport, Error>& report) {
    code.set_value(report.error().code);
  });

  a.close();

  EXPECT_EQ(code.get_future().get(), ErrorCode::closed);
}

TEST_F(AgentTest, EndsAJoinThatIsCancelled) {
  Agent a = start("a");
  const BoundSockets silent = bound();
  std::promise<ErrorCode> code;
  a.join({to_text(silent.address)}, [&](const std::expected<JoinReport, Error>& report) {
    code.set_value(report.error().code);
  });

  a.cancel_join();

  EXPECT_EQ(code.get_future().get(), ErrorCode::join_failed);
}

TEST_F(AgentTest, RefusesAPortInUse) {
  const Agent a = start("a");
  Options same_port = options("b");
  same_port.bind = a.address();

  const auto b = Agent::create(same_port);

  ASSERT_FALSE(b);
  EXPECT_EQ(b.error().code, ErrorCode::address_in_use);
}

TEST_F(AgentTest, BeginsAHigherLifeAtEachStart) {
  const ScratchDirectory scratch;
  Options with_data = options("b");
  with_data.data_dir = (scratch.path() / "b").string();
  const Agent a = start("a");
  std::string first_id;
  {
    Agent b = start(with_data);
    ASSERT_TRUE(b.join({a.address()}));
    ASSERT_TRUE(comes_to_list(a, "b"));
    first_id = b.members().self().id;
    EXPECT_EQ(Agent::create(with_data).error().code, ErrorCode::storage) << "locked";
    b.close();
  }

  with_data.seeds = {a.address()};
  const Agent b = start(with_data);

  EXPECT_NE(b.members().self().id, first_id);
  EXPECT_TRUE(eventually([&] {
    return a.members().find("b")->id == b.members().self().id && lists(a, "b", MemberState::alive);
  }));
}

TEST_F(AgentTest, FindsItsClusterAgainByItsSavedPeers) {
  const ScratchDirectory scratch;
  Options with_data = options("b");
  with_data.data_dir = scratch.path().string();
  const Agent a = start("a");
  {
    Agent b = start(with_data);
    const auto log = scratch.path() / "rollcall.db-wal";
    const auto before = std::filesystem::file_size(log);
    ASSERT_TRUE(b.join({a.address()}));
    // Peers are kept a moment after they were found; until then nothing else is written.
    ASSERT_TRUE(eventually([&] { return std::filesystem::file_size(log) > before; }));
  }

  const Agent b = start(with_data);  // no seeds

  EXPECT_TRUE(comes_to_list(b, "a"));
}

TEST_F(AgentTest, ManyShareOneLoop) {
  const auto loop = std::make_shared<Loop>();
  std::vector<Agent> agents;
  for (int i = 0; i < 20; ++i) {
    Options shared = options("m" + std::to_string(i));
    shared.loop = loop;
    if (i > 0) shared.seeds = {agents.front().address()};
    agents.push_back(start(shared));
  }

  for (const Agent& agent : agents) {
    EXPECT_TRUE(eventually([&] { return agent.members().count(MemberState::alive) == 20; }))
        << agent.status().name << " lists " << agent.members().size();
  }
}

TEST_F(AgentTest, AccusesNobodyAfterItSlept) {
  Options impatient = options("a");
  impatient.probe_interval = 100ms;
  impatient.probe_timeout = 50ms;
  impatient.suspicion_time = 200ms;
  impatient.loop = std::make_shared<Loop>();
  const Agent a = start(impatient);
  const Agent b = start("b", a.address());
  const Agent c = start("c", a.address());
  ASSERT_TRUE(eventually([&] { return a.members().count(MemberState::alive) == 3; }));
  ASSERT_TRUE(eventually([&] { return a.status().probes >= 4; }));

  std::promise<void> never_set;
  std::promise<void> awake;
  boost::asio::post(impatient.loop->impl().io(), [&] {
    never_set.get_future().wait_for(1s);
    awake.set_value();
  });
  awake.get_future().wait();
  const auto probes = a.status().probes;
  ASSERT_TRUE(eventually([&] { return a.status().probes >= probes + 6; }));

  EXPECT_EQ(a.status().suspicions, 0U);
  EXPECT_EQ(a.status().failures, 0U);
  EXPECT_GE(a.status().pauses, 1U) << "it noticed";
}

TEST_F(AgentTest, CountsWhatItRefuses) {
  const Agent a = start("a");
  const Address address = *parse_address(a.address());
  const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM, 0));
  const RawAddress to = to_raw(address, Family::v4);
  const std::string junk(100, 'j');

  ::sendto(fd.get(), junk.data(), junk.size(), 0, to.data(), to.size);
  const std::string too_long(3000, 'j');
  ::sendto(fd.get(), too_long.data(), too_long.size(), 0, to.data(), to.size);
  RawPeer peer = RawPeer::connect_to(address);
  peer.say(as_bytes(std::string(500, 'j')));

  EXPECT_TRUE(eventually(
      [&] { return a.status().datagrams_refused == 2 && a.status().streams_refused == 1; }));
  EXPECT_TRUE(eventually([&] { return peer.is_ended(); }));
}

TEST_F(AgentTest, CountsStreamsOfAnotherVersionAndOfAnotherCluster) {
  const Agent a = start("a");
  const Address address = *parse_address(a.address());
  ByteVector newer = frame_of(wire::StreamPing{});
  newer[2] = std::byte{99};  // after the two bytes of the magic

  RawPeer::connect_to(address).say(newer);
  EXPECT_TRUE(eventually([&] { return a.status().wrong_version == 1; }));
  ByteVector foreign;
  wire::encode_frame({.cluster = wire::cluster_hash("other"), .sender = {}, .health = 0},
                     wire::StreamPing{}, foreign);
  RawPeer::connect_to(address).say(foreign);
  EXPECT_TRUE(eventually([&] { return a.status().wrong_cluster == 1; }));
}

TEST_F(AgentTest, PublishesALargeClusterInStepWithItsEvents) {
  constexpr std::size_t others = NodeLoop::large_cluster + 500;
  Agent a = start("a");
  std::atomic<bool> is_in_step = true;
  const auto waker = a.on_new_events([&] {
    // What an event tells is in the list by the time it can be read.
    const auto newest = a.events_since(a.status().event_index - 1).events;
    const MemberList list = a.members();
    for (const auto& event : newest) {
      if (list.find(event->member.name) == nullptr) is_in_step = false;
    }
  });
  const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const RawAddress to = to_raw(*parse_address(a.address()), Family::v4);
  const Address nobody = deserted_address();
  const wire::Envelope stranger{
      .cluster = wire::cluster_hash("test"), .sender = {9, 9}, .health = 0};

  ASSERT_TRUE(eventually([&] {
    // Told again until all have arrived, for datagrams may be lost.
    const MemberList known = a.members();
    wire::DatagramWriter writer(stranger);
    for (std::size_t i = 0; i < others; ++i) {
      wire::Update update;
      const std::string name = "m" + std::to_string(i);
      if (known.find(name) != nullptr) continue;
      update.name = name;
      update.life = {1, {i + 1, 1}};
      update.address = nobody;
      if (writer.add(update)) continue;
      ::sendto(fd.get(), writer.bytes().data(), writer.size(), 0, to.data(), to.size);
      writer.begin(stranger);
      EXPECT_TRUE(writer.add(update));
    }
    ::sendto(fd.get(), writer.bytes().data(), writer.size(), 0, to.data(), to.size);
    return a.members().size() == others + 1;
  }));

  EXPECT_TRUE(is_in_step);
  EXPECT_GE(a.status().event_index, others);
}

TEST_F(AgentTest, ReadersAndWritersMayComeFromManyThreads) {
  Agent a = start("a");
  const Agent b = start("b", a.address());
  std::atomic<bool> is_over = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!is_over) {
        for (const Member& member : a.members()) EXPECT_FALSE(member.name.empty());
        EXPECT_EQ(a.status().name, "a");
        const Subscription subscription = a.subscribe([](const Event&) {});
        EXPECT_FALSE(a.events_since(0).gap);
      }
    });
  }
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(a.set_tags({{"i", std::to_string(i)}}));
  EXPECT_TRUE(eventually([&] {
    const MemberList list = b.members();
    return list.find("a") != nullptr && list.find("a")->tags.contains("i");
  }));
  is_over = true;
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace rollcall::runtime
