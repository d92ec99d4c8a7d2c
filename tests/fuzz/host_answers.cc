// What a host, its shell, its sudo, a guest's agent or a fence agent says in answer to a command.
// What is made of it for people is one line, and no longer than a line may be.
#include <algorithm>
#include <cstdlib>

#include "cmd/roll_outcome.h"
#include "core/ip_address.h"
#include "core/text.h"
#include "frontend/hosts/agent_program.h"
#include "frontend/hosts/delivery.h"
#include "frontend/hosts/fabric.h"
#include "frontend/hosts/fence_words.h"
#include "frontend/hosts/guest_address.h"
#include "frontend/hosts/sudo.h"
#include "frontend/vms/vm_disk_images.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace cluster;

constexpr std::size_t kLongestLine = 9000;  // twice what is quoted, each byte as four, and ours

void must_be_a_line(std::string_view text) {
  if (text.size() > kLongestLine || std::ranges::any_of(text, is_control)) std::abort();
}

template <typename Read>
void may_refuse_in_a_line(const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    must_be_a_line(error.what());
  }
}

// The host has the token of its script, and may report what it likes.
void read_roll(const frontend::AgentAnswer& answer) {
  const std::string token = "token";
  must_be_a_line(cmd::outcome_of(answer, token, "gpupt").words);
  const auto said = cmd::said_by(answer, token);
  if (("\n" + said).find("\n" + token + "\t") != std::string::npos) std::abort();
  for (const auto& row : cmd::items_of(said)) {
    for (const auto& cell : row) {
      if (const auto* text = std::get_if<std::string>(&cell)) must_be_a_line(*text);
    }
  }
}

void read_addresses(const std::string& text) {
  virt::ToldAddresses told{{}, "agent"};
  for (const auto line : split(text, '\n')) {
    const auto words = split(line, ' ');
    told.addresses.push_back({std::string(words.front()), std::string(words.back())});
  }
  for (const auto& document : {std::string("<mac address='52:54:00:00:00:0a'/>"), text}) {
    for (const auto& address : frontend::reachable(told, document)) {
      if (!is_ip_address(address) || is_local_address(address)) std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = text_of(data, size);
  for (const int status : {0, 1}) {
    for (const bool is_error : {false, true}) {
      const frontend::AgentAnswer answer{{HostName("n1"), "vm-container", {}, {}, {}, {}, {}, {}},
                                         {ssh::End::exited, status, "", {}},
                                         is_error ? "" : text,
                                         is_error ? text : ""};
      may_refuse_in_a_line([&] {
        if (!frontend::program_of(answer).path.starts_with('/')) std::abort();
      });
      may_refuse_in_a_line([&] {
        if (frontend::delivered(answer, 1).size() != 1) std::abort();
      });
      may_refuse_in_a_line([&] { frontend::partitions_of(answer); });
      read_roll(answer);
    }
  }
  for (const auto& [vm, errors] : frontend::image_errors(text)) {
    if (vm.find('\n') != std::string::npos || ("\n" + errors).find("\n=== ") != std::string::npos) {
      std::abort();
    }
  }
  must_be_a_line(frontend::sudo_refusal("ops", text, "/usr/local/bin/gpupci"));
  must_be_a_line(frontend::fence_failure(text));
  must_be_a_line(frontend::fence_warning(text));
  read_addresses(text);
  return 0;
}
