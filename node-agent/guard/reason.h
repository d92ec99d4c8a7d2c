#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace cluster::agent {

/// Why something is not to be done, or is not well. Guards, checks and refusals share it. It stays
/// data until message() makes the sentence; nobody reads a sentence back.
struct Reason {
  std::string_view id{};    ///< who says so: the guard "holder"; empty when it is no guard
  std::string what;         ///< "process 812 ('Xorg') has /dev/dri/card0 open"; one line
  std::string fix{};        ///< "stop it (kill 812)"; empty when there is none
  bool needs_root = false;  ///< only root could have known; the fix is to run gpupci as root
  bool passing = false;     ///< it may be gone in a moment
};

using Reasons = std::vector<Reason>;

/// The way out: the fix, or to run gpupci as root; empty when none is known.
std::string way_out(const Reason& reason);

/// "holder: process 812 ('Xorg') has /dev/dri/card0 open; stop it (kill 812)".
std::string message(const Reason& reason);

/// All of them in one line, of which the first four are shown.
std::string message(const Reasons& reasons);

/// The ids of those who refuse, each once, in the order in which they speak.
std::vector<std::string_view> ids(const Reasons& reasons);

/// A name that somebody else chose, of a process, a mount, a unit, an interface or a VM, so that it
/// cannot pass for our own words: printable and in single quotes, of which it holds none itself.
std::string quoted_name(std::string_view name);

/// The same name as one word of a command that the operator may copy: printable too.
std::string name_as_word(std::string_view name);

/// A refusal with its reasons; what() is their message.
class Refused : public Error {
 public:
  explicit Refused(Reasons reasons);

  const Reasons& reasons() const { return reasons_; }

 private:
  Reasons reasons_;
};

}  // namespace cluster::agent
