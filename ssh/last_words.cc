#include "ssh/last_words.h"

#include <string_view>

#include "core/text.h"

namespace cluster::ssh {

std::string last_words(const std::string& error) {
  constexpr std::string_view kHead = "Received SSH_MSG_DISCONNECT: ";
  const auto colon = error.find(':', kHead.size());
  if (!error.starts_with(kHead) || colon == std::string::npos) return "";
  return std::string(trim(std::string_view(error).substr(colon + 1)));
}

}  // namespace cluster::ssh
