#include "core/error.h"
#include "core/text.h"
#include "node-agent/actions/run.h"
#include "node-agent/actions/table.h"

namespace cluster::agent {
namespace {

// The words of gpupci consist of these characters. There is no quoting, so no quoting can be wrong.
constexpr std::string_view kCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:,=-";

// The refusal is one line, whatever the client asked for.
int refuse(const Call& call, const std::string& why) {
  call.err << "gpupci: this key runs gpupci only: " << why << "\n";
  return exit_status(Fault::usage);
}

}  // namespace

int serve_ssh(const Call& call) {
  const auto& command = call.environment.ssh_command;
  if (!command) return refuse(call, "no command was given, or sudo kept no SSH_ORIGINAL_COMMAND");
  std::vector<std::string> words;
  for (const auto word : split(*command, ' ')) {
    if (word.find_first_not_of(kCharacters) != std::string_view::npos) {
      return refuse(call, quote(word) + " is no word of its");
    }
    if (!word.empty()) words.emplace_back(word);
  }
  if (words.empty() || words.front() != "gpupci") {
    return refuse(call, words.empty() ? "no command was given" : "not " + quote(words.front()));
  }
  words.erase(words.begin());
  try {
    if (parse_options(words).action->run == &serve_ssh) {
      return refuse(call, "not '--serve-ssh' within itself");
    }
  } catch (const Error& error) {
    return refuse(call, error.what());
  }
  return run(words, call.out, call.err, call.environment);
}

}  // namespace cluster::agent
