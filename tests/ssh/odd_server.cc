#include "tests/ssh/odd_server.h"

#include <arpa/inet.h>
#include <libssh/callbacks.h>
#include <libssh/server.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

namespace cluster::ssh {
namespace {

constexpr int kTurnMs = 20;  // until it is looked whether all is over

// What the callbacks of libssh need, and tell.
struct Guest {
  ssh_channel channel = nullptr;
  bool has_command = false;
  ssh_channel_callbacks_struct of_channel{};
};

ssh_channel open_channel(ssh_session session, void* guest_of) {
  auto* guest = static_cast<Guest*>(guest_of);
  guest->channel = ssh_channel_new(session);
  guest->of_channel.userdata = guest;
  guest->of_channel.channel_exec_request_function = [](ssh_session, ssh_channel, const char*,
                                                       void* self) {
    static_cast<Guest*>(self)->has_command = true;
    return 0;
  };
  ssh_callbacks_init(&guest->of_channel);
  ssh_set_channel_callbacks(guest->channel, &guest->of_channel);
  return guest->channel;
}

void answer(OddServer::Way way, ssh_channel channel) {
  if (way == OddServer::Way::no_status) {
    ssh_channel_write(channel, "in\n", 3);
  } else {
    for (std::size_t i = 0; i < OddServer::kTiny; ++i) ssh_channel_write(channel, "x", 1);
    ssh_channel_request_send_exit_status(channel, 0);
  }
  ssh_channel_send_eof(channel);
  ssh_channel_close(channel);
}

}  // namespace

OddServer::OddServer(Way way, const std::filesystem::path& host_key)
    : way_(way), host_key_(host_key), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_.get(), any, size) != 0 || listen(listener_.get(), 16) != 0 ||
      getsockname(listener_.get(), any, &size) != 0) {
    throw std::runtime_error(std::string("no odd server: ") + strerror(errno));
  }
  number_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

OddServer::~OddServer() {
  is_over_ = true;
  thread_.join();
}

void OddServer::serve() {
  while (!is_over_) {
    pollfd wanted{listener_.get(), POLLIN, 0};
    if (poll(&wanted, 1, kTurnMs) != 1) continue;
    const int client = accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) receive(client);
  }
}

// libssh owns `client` as soon as it has it.
void OddServer::receive(int client) {
  const std::unique_ptr<ssh_bind_struct, void (*)(ssh_bind)> bind(ssh_bind_new(), ssh_bind_free);
  ssh_bind_options_set(bind.get(), SSH_BIND_OPTIONS_HOSTKEY, host_key_.c_str());
  Guest guest;  // this and the next go after the session, which knows them
  ssh_server_callbacks_struct callbacks{};
  const std::unique_ptr<ssh_session_struct, void (*)(ssh_session)> session(ssh_new(), ssh_free);
  if (ssh_bind_accept_fd(bind.get(), session.get(), client) != SSH_OK) return;
  callbacks.userdata = &guest;
  callbacks.auth_pubkey_function = [](ssh_session, const char*, ssh_key, char state, void*) {
    const bool is_in = state == SSH_PUBLICKEY_STATE_VALID || state == SSH_PUBLICKEY_STATE_NONE;
    return static_cast<int>(is_in ? SSH_AUTH_SUCCESS : SSH_AUTH_DENIED);
  };
  callbacks.channel_open_request_session_function = open_channel;
  ssh_callbacks_init(&callbacks);
  ssh_set_auth_methods(session.get(), SSH_AUTH_METHOD_PUBLICKEY);
  ssh_set_server_callbacks(session.get(), &callbacks);
  if (ssh_handle_key_exchange(session.get()) != SSH_OK) return;
  const std::unique_ptr<ssh_event_struct, void (*)(ssh_event)> event(ssh_event_new(),
                                                                     ssh_event_free);
  ssh_event_add_session(event.get(), session.get());
  bool has_answered = false;
  while (!is_over_ && ssh_is_connected(session.get()) != 0) {
    ssh_event_dopoll(event.get(), kTurnMs);
    if (guest.has_command && !has_answered) {
      has_answered = true;
      answer(way_, guest.channel);
    }
  }
  ssh_event_remove_session(event.get(), session.get());
}

}  // namespace cluster::ssh
