// The ssh-agent is asked once, and given up when it does not answer.

#include "ssh/agent.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>
#include <thread>

#include "tests/support/temp_dir.h"

namespace cluster::ssh {
namespace {

// An agent that gives this answer to whoever connects first, and counts the connections.
class FakeAgent {
 public:
  explicit FakeAgent(std::string answer) : socket_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path().c_str(), sizeof(address.sun_path) - 1);
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(socket_.get(), 1), 0);
    thread_ = std::thread([this, answer = std::move(answer)] { serve(answer); });
  }
  FakeAgent(const FakeAgent&) = delete;
  FakeAgent& operator=(const FakeAgent&) = delete;
  ~FakeAgent() {
    shutdown(socket_.get(), SHUT_RDWR);
    thread_.join();
  }

  std::string path() const { return dir_.path() / "agent"; }
  const std::string& asked() const { return asked_; }

 private:
  void serve(const std::string& answer) {
    const FileDescriptor client(accept(socket_.get(), nullptr, nullptr));
    if (!client) return;
    std::array<char, 16> buffer{};
    const auto size = recv(client.get(), buffer.data(), buffer.size(), 0);
    if (size > 0) asked_.assign(buffer.data(), static_cast<std::size_t>(size));
    send(client.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
  }

  const TempDir dir_;
  FileDescriptor socket_;
  std::string asked_;
  std::thread thread_;
};

// The answer of draft-miller-ssh-agent, 4.4, with keys of type "x" and a byte 0xff each.
std::string keys(unsigned char count, unsigned char type = 12) {
  std::string answer{static_cast<char>(type), 0, 0, 0, static_cast<char>(count)};
  for (unsigned i = 0; i < count; ++i) {
    answer += std::string("\0\0\0\x06\0\0\0\x01x\xff", 10) + std::string("\0\0\0\x01k", 5);
  }
  return std::string{0, 0, 0, static_cast<char>(answer.size())} + answer;
}

TEST(Agent, TellsHowManyKeysItHas) {
  const FakeAgent fake(keys(2));
  Agent agent(fake.path());
  EXPECT_EQ(agent.keys().size(), 2U);
  EXPECT_EQ(agent.keys()[0].type, "x");
  EXPECT_EQ(agent.keys()[0].base64, "AAAAAXj/");
  EXPECT_EQ(agent.description(), "2 keys of the agent");
  EXPECT_EQ(fake.asked(), std::string("\0\0\0\x01\x0b", 5));
}

TEST(Agent, IsAskedOnce) {
  const FakeAgent fake(keys(1));  // answers the first connection only
  Agent agent(fake.path());
  EXPECT_EQ(agent.keys().size(), 1U);
  EXPECT_EQ(agent.keys().size(), 1U);
  EXPECT_EQ(agent.description(), "1 key of the agent");
}

TEST(Agent, ThatRefusesHasNoKeys) {
  const FakeAgent fake(keys(3, 5));  // SSH_AGENT_FAILURE
  Agent agent(fake.path());
  EXPECT_EQ(agent.keys().size(), 0U);
  EXPECT_EQ(agent.description(), "0 keys of the agent");
}

TEST(Agent, ThatEndsInTheMiddleIsGivenUp) {
  for (const std::size_t size : {0U, 4U, 8U}) {
    const FakeAgent fake(keys(2).substr(0, size));
    Agent agent(fake.path());
    EXPECT_EQ(agent.keys().size(), 0U) << size;
    EXPECT_EQ(agent.description(), "the agent at '" + fake.path() + "' does not answer") << size;
    EXPECT_FALSE(agent.connect()) << size;
  }
}

TEST(Agent, WithAnAbsurdNumberOfKeysHasNone) {
  auto answer = keys(1);
  answer[5] = 1;  // 16 million keys
  const FakeAgent fake(answer);
  Agent agent(fake.path());
  EXPECT_EQ(agent.keys().size(), 0U);
}

TEST(Agent, ThatIsNotThereSaysWhy) {
  Agent agent("/nonexistent/agent");
  EXPECT_EQ(agent.keys().size(), 0U);
  EXPECT_EQ(agent.description(),
            "the agent at '/nonexistent/agent' cannot be reached: No such file or directory");
}

TEST(Agent, WhosePathFitsIntoNoSocketSaysSo) {
  const std::string path(200, 'a');
  Agent agent(path);
  EXPECT_EQ(agent.keys().size(), 0U);
  EXPECT_THAT(agent.description(), ::testing::EndsWith("has too long a path"));
}

TEST(Agent, ThatHungIsNotAskedAgain) {
  const FakeAgent fake(keys(2));
  Agent agent(fake.path());
  EXPECT_EQ(agent.keys().size(), 2U);
  agent.give_up();
  EXPECT_EQ(agent.keys().size(), 0U);
  EXPECT_FALSE(agent.connect());
}

}  // namespace
}  // namespace cluster::ssh
