#pragma once

#include <string>
#include <string_view>

namespace cluster::ssh {

/// The ways to log in that a server takes, as far as there is a remedy for who was refused.
struct LoginWays {
  bool keys = true;  ///< of persons: "publickey", or nothing is told
  bool kerberos = false;
  bool machines = false;  ///< "hostbased"
};

/// The ways in the complaint of `ssh`, "root@n1: Permission denied (publickey,hostbased)."; those
/// in brackets are words of the server.
LoginWays login_ways(std::string_view complaint);

/// What helps somebody whom the server refused, as the end of a reason. `there` says of whom it is:
/// "there".
std::string login_remedy(const LoginWays& ways, const std::string& there = "there");

/// The line of ssh_config(5) that helps where `ssh` says "no matching cipher found. Their offer:
/// 3des-cbc", or the same of a MAC, a key exchange or a host key, as the end of a reason. It names
/// the best of the offer that OpenSSH 9.2 has. "" when that is not the complaint, and when it has
/// none of them. `block` is the line that it belongs under, "Host n1".
std::string algorithm_remedy(std::string_view complaint, const std::string& block);

}  // namespace cluster::ssh
