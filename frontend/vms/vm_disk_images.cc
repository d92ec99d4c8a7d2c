#include "frontend/vms/vm_disk_images.h"

#include <algorithm>
#include <map>

#include "core/error.h"
#include "core/text.h"
#include "frontend/hosts/ask.h"

namespace cluster::frontend {
namespace {

// The function is called as image PATH FORMAT GIB. `set -C` makes the file only if it does not
// exist, even when somebody else makes it at the same time. Then qemu-img fills the file that we
// made.
constexpr const char* kImage = R"sh(image() {
  if [ -e "$1" ]; then return 0; fi
  if [ -z "$3" ]; then echo "no image $1, and no disksize= to make it with" >&2; return 1; fi
  ( set -C; : >"$1" ) || return 1
  qemu-img create -q -f "$2" "$1" "$3G" && return 0
  rm -f "$1"; return 1
}
)sh";

// A line of shell that prints the VM's name when all its images are there; "" when it has no
// images.
std::string line_of(const Vm& vm) {
  std::vector<std::string> images;
  for (const auto& disk : vm.disks) {
    if (disk.source != DiskSource::file) continue;
    images.push_back("image " + shell_word(disk.path) + " " + shell_word(disk.format) + " " +
                     shell_word(disk.size_gib ? std::to_string(*disk.size_gib) : ""));
  }
  if (images.empty()) return "";
  return joined(images, " && ") + " && echo " + shell_word(vm.name.str()) + "\n";
}

bool is_to_start(const VmTask& task) { return !task.failure && !task.xml.empty(); }

void take_answer(const AgentAnswer& answer, VmHost& there) {
  if (answer.reply.end != ssh::End::exited) {
    there.failure =
        Error(ssh::reached(answer.reply.end) ? Fault::io : Fault::unreachable, answer.reply.reason);
    return;
  }
  const auto done = split(answer.out, '\n');
  const auto why = trim(answer.err);
  for (auto& task : there.tasks) {
    if (!is_to_start(task) || line_of(task.vm).empty()) continue;
    if (std::ranges::find(done, task.vm.name.str()) != done.end()) continue;
    task.failure = Error(
        Fault::io, "cannot make its disk images: " + quote(why.empty() ? "no reason given" : why));
  }
}

}  // namespace

void make_disk_images(Context& context, VmBatch& all, const ssh::Limits& limits) {
  std::vector<VmHost*> asked;
  std::vector<Host> hosts;
  std::vector<std::string> commands;
  for (auto& there : all) {
    if (there.failure) continue;
    std::string lines;
    for (const auto& task : there.tasks) {
      if (is_to_start(task)) lines += line_of(task.vm);
    }
    if (lines.empty()) continue;
    asked.push_back(&there);
    hosts.push_back(there.host);
    commands.push_back("sh -c " + shell_word(kImage + lines));
  }
  if (hosts.empty()) return;
  const auto answers = ask_hosts(context, hosts, commands, limits);
  for (std::size_t i = 0; i < asked.size(); ++i) take_answer(answers[i], *asked[i]);
}

}  // namespace cluster::frontend
