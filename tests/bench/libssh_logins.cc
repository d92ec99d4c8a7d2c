// libssh_logins COUNT PORT KEY: logs in at COUNT addresses, one after the other, and runs a command
// on each by libssh's blocking functions: what anybody who uses libssh has to pay.
#include <libssh/libssh.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace {

void must(int code, ssh_session session) {
  if (code != SSH_OK) throw std::runtime_error(ssh_get_error(session));
}

void log_in(const std::string& address, int port, ssh_key key) {
  ssh_session session = ssh_new();
  const bool no_config = false;
  const int on = 1;
  ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &no_config);
  ssh_options_set(session, SSH_OPTIONS_SSH_DIR, "/dev/null");
  ssh_options_set(session, SSH_OPTIONS_HOST, address.c_str());
  ssh_options_set(session, SSH_OPTIONS_PORT, &port);
  ssh_options_set(session, SSH_OPTIONS_NODELAY, &on);
  ssh_options_set(session, SSH_OPTIONS_KEY_EXCHANGE, "curve25519-sha256");
  must(ssh_connect(session), session);
  must(ssh_userauth_publickey(session, nullptr, key) == SSH_AUTH_SUCCESS ? SSH_OK : SSH_ERROR,
       session);
  ssh_channel channel = ssh_channel_new(session);
  must(ssh_channel_open_session(channel), session);
  must(ssh_channel_request_exec(channel, "true"), session);
  char none = 0;
  ssh_channel_read(channel, &none, 1, 0);  // waits for the end
  ssh_channel_free(channel);
  ssh_disconnect(session);
  ssh_free(session);
}

std::string address_of(int host) {
  constexpr int kOfOne = 250;
  return "127.0." + std::to_string(9 + host / kOfOne) + "." + std::to_string(1 + host % kOfOne);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: libssh_logins COUNT PORT KEY\n", stderr);
    return 2;
  }
  ssh_key key = nullptr;
  if (ssh_pki_import_privkey_file(argv[3], nullptr, nullptr, nullptr, &key) != SSH_OK) return 1;
  try {
    for (int i = 1; i <= std::atoi(argv[1]); ++i) log_in(address_of(i), std::atoi(argv[2]), key);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "libssh_logins: %s\n", error.what());
    return 1;
  }
}
