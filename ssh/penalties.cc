#include "ssh/penalties.h"

namespace cluster::ssh {

void Penalties::let_in(const std::string& sshd) {
  let_in_.insert(sshd);
  turned_away_.erase(sshd);
}

Refusal Penalties::judge(const std::string& sshd, int tries) {
  if (let_in_.contains(sshd) || tries < kTriesToTell) return Refusal::momentary;
  turned_away_.insert(sshd);
  return Refusal::penalty;
}

bool Penalties::has_to_knock(const std::string& sshd, int tries) {
  return tries >= kTriesToTell && !let_in_.contains(sshd) && heard_.insert(sshd).second;
}

}  // namespace cluster::ssh
