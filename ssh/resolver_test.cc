// Addresses are understood at once, and names without holding up the loop.

#include "ssh/resolver.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <optional>

namespace cluster::ssh {
namespace {

// "127.0.0.1 22" of an address.
std::string spelled_out(const SocketAddress& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.storage.ss_family == AF_INET6) {
    const auto* six = reinterpret_cast<const sockaddr_in6*>(&address.storage);
    inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof(text));
    return std::string(text) + " " + std::to_string(ntohs(six->sin6_port)) +
           (six->sin6_scope_id == 0 ? "" : " in " + std::to_string(six->sin6_scope_id));
  }
  const auto* four = reinterpret_cast<const sockaddr_in*>(&address.storage);
  inet_ntop(AF_INET, &four->sin_addr, text, sizeof(text));
  return std::string(text) + " " + std::to_string(ntohs(four->sin_port));
}

struct Spelling {
  const char* host;
  const char* means;
};

TEST(Resolver, UnderstandsAnAddressWithoutAQuestion) {
  for (const auto& [host, means] :
       {Spelling{"127.0.0.1", "127.0.0.1 2222"}, Spelling{"::1", "::1 2222"},
        Spelling{"FE80::0:1%lo", "fe80::1 2222 in 1"},
        Spelling{"::ffff:10.1.1.5", "::ffff:10.1.1.5 2222"}, Spelling{"127.1", "127.0.0.1 2222"}}) {
    const auto found = Resolver::spelled(host, 2222);
    ASSERT_EQ(found.size(), 1U) << host;
    EXPECT_EQ(spelled_out(found[0]), means) << host;
  }
}

TEST(Resolver, TakesNoNameForAnAddress) {
  for (const auto* host : {"localhost", "n1", "10.1.1.256", "[::1]", "fe80::1%no-such-device",
                           "10.0.0.0/8", "n1.", ":::"}) {
    EXPECT_TRUE(Resolver::spelled(host, 22).empty()) << host;
  }
}

class NameService : public ::testing::Test {
 protected:
  // Turns the loop until there is an answer.
  Resolved answer_for(const std::string& host) {
    std::optional<Resolved> answer;
    resolver_.look_up(host, 22, [&](Resolved resolved) { answer = std::move(resolved); });
    EXPECT_FALSE(answer) << "it comes from a later turn";
    while (!answer) loop_.turn();
    return *std::move(answer);
  }

  Loop loop_;
  Resolver resolver_{loop_};
};

TEST_F(NameService, FindsAName) {
  const auto found = answer_for("localhost");
  EXPECT_EQ(found.problem, "");
  ASSERT_FALSE(found.addresses.empty());
  EXPECT_EQ(spelled_out(found.addresses[0]).substr(spelled_out(found.addresses[0]).find(' ')),
            " 22");
}

TEST_F(NameService, SaysWhyItFindsNone) {
  const auto found = answer_for("no-such-host.invalid");
  EXPECT_TRUE(found.addresses.empty());
  EXPECT_NE(found.problem, "");
}

TEST_F(NameService, AnswersEachQuestionOnce) {
  int answers = 0;
  constexpr int kQuestions = 40;  // more than there are threads
  for (int i = 0; i < kQuestions; ++i) {
    resolver_.look_up("127.0.0." + std::to_string(i + 1), i + 1, [&answers, i](Resolved resolved) {
      ++answers;
      ASSERT_EQ(resolved.addresses.size(), 1U);
      EXPECT_EQ(spelled_out(resolved.addresses[0]),
                "127.0.0." + std::to_string(i + 1) + " " + std::to_string(i + 1));
    });
  }
  while (answers < kQuestions) loop_.turn();
  EXPECT_EQ(answers, kQuestions);
}

TEST_F(NameService, IsSilentWhenNobodyWantsTheAnswer) {
  bool came = false;
  const auto ticket = resolver_.look_up("127.0.0.1", 22, [&](const Resolved&) { came = true; });
  resolver_.cancel(ticket);
  answer_for("127.0.0.2");
  EXPECT_FALSE(came);
}

TEST_F(NameService, MayBeAskedAgainByItsAnswer) {
  int answers = 0;
  resolver_.look_up("127.0.0.1", 22, [&](const Resolved&) {
    ++answers;
    resolver_.look_up("127.0.0.2", 22, [&](const Resolved&) { ++answers; });
  });
  while (answers < 2) loop_.turn();
  EXPECT_EQ(answers, 2);
}

// Its threads end by themselves, and nobody hears of them.
TEST(Resolver, MayGoBeforeTheAnswerComes) {
  bool came = false;
  Loop loop;
  {
    Resolver resolver(loop);
    resolver.look_up("localhost", 22, [&](const Resolved&) { came = true; });
  }
  EXPECT_FALSE(came);
}

}  // namespace
}  // namespace cluster::ssh
