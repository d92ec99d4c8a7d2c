#include "core/text.h"
#include "node-agent/actions/boot_cards.h"
#include "node-agent/actions/table.h"

namespace cluster::agent {

int print_modprobe(const Call& call) {
  const auto found = find_boot_cards(call);
  call.out << "# /etc/modprobe.d/gpupci.conf, from gpupci --print-modprobe; then put it into the\n"
              "# initramfs: update-initramfs -u (Debian) or dracut -f (RHEL), and reboot.\n"
           << comment(found);
  if (found.ids.empty()) return 0;
  if (!found.missing_aliases.empty()) {
    call.out << "# CAUTION, " + found.missing_aliases +
                    " is missing: modules that are not loaded\n"
                    "# now, and would take these at boot, are not known. depmod makes it.\n";
  }
  if (found.vfio_is_builtin) {
    call.out << "# CAUTION, vfio-pci is built into this kernel and does not read this line; want\n"
                "# vfio-pci.ids= of gpupci --print-cmdline instead.\n";
  }
  call.out << "options vfio-pci ids=" << found.ids << "\n";
  if (!found.builtin_modules.empty()) {
    call.out
        << "# CAUTION, built into this kernel, so they take their devices before vfio-pci can:\n"
           "# " +
               joined(found.builtin_modules, ", ") + ". gpupci --restore takes these at boot.\n";
  }
  for (const auto& module : found.modules) call.out << "softdep " << module << " pre: vfio-pci\n";
  if (!found.idle_modules.empty()) {
    call.out << "# On a host whose own screen and sound need none of these, they can stay out "
                "wholly:\n";
  }
  for (const auto& module : found.idle_modules) call.out << "# blacklist " << module << "\n";
  return 0;
}

}  // namespace cluster::agent
