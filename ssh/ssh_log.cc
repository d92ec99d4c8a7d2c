#include "ssh/ssh_log.h"

#include "core/text.h"

namespace cluster::ssh {
namespace {

constexpr std::size_t kMostInLine = 4096;
constexpr std::size_t kMostLines = 64;

}  // namespace

void SshLog::take(std::string_view bytes) {
  for (const char c : bytes) {
    if (c == '\n') {
      take_line(trim(line_));
      line_.clear();
    } else if (line_.size() < kMostInLine) {
      line_ += c;
    }
  }
}

void SshLog::take_line(std::string_view line) {
  const auto has = [line](std::string_view piece) {
    return line.find(piece) != std::string_view::npos;
  };
  constexpr std::string_view kShown = "debug1: Server host key: ";
  if (line.starts_with(kShown)) {
    shown_key_ = line.substr(kShown.size());
  } else if (line.starts_with("debug1: SSH2_MSG_KEXINIT sent")) {
    has_sent_key_exchange_ = true;
  } else if (line.starts_with("debug1: SSH2_MSG_SERVICE_ACCEPT") ||
             line.starts_with("debug1: Authentications that can continue")) {
    has_begun_login_ = true;
  } else if (line.starts_with("Authenticated to ") || line.starts_with("debug1: Authentication ")) {
    has_begun_login_ = is_in_ = true;
  } else if (line.starts_with("debug1: ") && has(": Not allowed at this time")) {
    is_penalty_ = true;
  } else if (line.starts_with("debug1: Sending command") || has(": master session id:")) {
    has_begun_login_ = is_in_ = has_started_ = true;
  } else if (has(" rtype exit-status ") || has("exit status from master")) {
    has_status_ = true;
  } else if (has(" rtype exit-signal ")) {
    has_signal_ = true;
  } else if (!line.empty() && !line.starts_with("debug") && !line.starts_with('@')) {
    if (said_.size() == kMostLines) said_.pop_back();
    said_.emplace_back(line);
  }
}

}  // namespace cluster::ssh
