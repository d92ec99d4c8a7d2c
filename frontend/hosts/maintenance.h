#pragma once

#include "core/error.h"
#include "core/text.h"
#include "db/host.h"

namespace cluster::frontend {

/// Throws Error(refused) when the host is in maintenance: it gets no VM and starts none.
inline void refuse_in_maintenance(const Host& host) {
  if (!host.maintenance) return;
  const auto& why = *host.maintenance;
  throw Error(Fault::refused, "host " + quote(host.name.str()) + " is in maintenance" +
                                  (why.empty() ? "" : " (" + printable(why) + ")") +
                                  ": `cluster set host " + host.name.str() + " maintenance=no`");
}

}  // namespace cluster::frontend
