#include "cmd/author.h"

#include <pwd.h>
#include <unistd.h>

#include "core/secret_names.h"
#include "core/text.h"
#include "core/variable.h"

namespace cluster::cmd {
namespace {

constexpr std::size_t kLongest = 1000;

bool is_about_values(const std::vector<std::string>& words) {
  for (std::size_t i = 1; i < words.size() && i < 3; ++i) {
    if (words[i] == "attr" || words[i] == "row") return true;
  }
  return false;
}

bool is_secret_key(const std::string& word) {
  const auto end = word.find('=');
  if (end == std::string::npos) return false;
  const auto key = std::string_view(word).substr(0, end);
  return may_be_secret(key) || lower(key).find("value") != std::string::npos;
}

}  // namespace

std::string without_secrets(const std::vector<std::string>& words) {
  // The words that say which attribute of whom: VERB [host|appliance OWNER] attr NAME; of a row its
  // table.
  std::size_t shown = words.size();
  if (is_about_values(words)) shown = words[1] == "attr" || words[1] == "row" ? 3 : 5;
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += ' ';
    if (i >= shown) {
      text += "...";
      break;
    }
    const auto end = words[i].find('=');
    text += is_secret_key(words[i]) ? words[i].substr(0, end) + "=..." : shell_word(words[i]);
    if (text.size() > kLongest) {
      text.resize(kLongest);
      while (!is_utf8_text(text)) text.pop_back();
      return text + " ...";
    }
  }
  return text;
}

Author author_of(const std::vector<std::string>& words) {
  Author author;
  const auto* account = getpwuid(geteuid());
  author.login = account == nullptr ? std::to_string(geteuid()) : account->pw_name;
  author.sudo_user = variable("SUDO_USER");
  const auto connection = variable("SSH_CONNECTION");
  author.origin = connection.substr(0, connection.find(' '));
  if (author.origin.empty()) {
    const char* terminal = ttyname(STDIN_FILENO);
    if (terminal == nullptr) terminal = ttyname(STDERR_FILENO);
    if (terminal != nullptr) author.origin = terminal;
  }
  author.command = without_secrets(words);
  for (auto* text : {&author.sudo_user, &author.origin, &author.command}) {
    if (!is_utf8_text(*text)) *text = printable(*text);
  }
  return author;
}

}  // namespace cluster::cmd
