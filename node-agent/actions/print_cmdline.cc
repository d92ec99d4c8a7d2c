#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "node-agent/actions/boot_cards.h"
#include "node-agent/actions/table.h"
#include "node-agent/kernel/machine.h"

namespace cluster::agent {
namespace {

// What is to be known of the words for the IOMMU.
std::string_view about(IommuKind kind) {
  switch (kind) {
    case IommuKind::intel:
      return "# Intel: VT-d is on in the firmware, and intel_iommu=on turns the kernel's driver "
             "on.\n";
    case IommuKind::amd:
      return "# AMD: AMD-Vi is on in the firmware, then the kernel's driver is on by itself "
             "(amd_iommu=off\n# must not be there).\n";
    case IommuKind::x86:
      return "# VT-d or AMD-Vi is on in the firmware; intel_iommu=on is for Intel's.\n";
    case IommuKind::arm:
      return "# Arm: the SMMU is on in the firmware, then the kernel's driver is on by itself.\n";
    case IommuKind::other:
      break;
  }
  return "# The IOMMU is on in the firmware, then the kernel's driver is on by itself.\n";
}

// The family of the distribution, from ID and ID_LIKE of os-release(5).
std::string family(const Environment& environment) {
  const auto text = read_file(environment.os_release).value_or("");
  for (const auto line : split(text, '\n')) {
    if (!line.starts_with("ID=") && !line.starts_with("ID_LIKE=")) continue;
    for (const auto* word : {"rhel", "fedora", "centos"}) {
      if (line.find(word) != std::string_view::npos) return "rhel";
    }
  }
  return "debian";
}

}  // namespace

int print_cmdline(const Call& call) {
  auto kind = call.options.argument(0);
  if (kind.empty()) kind = family(call.environment);
  if (kind != "debian" && kind != "rhel") {
    throw Error(Fault::usage,
                "no such family of distributions: " + quote(kind) + " (want debian or rhel)");
  }
  const auto found = find_boot_cards(call);
  const auto iommu = iommu_kind(call.environment.sysfs, call.environment.proc);
  std::string words(kernel_words(iommu));
  if (!found.ids.empty()) words += (words.empty() ? "" : " ") + ("vfio-pci.ids=" + found.ids);
  call.out << "# The kernel's command line, from gpupci --print-cmdline " << kind << ".\n"
           << about(iommu) << comment(found);
  if (words.empty()) {
    call.out << "# There is nothing to add.\n";
    return 0;
  }
  if (kind == "debian") {
    call.out << "# Add to GRUB_CMDLINE_LINUX in /etc/default/grub, then update-grub and reboot:\n"
             << words << "\n";
  } else {
    call.out << "grubby --update-kernel=ALL --args=" << shell_word(words) << "\n"
             << "# Then reboot.\n";
  }
  return 0;
}

}  // namespace cluster::agent
