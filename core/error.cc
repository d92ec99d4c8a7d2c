#include "core/error.h"

namespace cluster {

int exit_status(Fault fault) {
  switch (fault) {
    case Fault::usage:
      return 2;
    case Fault::unreachable:
      return 3;
    case Fault::not_found:
    case Fault::exists:
    case Fault::refused:
    case Fault::io:
      return 1;
  }
  return kExitBug;
}

}  // namespace cluster
