#include "node-agent/binding/run_program.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "core/error.h"
#include "core/file.h"

namespace cluster::agent {
namespace {

// The words in the form that exec(3) takes: pointers, the last one null.
std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> all;
  for (auto& word : words) all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

}  // namespace

int run_program(const std::vector<std::string>& words) {
  auto own_words = words;
  std::vector<std::string> own_environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  const auto arguments = pointers(own_words);
  const auto variables = pointers(own_environment);
  pid_t child = 0;
  const int code = ::posix_spawn(&child, words.front().c_str(), nullptr, nullptr, arguments.data(),
                                 variables.data());
  if (code != 0) {
    throw Error(code == ENOENT ? Fault::not_found : Fault::io,
                "cannot run " + words.front() + ": " + errno_text(code));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace cluster::agent
