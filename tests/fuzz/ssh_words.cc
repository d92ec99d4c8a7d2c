// What `ssh`, a server before its login, and a host that ends a command say.
#include "ssh/last_words.h"
#include "ssh/refusal.h"
#include "ssh/remote_end.h"
#include "ssh/ssh_log.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cluster;
  const auto text = text_of(data, size);
  ssh::SshLog log;
  log.take(text.substr(0, size / 2));
  log.take(text.substr(size / 2));
  ssh::refusal_of_ssh(log.said(), text, log.has_sent_key_exchange(), log.has_begun_login());
  ssh::refusal_of_greeting(text);
  ssh::last_words(text);
  ssh::last_words("Received SSH_MSG_DISCONNECT: " + text);
  ssh::read_ending(text);
  return 0;
}
