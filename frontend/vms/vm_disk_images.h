#pragma once

#include <map>
#include <string>
#include <string_view>

#include "frontend/vms/vm_batch.h"

namespace cluster::frontend {

/// Makes the image files that the containers do not have, with qemu-img over SSH. It does so for
/// those VMs that are to start (VmTask::xml is set), and never overwrites a file that is there. The
/// inventory keeps that an image was there (VmDisk::made): when it is missing later, that is the
/// VM's failure, as when it does not work.
void make_disk_images(Context& context, VmBatch& all, const ssh::Limits& limits);

/// The errors of each VM, by its name, in what the script of all said on standard error. Those of a
/// shell that did not come so far are nobody's.
std::map<std::string, std::string> image_errors(std::string_view text);

}  // namespace cluster::frontend
