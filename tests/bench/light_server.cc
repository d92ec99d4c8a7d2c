// light_server PORT HOST_KEY AUTHORIZED_KEY [FILE [MS]]: an SSH server that costs little, so that a
// bench measures the client. Each address of 127.0.0.0/8 is a host; whoever has the key may run
// commands, which print FILE, if it is given, and end with status 0, after MS milliseconds.

#include <arpa/inet.h>
#include <fcntl.h>
#include <libssh/callbacks.h>
#include <libssh/server.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

constexpr int kBacklog = 4096;
constexpr int kPatience = 10'000;  // milliseconds without a word from the client

// One login. Its thread owns it.
class Guest {
 public:
  Guest(ssh_session session, ssh_key allowed, const std::string& answer,
        std::chrono::milliseconds takes)
      : session_(session), allowed_(allowed), answer_(answer), takes_(takes) {
    server_.userdata = this;
    server_.auth_pubkey_function = [](ssh_session, const char*, ssh_key key, char state,
                                      void* self) {
      if (ssh_key_cmp(key, static_cast<Guest*>(self)->allowed_, SSH_KEY_CMP_PUBLIC) != 0) {
        return static_cast<int>(SSH_AUTH_DENIED);
      }
      const bool is_in = state == SSH_PUBLICKEY_STATE_VALID || state == SSH_PUBLICKEY_STATE_NONE;
      return static_cast<int>(is_in ? SSH_AUTH_SUCCESS : SSH_AUTH_DENIED);
    };
    server_.channel_open_request_session_function = [](ssh_session of, void* self) {
      return static_cast<Guest*>(self)->open(of);
    };
    channel_callbacks_.userdata = this;
    channel_callbacks_.channel_exec_request_function = [](ssh_session, ssh_channel, const char*,
                                                          void* self) {
      static_cast<Guest*>(self)->has_command_ = true;
      return 0;
    };
    ssh_callbacks_init(&server_);
    ssh_callbacks_init(&channel_callbacks_);
  }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;
  ~Guest() {
    if (event_ != nullptr) ssh_event_free(event_);
    ssh_disconnect(session_);
    ssh_free(session_);
  }

  void serve() {
    ssh_set_auth_methods(session_, SSH_AUTH_METHOD_PUBLICKEY);
    ssh_set_server_callbacks(session_, &server_);
    if (ssh_handle_key_exchange(session_) != SSH_OK) return;
    event_ = ssh_event_new();
    ssh_event_add_session(event_, session_);
    while (!has_command_) {
      if (ssh_event_dopoll(event_, kPatience) != SSH_OK) return;
    }
    std::this_thread::sleep_for(takes_);
    ssh_channel_write(channel_, answer_.data(), static_cast<std::uint32_t>(answer_.size()));
    ssh_channel_request_send_exit_status(channel_, 0);
    ssh_channel_send_eof(channel_);
    ssh_channel_close(channel_);
    // The client hangs up.
    while (ssh_is_connected(session_) != 0 && ssh_event_dopoll(event_, kPatience) == SSH_OK) {
    }
  }

 private:
  ssh_channel open(ssh_session session) {
    channel_ = ssh_channel_new(session);
    ssh_set_channel_callbacks(channel_, &channel_callbacks_);
    return channel_;
  }

  ssh_session session_;
  ssh_key allowed_;
  const std::string& answer_;
  std::chrono::milliseconds takes_;
  ssh_server_callbacks_struct server_{};
  ssh_channel_callbacks_struct channel_callbacks_{};
  ssh_event event_ = nullptr;
  ssh_channel channel_ = nullptr;
  bool has_command_ = false;
};

int listen_on(int port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(listener, kBacklog) != 0) {
    throw std::runtime_error("cannot listen on port " + std::to_string(port));
  }
  return listener;
}

void serve(int port, const char* host_key, const char* allowed_file, const std::string& answer,
           std::chrono::milliseconds takes) {
  ssh_key allowed = nullptr;
  if (ssh_pki_import_pubkey_file(allowed_file, &allowed) != SSH_OK) {
    throw std::runtime_error(std::string("cannot read ") + allowed_file);
  }
  ssh_bind bind = ssh_bind_new();
  ssh_bind_options_set(bind, SSH_BIND_OPTIONS_HOSTKEY, host_key);
  const int listener = listen_on(port);
  for (;;) {
    sockaddr_in peer{};
    socklen_t size = sizeof(peer);
    const int socket = ::accept4(listener, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC);
    if (socket < 0) continue;
    constexpr unsigned kLoopback = 127;
    if (ntohl(peer.sin_addr.s_addr) >> 24U != kLoopback) {
      ::close(socket);
      continue;
    }
    ssh_session session = ssh_new();
    if (ssh_bind_accept_fd(bind, session, socket) != SSH_OK) {
      std::fprintf(stderr, "light_server: %s\n", ssh_get_error(bind));
      ssh_free(session);
      continue;
    }
    std::thread([session, allowed, &answer, takes] {
      Guest(session, allowed, answer, takes).serve();
    }).detach();
  }
}

std::string read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4 || argc > 6) {
    std::fputs("usage: light_server PORT HOST_KEY AUTHORIZED_KEY [FILE [MS]]\n", stderr);
    return 2;
  }
  try {
    serve(std::atoi(argv[1]), argv[2], argv[3], argc > 4 ? read_file(argv[4]) : "",
          std::chrono::milliseconds(argc > 5 ? std::atoi(argv[5]) : 0));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "light_server: %s\n", error.what());
    return 1;
  }
}
