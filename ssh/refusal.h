#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cluster::ssh {

/// The thing that the end of a connection before its login says of the next one.
enum class Refusal {
  final,      ///< the same happens again
  momentary,  ///< it was closed or reset without a word: a moment may cure that
  penalty,    ///< the server turns our address away for a while, or has no room
};

/// Judges the first bytes that a server sends. sshd has two lines that it writes in place of its
/// version before it hangs up (sshd.c): "Exceeded MaxStartups", and since 9.8 "Not allowed at this
/// time", for PerSourcePenalties and MaxStartups alike. Returns nothing of these two as final.
Refusal refusal_of_greeting(std::string_view first_bytes);

/// Judges the complaints of an `ssh` that ended with status 255 before its command. `log` are its
/// own lines without those of debugging, `err` is the standard error of what it started: its
/// ProxyCommand or the `ssh` to its jump host. `has_sent_key_exchange` and `has_begun_login` tell
/// how far it came with the host itself. These are words of OpenSSH 6.5 to 10.2; other words mean
/// final. Of a jump host (`is_jump`) they may be its banner, which `ssh` prints when it logs in
/// there: then the host behind it has closed the connection.
Refusal refusal_of_ssh(const std::vector<std::string>& log, std::string_view err,
                       bool has_sent_key_exchange, bool has_begun_login, bool is_jump = false);

/// The words for an operator whose login was turned away for a moment, so many times.
std::string tried_words(int tries);

/// The words for an operator whose address is turned away at `place`, or that of a jump host.
std::string penalty_words(const std::string& place, bool is_behind_jump_host = false);

}  // namespace cluster::ssh
