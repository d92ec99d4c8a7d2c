#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace cluster::agent {

/// A reason why something must not be done, or is not well. Guards, checks, refusals and errors
/// share it.
/// It stays data until message() makes the sentence; nobody reads a sentence back.
struct Reason {
  std::string_view id{};    ///< the id of the guard, "holder"; empty when it is no guard
  std::string what;         ///< "process 812 ('Xorg') has /dev/dri/card0 open"; one line
  std::string fix{};        ///< "stop it (kill 812)"; empty when there is none
  bool needs_root = false;  ///< only root could have known; the fix is to run gpupci as root
  bool passing = false;     ///< it may be gone in a moment
  std::string vm{};         ///< the domain of libvirt that has it, by name; "" = none has
};

using Reasons = std::vector<Reason>;

/// The way out: the fix, or to run gpupci as root; empty when none is known.
std::string way_out(const Reason& reason);

/// "holder: process 812 ('Xorg') has /dev/dri/card0 open; stop it (kill 812)". Every sentence with
/// a way out is made here.
std::string message(const Reason& reason);

/// All of the reasons in one line, which shows four of them: one of each guard first.
std::string message(const Reasons& reasons);

/// The ids in the reasons, each once, in the order of the reasons.
std::vector<std::string_view> ids(const Reasons& reasons);

/// A name that somebody else chose, for a process, a mount, a unit, an interface or a VM. The
/// result cannot pass for our own words: it is printable and in single quotes, and has no single
/// quote inside.
std::string quoted_name(std::string_view name);

/// The same name as one word of a command that the operator may copy. It is printable too.
std::string name_as_word(std::string_view name);

/// A refusal with its reasons; what() is their message.
class Refused : public Error {
 public:
  explicit Refused(Reasons reasons);

  const Reasons& reasons() const { return reasons_; }

 private:
  Reasons reasons_;
};

/// An Error with a way out that the operator can be told; what() is the message of the reason.
class FixableError : public Error {
 public:
  FixableError(Fault fault, Reason reason);

  const Reason& reason() const { return reason_; }

 private:
  Reason reason_;
};

}  // namespace cluster::agent
