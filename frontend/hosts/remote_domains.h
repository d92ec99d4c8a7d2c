#pragma once

#include <memory>

#include "ssh/doorway.h"
#include "ssh/transport.h"
#include "virt/domains.h"

namespace cluster::frontend {

/// Opens libvirt on a host, by `virt-ssh-helper` there and an `ssh` process here.
/// `limits.command_timeout` bounds all that the host takes to connect and to answer; what passes
/// between the calls does not count. Throws Error(unreachable)
/// when there is no connection or no answer, Error(io) when libvirt there or here does not work;
/// each says why. The later calls throw the same when the connection breaks.
/// Many at once share `doorway`, which outlives them.
std::unique_ptr<virt::Domains> open_remote_domains(const ssh::Target& target,
                                                   const ssh::Limits& limits,
                                                   ssh::Doorway& doorway);

}  // namespace cluster::frontend
