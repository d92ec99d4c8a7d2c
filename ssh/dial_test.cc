// Names are looked up and addresses connected to, in a loop that waits for nobody else.

#include "ssh/dial.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <optional>
#include <string>

#include "ssh/resolver.h"

namespace cluster::ssh {
namespace {

using ::testing::HasSubstr;

constexpr auto kPatience = std::chrono::seconds(60);

// A socket of 127.0.0.1 with a port of its own; it listens, or refuses connections.
class Port {
 public:
  explicit Port(bool listens) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(socket_.get(), any, sizeof(address)), 0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(getsockname(socket_.get(), any, &size), 0);
    number_ = ntohs(address.sin_port);
    EXPECT_EQ(listens ? listen(socket_.get(), 4) : 0, 0);
  }
  int number() const { return number_; }

 private:
  FileDescriptor socket_;
  int number_ = 0;
};

struct Outcome {
  bool connected = false;
  std::string reason;
};

// Dials `address`, in a loop of its own, to its end.
Outcome dial(const std::string& address, int port) {
  Loop loop;
  Resolver resolver(loop);
  Route route;
  route.name = "n1";
  route.address = address;
  route.port = port;
  std::optional<Outcome> outcome;
  Dial dial(loop, resolver, route, Clock::now() + kPatience,
            [&](FileDescriptor socket, std::string reason) {
              EXPECT_FALSE(outcome) << "it ended twice";
              outcome = Outcome{static_cast<bool>(socket), std::move(reason)};
            });
  dial.start();
  while (!outcome) loop.turn();
  return *outcome;
}

std::string spelled(const std::string& host, int port) {
  const auto addresses = Resolver::spelled(host, port);
  if (addresses.empty()) return "a name";
  std::array<char, INET6_ADDRSTRLEN> text{};
  const auto& storage = addresses.front().storage;
  if (storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
    EXPECT_EQ(ntohs(v4->sin_port), port);
    inet_ntop(AF_INET, &v4->sin_addr, text.data(), INET6_ADDRSTRLEN);
  } else {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
    EXPECT_EQ(ntohs(v6->sin6_port), port);
    inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), INET6_ADDRSTRLEN);
  }
  return text.data();
}

TEST(Resolver, UnderstandsASpelledAddressAtOnce) {
  EXPECT_EQ(spelled("10.1.1.5", 22), "10.1.1.5");
  EXPECT_EQ(spelled("fe80::1", 2222), "fe80::1");
  EXPECT_EQ(spelled("::ffff:10.1.1.5", 22), "::ffff:10.1.1.5");
  EXPECT_EQ(spelled("localhost", 22), "a name");
  EXPECT_EQ(spelled("10.1.1.500", 22), "a name");
  EXPECT_EQ(spelled("", 22), "a name");
}

TEST(Resolver, AnswersFromALaterTurn) {
  Loop loop;
  Resolver resolver(loop);
  std::optional<Resolved> answer;
  resolver.look_up("127.0.0.1", 22, [&](Resolved resolved) { answer = std::move(resolved); });
  EXPECT_FALSE(answer);
  while (!answer) loop.turn();
  EXPECT_EQ(answer->addresses.size(), 1U);
  EXPECT_EQ(answer->problem, "");
}

TEST(Resolver, AnswersEachOfManyQuestionsOnce) {
  Loop loop;
  Resolver resolver(loop);
  constexpr int kQuestions = 50;  // more than it has threads
  std::vector<int> answers(kQuestions, 0);
  int left = kQuestions;
  for (int i = 0; i < kQuestions; ++i) {
    resolver.look_up("127.0.0." + std::to_string(i + 1), 22,
                     [&answers, &left, i](const Resolved& found) {
                       ++answers[static_cast<std::size_t>(i)];
                       EXPECT_EQ(found.addresses.size(), 1U);
                       --left;
                     });
  }
  while (left > 0) loop.turn();
  EXPECT_THAT(answers, ::testing::Each(1));
}

TEST(Resolver, DoesNotAnswerWhoHasGone) {
  Loop loop;
  Resolver resolver(loop);
  const auto gone = resolver.look_up("127.0.0.1", 22, [](const Resolved&) { ADD_FAILURE(); });
  resolver.cancel(gone);
  bool answered = false;
  resolver.look_up("127.0.0.2", 22, [&](const Resolved&) { answered = true; });
  while (!answered) loop.turn();
}

TEST(Dial, ConnectsToAnAddress) {
  const Port port(true);
  const auto outcome = dial("127.0.0.1", port.number());
  EXPECT_TRUE(outcome.connected);
  EXPECT_EQ(outcome.reason, "");
}

TEST(Dial, SaysThatNobodyListens) {
  const Port port(false);
  const auto outcome = dial("127.0.0.1", port.number());
  EXPECT_FALSE(outcome.connected);
  EXPECT_EQ(outcome.reason, "cannot connect to '127.0.0.1' port " + std::to_string(port.number()) +
                                ": Connection refused; is sshd running there, and on this port?");
}

TEST(Dial, TriesTheNextAddressOfAName) {
  const Port port(true);  // on IPv4 alone, and localhost may be ::1 first
  EXPECT_TRUE(dial("localhost", port.number()).connected);
}

TEST(Dial, SaysThatANameHasNoAddress) {
  const auto outcome = dial("no-such-host.invalid", 22);
  EXPECT_FALSE(outcome.connected);
  EXPECT_THAT(outcome.reason, HasSubstr("no address is known for 'no-such-host.invalid': "));
  EXPECT_THAT(outcome.reason,
              HasSubstr("(want an IP address, or a name that `getent hosts` finds)"));
}

}  // namespace
}  // namespace cluster::ssh
