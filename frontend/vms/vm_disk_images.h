#pragma once

#include "frontend/vms/vm_batch.h"

namespace cluster::frontend {

/// Makes, over SSH, the image files of those VMs that are to start (VmTask::xml is set) which their
/// containers do not have, with qemu-img; never over a file that is there. Where it does not work
/// is the VM's failure.
void make_disk_images(Context& context, VmBatch& all, const ssh::Limits& limits);

}  // namespace cluster::frontend
