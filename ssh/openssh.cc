#include "ssh/openssh.h"

#include <algorithm>

namespace cluster::ssh {

std::vector<std::string> openssh_words(const Target& target, const Operator& me,
                                       std::chrono::seconds connect_timeout) {
  std::vector<std::string> words{"ssh", "-T", "-x", "-a"};
  if (!me.config.empty()) words.insert(words.end(), {"-F", me.config});
  const auto option = [&words](const std::string& text) {
    words.insert(words.end(), {"-o", text});
  };
  option("BatchMode=yes");
  option("StrictHostKeyChecking=yes");
  option("UpdateHostKeys=no");
  option("ConnectTimeout=" + std::to_string(std::max<long long>(1, connect_timeout.count())));
  option("ClearAllForwardings=yes");
  option("ControlPath=none");
  option("ForkAfterAuthentication=no");
  option("PermitLocalCommand=no");
  option("RemoteCommand=none");
  if (!target.address.empty()) {
    std::string literal;  // in a HostName `%` stands for something
    for (const char c : target.address) literal += c == '%' ? "%%" : std::string(1, c);
    option("HostName=" + literal);
  }
  if (target.port != 0) option("Port=" + std::to_string(target.port));
  if (!target.user.empty()) words.insert(words.end(), {"-l", target.user});
  return words;
}

NoConnection why_no_connection(std::vector<std::string> said) {
  const auto some = [&said](const char* piece) {
    return std::ranges::any_of(
        said, [&](const std::string& line) { return line.find(piece) != std::string::npos; });
  };
  const End how = some("Host key verification failed") ? End::host_key
                  : some("Permission denied")          ? End::no_login
                                                       : End::unreachable;
  // The last line only repeats that the key was not accepted; the line before says which key.
  if (how == End::host_key && said.size() > 1) said.pop_back();
  return {how, said.empty() ? "" : said.back()};
}

}  // namespace cluster::ssh
