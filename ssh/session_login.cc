// The login: our keys, one after the other, and the words of whoever takes none.
#include <fcntl.h>

#include "core/text.h"
#include "ssh/last_words.h"
#include "ssh/login_order.h"
#include "ssh/remedy.h"
#include "ssh/session.h"

namespace cluster::ssh {
namespace {

// An agent may take this long to sign, as a person may have to touch something.
constexpr auto kAgentBound = std::chrono::seconds(5);

// sshd hangs up after six tries (MaxAuthTries).
constexpr std::size_t kMostTried = 5;

}  // namespace

// This answer is awaited first, because it tells libssh which signatures the server takes. Without
// it an RSA key is sometimes signed with SHA-1 and refused (libssh 0.10).
Session::Step Session::ask_service() {
  const int code = libssh_.ssh_service_request(session_.get(), "ssh-userauth");
  if (code == SSH_AGAIN) return Step::service;
  return code == SSH_OK ? Step::files : break_off("the login to");
}

Session::Step Session::offer_files() {
  for (; next_file_ < route().identity_files.size(); ++next_file_) {
    if (next_file_ == route().agent_at && wants_agent()) return Step::agent;
    const auto& path = route().identity_files[next_file_];
    const Identity& identity = run().identities.load(path);
    if (identity.key == nullptr) {
      if (!identity.problem.empty()) {
        unused_.push_back(path + " " + identity.problem);
      } else if (identity.is_missing && route().names_identities) {
        unused_.push_back(path + " is not there");
      }
      continue;
    }
    switch (libssh_.ssh_userauth_publickey(session_.get(), nullptr, identity.key.get())) {
      case SSH_AUTH_AGAIN:
        return Step::files;
      case SSH_AUTH_SUCCESS:
        return Step::channel;
      case SSH_AUTH_PARTIAL:
        if (!takes_another_key()) return refuse_login();
        break;
      case SSH_AUTH_DENIED:
        tried_.push_back(path);
        break;
      default:
        tried_.push_back(path);
        return refuse_login();
    }
  }
  return wants_agent() ? Step::agent : Step::none;
}

// It may want two keys, "publickey,publickey".
bool Session::takes_another_key() {
  is_half_in_ = true;
  const auto ways = static_cast<unsigned>(libssh_.ssh_userauth_list(session_.get(), nullptr));
  return (ways & SSH_AUTH_METHOD_PUBLICKEY) != 0;
}

bool Session::wants_agent() const { return has_agent() && !has_asked_agent_; }

Session::Step Session::offer_agent() {
  Agent& agent = run().agent(route().agent_socket);
  if (!agent_socket_) {
    if (agent.keys().empty() || !(agent_socket_ = agent.connect())) {
      has_asked_agent_ = true;
      return Step::files;
    }
    const int fd = fcntl(agent_socket_.get(), F_DUPFD_CLOEXEC, 0);
    libssh_.ssh_set_agent_socket(session_.get(), fd);
  }
  run().watchdog.guard(agent_socket_.get(), kAgentBound);
  int code = SSH_AUTH_AGAIN;
  do {  // it begins with the first key again, which the server does not take twice
    code = libssh_.ssh_userauth_agent(session_.get(), nullptr);
  } while (code == SSH_AUTH_PARTIAL && takes_another_key());
  const bool hung = run().watchdog.release();
  if (hung) agent.give_up();
  if (code == SSH_AUTH_ERROR && !hung && libssh_.ssh_is_connected(session_.get()) != 0) {
    agent.note_refusal();
    end_for_openssh(kRefusingAgent);
    return Step::over;
  }
  if (code == SSH_AUTH_AGAIN) return Step::agent;
  if (code == SSH_AUTH_SUCCESS) return Step::channel;
  has_asked_agent_ = true;
  return code == SSH_AUTH_DENIED ? Step::files : refuse_login();
}

// `ssh` begins with this, to hear which ways there are. Here it comes last, as it costs each host a
// round trip and few let anybody in.
Session::Step Session::offer_nothing() {
  if (is_half_in_ || tried_.size() >= kMostTried) return refuse_login();
  const int code = libssh_.ssh_userauth_none(session_.get(), nullptr);
  if (code == SSH_AUTH_AGAIN) return Step::none;
  return code == SSH_AUTH_SUCCESS ? Step::channel : refuse_login();
}

Session::Step Session::refuse_login() {
  if (!route().at_last.empty()) {
    end_for_openssh(route().at_last);
    return Step::over;
  }
  if (is_half_in_) {
    return fail(End::no_login, place(route()) + " wants more than our keys from " +
                                   quote(route().user) +
                                   " (AuthenticationMethods in its sshd_config)");
  }
  const auto said = last_words(libssh_.ssh_get_error(session_.get()));
  // A server may have had enough before it answered to a key.
  if (step_ == Step::files && !said.empty() && next_file_ < route().identity_files.size()) {
    const auto& path = route().identity_files[next_file_];
    if (tried_.empty() || tried_.back() != path) tried_.push_back(path);
  }
  if (tried_.empty() && !agent_socket_ && libssh_.ssh_is_connected(session_.get()) == 0) {
    return break_off("the login to");
  }
  std::string reason = place(route()) + " takes no key of ours for " + quote(route().user);
  if (has_agent()) {
    const auto agent = run().agent(route().agent_socket).description();
    (agent_socket_ ? tried_ : unused_).push_back(agent);
  }
  reason += tried_.empty() ? "; there was none to try" : "; tried " + joined(tried_, ", ");
  if (!unused_.empty()) reason += "; " + joined(unused_, ", ");
  if (!said.empty()) reason += "; it said " + quote(said);
  const auto ways = static_cast<unsigned>(libssh_.ssh_userauth_list(session_.get(), nullptr));
  reason += login_remedy({.keys = ways == 0 || (ways & SSH_AUTH_METHOD_PUBLICKEY) != 0,
                          .kerberos = (ways & SSH_AUTH_METHOD_GSSAPI_MIC) != 0,
                          .machines = (ways & SSH_AUTH_METHOD_HOSTBASED) != 0});
  if (!tried_.empty() && (!said.empty() || libssh_.ssh_is_connected(session_.get()) != 0)) {
    run().lessons.refused.emplace(login_of(route()), reason);
    note_shown_key();
  }
  return fail(End::no_login, reason);
}

}  // namespace cluster::ssh
