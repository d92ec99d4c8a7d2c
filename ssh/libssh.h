#pragma once

#include <libssh/callbacks.h>
#include <libssh/libssh.h>

#include <memory>

#include "core/shared_library.h"

namespace cluster::ssh {

/// The functions of libssh (https://api.libssh.org) that this folder calls, under their own names.
/// libssh is opened with the first run that needs it and never linked, as most commands speak to no
/// host.
struct LibSsh {
  SharedLibrary library{"libssh.so.4", "libssh-4"};

  // clang-format off: one function, one line
  decltype(&::ssh_new) ssh_new = library.symbol("ssh_new");
  decltype(&::ssh_free) ssh_free = library.symbol("ssh_free");
  decltype(&::ssh_options_set) ssh_options_set = library.symbol("ssh_options_set");
  decltype(&::ssh_set_blocking) ssh_set_blocking = library.symbol("ssh_set_blocking");
  decltype(&::ssh_connect) ssh_connect = library.symbol("ssh_connect");
  decltype(&::ssh_is_connected) ssh_is_connected = library.symbol("ssh_is_connected");
  decltype(&::ssh_get_poll_flags) ssh_get_poll_flags = library.symbol("ssh_get_poll_flags");
  decltype(&::ssh_get_error) ssh_get_error = library.symbol("ssh_get_error");
  decltype(&::ssh_get_server_publickey) ssh_get_server_publickey =
      library.symbol("ssh_get_server_publickey");

  decltype(&::ssh_service_request) ssh_service_request = library.symbol("ssh_service_request");
  decltype(&::ssh_userauth_publickey) ssh_userauth_publickey =
      library.symbol("ssh_userauth_publickey");
  decltype(&::ssh_userauth_none) ssh_userauth_none = library.symbol("ssh_userauth_none");
  decltype(&::ssh_userauth_list) ssh_userauth_list = library.symbol("ssh_userauth_list");
  decltype(&::ssh_userauth_agent) ssh_userauth_agent = library.symbol("ssh_userauth_agent");
  decltype(&::ssh_set_agent_socket) ssh_set_agent_socket = library.symbol("ssh_set_agent_socket");

  decltype(&::ssh_channel_new) ssh_channel_new = library.symbol("ssh_channel_new");
  decltype(&::ssh_channel_open_session) ssh_channel_open_session =
      library.symbol("ssh_channel_open_session");
  decltype(&::ssh_channel_request_exec) ssh_channel_request_exec =
      library.symbol("ssh_channel_request_exec");
  decltype(&::ssh_channel_request_send_signal) ssh_channel_request_send_signal =
      library.symbol("ssh_channel_request_send_signal");
  decltype(&::ssh_channel_window_size) ssh_channel_window_size =
      library.symbol("ssh_channel_window_size");
  decltype(&::ssh_channel_write) ssh_channel_write = library.symbol("ssh_channel_write");
  decltype(&::ssh_channel_send_eof) ssh_channel_send_eof = library.symbol("ssh_channel_send_eof");
  decltype(&::ssh_set_channel_callbacks) ssh_set_channel_callbacks =
      library.symbol("ssh_set_channel_callbacks");
  decltype(&::ssh_event_new) ssh_event_new = library.symbol("ssh_event_new");
  decltype(&::ssh_event_free) ssh_event_free = library.symbol("ssh_event_free");
  decltype(&::ssh_event_add_session) ssh_event_add_session =
      library.symbol("ssh_event_add_session");
  decltype(&::ssh_event_remove_session) ssh_event_remove_session =
      library.symbol("ssh_event_remove_session");
  decltype(&::ssh_event_dopoll) ssh_event_dopoll = library.symbol("ssh_event_dopoll");

  decltype(&::ssh_pki_import_privkey_file) ssh_pki_import_privkey_file =
      library.symbol("ssh_pki_import_privkey_file");
  decltype(&::ssh_pki_import_pubkey_file) ssh_pki_import_pubkey_file =
      library.symbol("ssh_pki_import_pubkey_file");
  decltype(&::ssh_pki_export_pubkey_base64) ssh_pki_export_pubkey_base64 =
      library.symbol("ssh_pki_export_pubkey_base64");
  decltype(&::ssh_key_free) ssh_key_free = library.symbol("ssh_key_free");
  decltype(&::ssh_key_type) ssh_key_type = library.symbol("ssh_key_type");
  decltype(&::ssh_key_type_to_char) ssh_key_type_to_char = library.symbol("ssh_key_type_to_char");
  decltype(&::ssh_string_free_char) ssh_string_free_char = library.symbol("ssh_string_free_char");
  // clang-format on
};

/// A pointer to something that libssh made. `free_it`, a function of the table, takes it back.
template <typename T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

using OwnedSession = Owned<ssh_session_struct>;  ///< its channels go with it
using OwnedKey = Owned<ssh_key_struct>;
using OwnedEvent = Owned<ssh_event_struct>;
using OwnedText = Owned<char>;

}  // namespace cluster::ssh
