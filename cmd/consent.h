#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cmd/context.h"
#include "cmd/line/options.h"

// What removes, stops or detaches asks first, unless the operator wrote down each name.
namespace cluster::cmd {

/// The key yes= of such a command.
struct Consent {
  std::string yes = "no";

  void declare(Options& options);
};

/// What such a command would touch.
struct Touched {
  std::string things;              ///< the plural, "hosts"
  std::vector<std::string> words;  ///< as they were typed
  std::vector<std::string> names;  ///< of all that they mean
};

/// Lets the command go on when the words are the names, or ranges of them, of all that it touches
/// (the name of a container is not that of its VMs), or with yes=yes. Else it shows the names, what
/// the words mean, and asks the operator; where nobody can answer it throws Error(refused) that
/// wants yes=yes. Throws the same when the answer is no. `deed` is the command, "remove host".
void require_consent(Context& context, const Consent& consent, const std::string& deed,
                     const Touched& touched);

/// Lets the command go on with yes=yes, or when the operator agrees to `what`, "set host power:
/// ...". Where nobody can answer it throws Error(refused) that says `wanted`, "want yes=yes".
void ask_consent(Context& context, const Consent& consent, const std::string& deed,
                 const std::string& what, const std::string& wanted);

/// What `names` are, in words: "3 hosts, n[1-3]", "1 VM, v1". `things` is the plural, "hosts".
std::string how_many(const std::vector<std::string>& names, const std::string& things);

/// Says on standard error that `count` things were done, if they are several: "removed 98 hosts".
void say_how_many(Context& context, const std::string& done, std::size_t count,
                  const std::string& things);

/// Says the same, unless `words` are names and ranges, so that whoever wrote them knows.
void say_how_many_of(Context& context, const std::string& done, std::size_t count,
                     const std::string& things, const std::vector<std::string>& words);

}  // namespace cluster::cmd
