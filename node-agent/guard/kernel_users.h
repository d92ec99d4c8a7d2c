#pragma once

#include "node-agent/guard/subject.h"

namespace cluster::agent {

/// What the kernel itself does with a card, without a program that has a device node open: its
/// memory is the host's, its DMA channels and ciphers are in use, or somebody uses its driver in a
/// way of which the kernel tells nothing more.
Reasons kernel_users(const Subject& subject);

}  // namespace cluster::agent
