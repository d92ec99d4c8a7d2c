#include "frontend/hosts/sudo.h"

#include <algorithm>
#include <initializer_list>

#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

constexpr std::string_view kSudo = "sudo: ";

bool has_any(std::string_view line, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(
      words, [&](std::string_view word) { return line.find(word) != std::string_view::npos; });
}

// The line in which sudo says that it will not run the program; "" = none. sudo warns of a host
// name that it cannot resolve, and goes on.
std::string_view complaint_in(std::string_view said) {
  for (const auto line : split(said, '\n')) {
    const auto text = trim(line);
    if (has_any(text, {"unable to resolve host"})) continue;
    if (text.starts_with(kSudo) || text.starts_with("Sorry, user ") ||
        has_any(text, {"is not in the sudoers file", "may not run sudo",
                       "exec: sudo: ", "sudo: not found", "sudo: command not found"})) {
      return text;
    }
  }
  return {};
}

}  // namespace

std::string login_user(const Host& host) {
  if (host.user) return *host.user;
  return host.login.user ? parse_user(*host.login.user) : "";
}

bool by_sudo(const Host& host) {
  if (host.sudo) return *host.sudo;
  return host.login.sudo && parse_yes_no("ssh_sudo", *host.login.sudo);
}

void check_login_attribute(const std::string& name, const std::string& value) {
  if (value.empty()) return;  // it says nothing
  if (name == "ssh_user") parse_user(value);
  if (name == "ssh_sudo") parse_yes_no(name, value);
}

std::string as_root(const Host& host, const std::string& command) {
  return by_sudo(host) ? "sudo -n " + command : command;
}

std::string gpupci_command(const Host& host, const std::string& words) {
  if (!by_sudo(host)) return "gpupci " + words;
  const std::string script =
      "PATH=$PATH:/usr/local/bin:/usr/sbin:/sbin; g=$(command -v gpupci) || exit 127; "
      R"(exec sudo -n "$g" "$@")";
  return "sh -c " + shell_word(script) + " gpupci " + words;
}

std::string sudo_refusal(const std::string& user, std::string_view said, std::string_view program) {
  const auto line = complaint_in(said);
  if (line.empty()) return "";
  const auto told = "sudo says " + quote(line) + " there: ";
  const auto name = user.empty() ? std::string("USER") : user;
  const auto file = " into /etc/sudoers.d/" + (user.empty() ? "rollcall" : user) +
                    " of the host (visudo -f; page security.md)";
  if (has_any(line, {"a tty", "a terminal"}) && !has_any(line, {"password"})) {
    return told + "put `Defaults:" + name + " !requiretty`" + file;
  }
  if (has_any(line, {"password", "authentication"}) || line.starts_with("Sorry, ") ||
      has_any(line, {"not in the sudoers", "may not run sudo", "not allowed", "I'm afraid"})) {
    return told + "put `" + name + " ALL = (root) NOPASSWD: " + std::string(program) + "`" + file;
  }
  if (has_any(line, {"exec: sudo: ", "sudo: not found"}) || line == "sudo: command not found" ||
      line.ends_with("sudo: command not found")) {
    return told + "install sudo on the host, or log in as root (`cluster set host`: sudo=no)";
  }
  if (has_any(line, {"command not found"})) {
    return told + "put its folder into secure_path of /etc/sudoers of the host";
  }
  return told + "what root runs there needs sudo (sudo=yes of the host)";
}

}  // namespace cluster::frontend
