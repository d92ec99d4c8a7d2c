// A knock hears what a server says first, and ends whatever the server does.

#include "ssh/knock.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "ssh/resolver.h"

namespace cluster::ssh {
namespace {

// A server on 127.0.0.1 that takes one connection.
class Doorman {
 public:
  Doorman() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(socket_.get(), any, sizeof(address)), 0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(getsockname(socket_.get(), any, &size), 0);
    port_ = ntohs(address.sin_port);
    EXPECT_EQ(listen(socket_.get(), 1), 0);
  }

  int port() const { return port_; }

  // Takes the connection that waits, says `words`, and goes on to hold it.
  void say(const std::string& words) {
    taken_ = FileDescriptor(accept(socket_.get(), nullptr, nullptr));
    EXPECT_EQ(send(taken_.get(), words.data(), words.size(), 0),
              static_cast<ssize_t>(words.size()));
  }
  void hang_up() { taken_.reset(); }
  void leave() { socket_.reset(); }

 private:
  FileDescriptor socket_;
  FileDescriptor taken_;
  int port_ = 0;
};

class Knocking : public ::testing::Test {
 protected:
  // What is heard at `port` when `meanwhile` is done once the connection is on its way.
  template <typename Meanwhile>
  std::string heard_at(int port, Meanwhile meanwhile) {
    std::optional<std::string> heard;
    Knock knock(loop_, resolver_, "127.0.0.1", port, [&](std::string_view bytes) {
      EXPECT_FALSE(heard) << "it is told once";
      heard = bytes;
    });
    knock.start();
    meanwhile();
    while (!heard) loop_.turn();
    return *heard;
  }

  Loop loop_;
  Resolver resolver_{loop_};
  Doorman doorman_;
};

TEST_F(Knocking, HearsTheFirstWords) {
  EXPECT_EQ(heard_at(doorman_.port(), [&] { doorman_.say("SSH-2.0-OpenSSH_9.2\r\n"); }),
            "SSH-2.0-OpenSSH_9.2\r\n");
}

TEST_F(Knocking, HearsWordsThatAreNoText) {
  const std::string bytes("\x00\xff\x1b[2J", 6);
  EXPECT_EQ(heard_at(doorman_.port(), [&] { doorman_.say(bytes); }), bytes);
}

TEST_F(Knocking, HearsNothingOfAServerThatHangsUp) {
  EXPECT_EQ(heard_at(doorman_.port(),
                     [&] {
                       doorman_.say("");
                       doorman_.hang_up();
                     }),
            "");
}

TEST_F(Knocking, HearsNothingWhereNobodyListens) {
  doorman_.leave();
  EXPECT_EQ(heard_at(doorman_.port(), [] {}), "");
}

// It is given up after a second: the loop is told that its time has come.
TEST_F(Knocking, WaitsNotForEverForAServerThatSaysNothing) {
  EXPECT_EQ(heard_at(doorman_.port(), [&] { doorman_.say(""); }), "");
}

}  // namespace
}  // namespace cluster::ssh
