#include "node-agent/actions/table.h"

namespace cluster::agent {

// The unit does not wait for systemd-udev-settle.service. The functions are there before the first
// program is, and it does not matter whether a host driver already has them. driver_override, which
// is set first, keeps away a driver that loads later. So the earlier this runs, the less there is
// to unbind.
int print_unit(const Call& call) {
  call.out << "# /etc/systemd/system/gpupci-restore.service, from gpupci --print-unit; then:\n"
              "#   systemctl daemon-reload && systemctl enable gpupci-restore.service\n"
              "[Unit]\n"
              "Description=Detach the GPU cards that were detached before the reboot\n"
              "# Early, before anything opens a card; it neither needs nor asks libvirt.\n"
              "DefaultDependencies=no\n"
              "After=systemd-modules-load.service local-fs.target\n"
              "Before=basic.target libvirtd.service virtqemud.service virtnodedevd.service\n"
              "Before=nvidia-persistenced.service display-manager.service\n"
              "Conflicts=shutdown.target\n"
              "Before=shutdown.target\n"
           << "RequiresMountsFor=" << call.environment.saved_drivers.parent_path().native() << " "
           << call.environment.settings.parent_path().native() << "\n"
           << "\n[Service]\n"
              "Type=oneshot\n"
              "RemainAfterExit=yes\n"
              "# gpupci has a deadline of its own for each step.\n"
              "TimeoutStartSec=15min\n"
              "ExecStart="
           << call.environment.program.native() << " --restore\n"
           << "\n[Install]\n"
              "WantedBy=basic.target\n";
  return 0;
}

}  // namespace cluster::agent
