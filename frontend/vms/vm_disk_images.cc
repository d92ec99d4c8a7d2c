#include "frontend/vms/vm_disk_images.h"

#include <algorithm>

#include "core/error.h"
#include "core/terminal_text.h"
#include "core/text.h"
#include "frontend/hosts/ask.h"
#include "frontend/hosts/sudo.h"
#include "frontend/vms/container_scripts.h"

namespace cluster::frontend {
namespace {

constexpr std::string_view kFailed = "=== ";  // and the name of a VM, behind its errors

// A line of shell that prints the VM's name when all its images are there, and else on standard
// error, behind what went wrong; "" when it has no images.
std::string line_of(const Vm& vm) {
  std::vector<std::string> images;
  for (const auto& disk : vm.disks) {
    if (disk.source != DiskSource::file) continue;
    images.push_back("image " + shell_word(disk.path) + " " + shell_word(disk.format) + " " +
                     shell_word(disk.size_gib ? std::to_string(*disk.size_gib) : "") + " " +
                     (disk.made ? "made" : "new") +
                     (disk.image.empty()
                          ? ""
                          : " " + shell_word(disk.image) + (disk.backing ? " backing" : " copy")));
  }
  if (images.empty()) return "";
  const auto& name = vm.name.str();
  return joined(images, " && ") + " && echo " + shell_word(name) + " || echo " +
         shell_word(std::string(kFailed) + name) + " >&2\n";
}

// The line of `text` that has `words`, for a message; "" = none.
std::string line_with(std::string_view text, std::string_view words) {
  for (const auto line : split(text, '\n')) {
    if (line.find(words) != std::string_view::npos) return brief(trim(line));
  }
  return "";
}

// Keeps that the images are there, so that none of them is made again. A disk that the VM was given
// meanwhile has none yet.
void keep_made(Inventory& inventory, const VmBatch& all) {
  for (const auto& there : all) {
    for (const auto& task : there.tasks) {
      if (there.failure || !is_to_start(task)) continue;
      std::vector<std::string> made;
      for (const auto& disk : task.vm.disks) {
        if (disk.source == DiskSource::file && !disk.made) made.push_back(disk.path);
      }
      if (!made.empty()) inventory.set_images_made(task.vm.name, made);
    }
  }
}

void take_answer(const AgentAnswer& answer, VmHost& there) {
  there.failure = unfinished(answer);
  if (there.failure) return;
  const auto done = split(answer.out, '\n');
  const auto errors = image_errors(answer.err);
  for (auto& task : there.tasks) {
    if (!is_to_start(task) || line_of(task.vm).empty()) continue;
    if (std::ranges::find(done, task.vm.name.str()) != done.end()) continue;
    const auto own = errors.find(task.vm.name.str());
    const std::string why(own == errors.end() ? trim(answer.err) : own->second);
    std::string lost;
    for (const auto& disk : task.vm.disks) {
      if (lost.empty() && disk.made) {
        lost = line_with(why, "no image " + disk.path + ", which was there before");
      }
    }
    task.failure =
        lost.empty()
            ? Error(Fault::io,
                    "cannot make its disk images: " + quote(why.empty() ? "no reason given" : why))
            : Error(Fault::refused, "on " + there.host.name.str() + " there is " + lost +
                                        ", or say made=no in disk= to have an empty one made");
  }
}

}  // namespace

std::map<std::string, std::string> image_errors(std::string_view text) {
  std::map<std::string, std::string> errors;
  std::string open;
  for (const auto line : split(text, '\n')) {
    if (!line.starts_with(kFailed)) {
      open.append(line).append("\n");
      continue;
    }
    errors.emplace(line.substr(kFailed.size()), trim(open));
    open.clear();
  }
  return errors;
}

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
    commands.push_back(
        as_root(there.host,
                "sh -c " + shell_word(std::string(container_script("disk_images.sh")) + lines)));
  }
  if (hosts.empty()) return;
  const auto answers = ask_hosts(context, hosts, commands, limits);
  for (std::size_t i = 0; i < asked.size(); ++i) take_answer(answers[i], *asked[i]);
  keep_made(context.inventory(), all);
}

}  // namespace cluster::frontend
