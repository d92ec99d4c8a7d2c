#include "ssh/operator.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace cluster::ssh {
namespace {

// Sets a variable of the environment, and puts it back at its end.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) {
      before_ = old;
      was_set_ = true;
    }
    setenv(name, value, 1);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() {
    if (was_set_) {
      setenv(name_, before_.c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }

 private:
  const char* name_;
  std::string before_;
  bool was_set_ = false;
};

TEST(Operator, IsTheUserOfThePasswordDatabaseAndNotOfTheEnvironment) {
  const auto* entry = getpwuid(getuid());
  if (entry == nullptr) GTEST_SKIP() << "this user is not in the password database";
  const Variable user("USER", "somebody-else");
  const Variable home("HOME", "/nonexistent");
  const auto me = Operator::current();
  EXPECT_EQ(me.user, entry->pw_name);
  EXPECT_EQ(me.home, entry->pw_dir);
}

TEST(Operator, TakesConfigurationAndAgentFromTheEnvironment) {
  const Variable config("CLUSTER_SSH_CONFIG", "/tmp/config");
  const Variable agent("SSH_AUTH_SOCK", "/run/agent");
  EXPECT_EQ(Operator::current().config, "/tmp/config");
  EXPECT_EQ(Operator::current().agent_socket, "/run/agent");
}

}  // namespace
}  // namespace cluster::ssh
