#pragma once

#include <exception>
#include <vector>

#include "ssh/transport.h"

namespace cluster::ssh {

/// The Sink of somebody else, called so that it cannot break off the work on the hosts: what it
/// throws is kept for the end, and it is called no more. The time that it takes is not the hosts'.
class GuardedSink : public Sink {
 public:
  explicit GuardedSink(Sink& sink) : sink_(sink) {}

  void out(std::size_t target, std::string_view bytes) override;
  void err(std::size_t target, std::string_view bytes) override;
  void ended(std::size_t target, const Reply& reply) override;
  bool wants_progress() const override { return sink_.wants_progress(); }
  void progress(const Progress& progress) override;
  void interrupted(const std::vector<std::size_t>& pending) override;
  int outlet() const override { return sink_.outlet(); }
  void unread() override;

  bool has_failed() const { return failure_ != nullptr; }
  /// Throws what the Sink has thrown.
  void rethrow() const;

 private:
  template <typename Call>
  void guard(Call call);

  Sink& sink_;
  std::exception_ptr failure_;
};

}  // namespace cluster::ssh
