#pragma once

#include <set>
#include <string>

#include "ssh/refusal.h"

namespace cluster::ssh {

/// The sshds that said "Not allowed at this time" to an address of ours. From OpenSSH 9.8 on they
/// say so of an address that they turn away for a while (PerSourcePenalties in sshd_config(5)), and
/// of a crowd at their door (MaxStartups). Who comes in there beside us, or the same words at one
/// try after the other, shows which it is. An sshd is named by source() or door_place().
class Penalties {
 public:
  static constexpr int kTriesToTell = 6;  ///< of one login, where nobody comes in

  /// Somebody came in at `sshd`, or through it.
  void let_in(const std::string& sshd);

  /// `sshd` said so to a login, at its try number `tries`. Returns momentary as long as it may be
  /// a crowd, and else penalty, which is kept.
  Refusal judge(const std::string& sshd, int tries);

  /// True if `sshd` is known to turn our address away.
  bool turn_away(const std::string& sshd) const { return turned_away_.contains(sshd); }

  /// True for the first who, before its try number `tries`, has to listen at the door `sshd` for
  /// what it says: others heard nothing there but its end.
  bool has_to_knock(const std::string& sshd, int tries);

  bool empty() const { return turned_away_.empty(); }

 private:
  std::set<std::string> let_in_;
  std::set<std::string> turned_away_;
  std::set<std::string> heard_;
};

}  // namespace cluster::ssh
