// What stands for something in a value of ssh_config(5): ~, %x and ${NAME}.

#include "ssh/config_value.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>
#include <cstring>
#include <fstream>

#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster::ssh {
namespace {

const Tokens kTokens{{'%', "%"}, {'h', "n1.example"}, {'p', "22"}, {'r', "%p"}, {'n', ""}};

// A variable of the environment that goes with the test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

struct Replaced {
  const char* text;
  std::optional<std::string> becomes;
};

TEST(Tokens, AreReplacedOnce) {
  for (const auto& [text, becomes] :
       {Replaced{"", ""}, Replaced{"plain", "plain"}, Replaced{"%h:%p", "n1.example:22"},
        Replaced{"%%h", "%h"}, Replaced{"%%%h", "%n1.example"}, Replaced{"[%n]", "[]"},
        Replaced{"%r", "%p"}, Replaced{"~/%h", "~/n1.example"}, Replaced{"${HOME}", "${HOME}"}}) {
    EXPECT_EQ(replace_tokens(text, kTokens), becomes) << text;
  }
}

TEST(Tokens, ThatAreNotKnownLeaveNothing) {
  for (const auto* text : {"%", "a%", "%x", "%h%x", "%%%", "% h", "%H"}) {
    EXPECT_EQ(replace_tokens(text, kTokens), std::nullopt) << text;
  }
}

TEST(Home, StandsForATildeAtTheFront) {
  for (const auto& [text, becomes] :
       {Replaced{"~/a", "/home/me/a"}, Replaced{"~", "/home/me"}, Replaced{"~/", "/home/me/"},
        Replaced{"/a/~/b", "/a/~/b"}, Replaced{"a", "a"}, Replaced{"", ""},
        Replaced{"~root/a", std::nullopt}, Replaced{"~~", std::nullopt}}) {
    EXPECT_EQ(in_home(text, "/home/me"), becomes) << text;
  }
}

TEST(FileName, HasAllThreeReplaced) {
  const Variable folder("CLUSTER_TEST_FOLDER", "/of/%h");
  const Variable nothing("CLUSTER_TEST_NOTHING", "");
  for (const auto& [text, becomes] : {
           Replaced{"~/%h", "/home/me/n1.example"},
           Replaced{"${CLUSTER_TEST_FOLDER}/%p", "/of/%h/22"},  // what a variable says stays
           Replaced{"a${CLUSTER_TEST_NOTHING}b", "ab"},
           Replaced{"%%{CLUSTER_TEST_FOLDER}", "%{CLUSTER_TEST_FOLDER}"},
           Replaced{"$CLUSTER_TEST_FOLDER", "$CLUSTER_TEST_FOLDER"},
           Replaced{"a~b", "a~b"},
       }) {
    EXPECT_EQ(file_name(text, "/home/me", kTokens), becomes) << text;
  }
}

TEST(FileName, OfWhatIsNotKnownIsNone) {
  for (const auto* text :
       {"${CLUSTER_TEST_NOT_SET}/a", "${", "${HOME", "${}", "%C", "a%", "~root/a"}) {
    EXPECT_EQ(file_name(text, "/home/me", kTokens), std::nullopt) << text;
  }
}

TEST(NamesOfHosts, AreSpeltAsUsual) {
  EXPECT_EQ(usual_spelling("Node-1"), "node-1");
  EXPECT_EQ(usual_spelling("127.1"), "127.0.0.1");
  EXPECT_EQ(usual_spelling("FE80:0:0::1"), "fe80::1");
}

TEST(Times, AreReadWithTheirUnits) {
  EXPECT_EQ(read_time("90"), std::chrono::seconds(90));
  EXPECT_EQ(read_time("1M30s"), std::chrono::seconds(90));
  EXPECT_EQ(read_time("1w"), std::chrono::hours(7 * 24));
  for (const auto* text : {"m", "1x", "-1", "99999999999"}) {
    EXPECT_EQ(read_time(text), std::nullopt) << text;
  }
}

class MasterSockets : public ::testing::Test {
 protected:
  std::string in_folder(const std::string& name) const { return folder_.path() / name; }

  void listen_at(const std::string& name) {
    socket_ = FileDescriptor(socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, in_folder(name).c_str(), sizeof(address.sun_path) - 1);
    ASSERT_EQ(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }

  bool has(const std::string& path, const std::string& home = "/nowhere") {
    Sockets sockets;
    return sockets.has(path, home, kTokens);
  }

 private:
  TempDir folder_;
  FileDescriptor socket_;
};

TEST_F(MasterSockets, AreFoundByTheirNames) {
  listen_at("n1.example-22");
  EXPECT_TRUE(has(in_folder("%h-%p")));
  EXPECT_TRUE(has("~/%h-%p", in_folder("")));
  EXPECT_FALSE(has(in_folder("%h-%p-%%")));
  EXPECT_FALSE(has("/nowhere/%h"));
}

// %C is a hash that only OpenSSH knows how to make.
TEST_F(MasterSockets, MayHaveAnyTextForAnUnknownLetter) {
  listen_at("cm-0123abcd");
  EXPECT_TRUE(has(in_folder("cm-%C")));
  EXPECT_TRUE(has(in_folder("%C")));
  EXPECT_FALSE(has(in_folder("cm-%C-x")));
}

// A name may have what is a pattern elsewhere.
TEST_F(MasterSockets, AreNoPatternsThemselves) {
  listen_at("cm-a");
  for (const auto* name : {"cm-*", "cm-?", "cm-[a]", "cm-\\a"}) {
    EXPECT_FALSE(has(in_folder(name))) << name;
  }
  const Variable star("CLUSTER_TEST_STAR", "*");
  EXPECT_FALSE(has(in_folder("cm-${CLUSTER_TEST_STAR}")));
}

TEST_F(MasterSockets, AreNoPlainFiles) {
  std::ofstream(in_folder("n1.example")) << "";
  EXPECT_FALSE(has(in_folder("%h")));
}

// Then OpenSSH is to look.
TEST_F(MasterSockets, MayBeWhereItCannotBeTold) {
  EXPECT_TRUE(has("~root/cm-%h"));
  EXPECT_TRUE(has("${CLUSTER_TEST_NOT_SET}/cm-%h"));
  EXPECT_TRUE(has(in_folder("cm-%")));
}

TEST_F(MasterSockets, AreLookedForOnce) {
  Sockets sockets;
  EXPECT_FALSE(sockets.has(in_folder("%h"), "/", kTokens));
  listen_at("n1.example");
  EXPECT_FALSE(sockets.has(in_folder("%h"), "/", kTokens));
}

TEST(Environment, MayHoldNoMoreThanTheLanguage) {
  const Variable language("LC_MESSAGES", "C");
  const Variable colours("NO_COLOR", "1");
  EXPECT_FALSE(means_more_than_language("LC_MESSAGES"));
  EXPECT_FALSE(means_more_than_language("NO_*"));
  EXPECT_FALSE(means_more_than_language("CLUSTER_TEST_NOT_SET"));
  EXPECT_FALSE(means_more_than_language(""));
}

TEST(Environment, MeansMoreWhenAVariableMatches) {
  const Variable mine("CLUSTER_TEST_MINE", "");
  EXPECT_TRUE(means_more_than_language("CLUSTER_TEST_MINE"));
  EXPECT_TRUE(means_more_than_language("CLUSTER_TEST_*"));
  EXPECT_TRUE(means_more_than_language("*"));
  EXPECT_FALSE(means_more_than_language("cluster_test_*")) << "names have a case";
}

}  // namespace
}  // namespace cluster::ssh
