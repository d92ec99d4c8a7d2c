#include "frontend/vms/vm_seed.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/base64.h"
#include "core/error.h"
#include "core/hex.h"
#include "core/text.h"
#include "frontend/hosts/ask.h"
#include "frontend/hosts/sudo.h"
#include "frontend/vms/cloud_init.h"
#include "frontend/vms/container_scripts.h"
#include "frontend/vms/vm_attributes.h"
#include "virt/drive_place.h"

namespace cluster::frontend {
namespace {

constexpr std::string_view kImages = "/var/lib/libvirt/images";
constexpr std::size_t kLine = 76;  // of base64

// FNV-1a of 64 bits (draft-eastlake-fnv).
std::string digest_of(const std::vector<IsoFile>& files) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  const auto add = [&](const std::string& text) {
    for (const char c : std::to_string(text.size()) + ":" + text) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
  };
  for (const auto& [name, text] : files) {
    add(name);
    add(text);
  }
  return to_hex(hash, 16);
}

bool wants_seed(const Vm& vm, const ResolvedAttributes& resolved) {
  const auto wish = attribute_value(resolved, "vm_seed");
  if (wish != "auto") return wish == "yes";
  const auto has_image = [](const VmDisk& disk) { return !disk.image.empty(); };
  return std::ranges::any_of(vm.disks, has_image) ||
         !trim(attribute_value(resolved, "vm_ssh_keys")).empty() ||
         !trim(attribute_value(resolved, "vm_user_data")).empty();
}

// Beside the first disk that is a file.
std::string folder_of(const Vm& vm) {
  const auto disk = std::ranges::find(vm.disks, DiskSource::file, &VmDisk::source);
  if (disk == vm.disks.end()) return std::string(kImages);
  return disk->path.substr(0, disk->path.rfind('/'));
}

std::vector<GuestInterface> interfaces_of(const Vm& vm, const virt::DomainSpec& domain) {
  std::vector<GuestInterface> interfaces;
  for (const auto& one : domain.interfaces) {
    const auto known = std::ranges::find(vm.interfaces, one.name, &Interface::name);
    interfaces.push_back(
        {one.name, one.mac,
         known == vm.interfaces.end() ? std::vector<IpAddress>{} : known->addresses});
  }
  return interfaces;
}

// The attribute counts, and else what the networks of its interfaces say.
std::string gateways_of(const Vm& vm, const std::string& attribute) {
  if (!trim(attribute).empty()) return attribute;
  std::vector<std::string> gateways;
  for (const auto& one : vm.interfaces) {
    if (one.network && one.network->gateway) gateways.push_back(*one.network->gateway);
  }
  return joined(gateways, ",");
}

// The bus of its disk is one that the guest can drive. Kernels of clouds have no drivers for SATA
// and IDE, so a guest of virtio gets a CD-ROM of virtio-scsi.
std::string bus_for_seed(const virt::DomainSpec& domain) {
  for (const auto& disk : domain.disks) {
    if (disk.source == DiskSource::cdrom) continue;
    return disk.bus == "sata" || disk.bus == "ide" ? disk.bus : "scsi";
  }
  return "scsi";
}

}  // namespace

std::optional<Seed> seed_of(const Vm& vm, const ResolvedAttributes& resolved,
                            const virt::DomainSpec& domain) {
  if (!wants_seed(vm, resolved)) return std::nullopt;
  const auto value = [&](const char* name) { return attribute_value(resolved, name); };
  const auto files = cloud_init_files({vm.uuid, vm.name.str(), value("vm_ssh_keys"),
                                       value("vm_user_data"), gateways_of(vm, value("vm_gateway")),
                                       value("vm_nameservers"), interfaces_of(vm, domain)});
  return Seed{folder_of(vm) + "/" + vm.name.str() + "-seed-" + digest_of(files) + ".iso",
              iso_volume("cidata", files)};
}

virt::DiskSpec seed_disk(const Seed& seed, const virt::DomainSpec& domain) {
  virt::DiskSpec disk;
  disk.source = DiskSource::cdrom;
  disk.path = seed.path;
  disk.format = "raw";
  disk.bus = bus_for_seed(domain);
  const bool ide = disk.bus == "ide";
  disk.optional = true;
  // From the last target of the first controller, where a disk of the operator's is least likely.
  const std::string letters = ide ? "dcba" : "fedcba";
  for (const char letter : letters) {
    disk.target = (ide ? "hd" : "sd") + std::string(1, letter);
    const auto place = virt::drive_place(disk.bus, disk.target);
    const auto is_in_its_way = [&](const virt::DiskSpec& one) {
      return one.target == disk.target || virt::drive_place(one.bus, one.target) == place;
    };
    if (std::ranges::none_of(domain.disks, is_in_its_way)) return disk;
  }
  throw Error(Fault::refused, "VM " + quote(domain.name) +
                                  " has no place left for the CD-ROM of cloud-init: vm_seed=no, or "
                                  "one disk less on bus " +
                                  disk.bus);
}

void make_seeds(Context& context, VmBatch& all, const ssh::Limits& limits) {
  std::vector<VmHost*> asked;
  std::vector<Host> hosts;
  std::vector<std::string> commands;
  std::vector<ssh::Input> scripts;
  const auto wants = [](const VmTask& task) { return task.seed && is_to_start(task); };
  for (auto& there : all) {
    if (there.failure || std::ranges::none_of(there.tasks, wants)) continue;
    std::string script(container_script("seeds.sh"));
    for (const auto& task : there.tasks) {
      if (!wants(task)) continue;
      script += "seed " + shell_word(task.seed->path) + " <<'END' && echo " +
                shell_word(task.vm.name.str()) + "\n" + base64(task.seed->volume, kLine) +
                "\nEND\n";
    }
    asked.push_back(&there);
    hosts.push_back(there.host);
    commands.push_back(as_root(there.host, "sh -s"));
    scripts.emplace_back(std::move(script));
  }
  if (hosts.empty()) return;
  const auto answers = ask_hosts(context, hosts, commands, limits, scripts);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    asked[i]->failure = unfinished(answers[i]);
    if (asked[i]->failure) continue;
    const auto done = split(answers[i].out, '\n');
    const auto why = trim(answers[i].err);
    for (auto& task : asked[i]->tasks) {
      if (!wants(task) || std::ranges::find(done, task.vm.name.str()) != done.end()) continue;
      task.failure = Error(Fault::io, "cannot make " + task.seed->path + " for cloud-init: " +
                                          quote(why.empty() ? "no reason given" : why));
    }
  }
}

}  // namespace cluster::frontend
