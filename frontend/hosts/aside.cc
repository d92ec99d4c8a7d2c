#include "frontend/hosts/aside.h"

#include "core/error.h"
#include "core/text.h"

namespace cluster::frontend {

std::string store_aside(Inventory& inventory, const char* what, const std::function<void()>& work) {
  try {
    inventory.together(what, work);
  } catch (const Error& error) {
    return std::string("what was learned is not stored: ") + error.what();
  }
  return "";
}

void require_writable(const Inventory& inventory) {
  if (const auto why = inventory.read_only(); !why.empty()) {
    throw Error(Fault::io, "inventory " + quote(inventory.where()) + ": " + why);
  }
}

}  // namespace cluster::frontend
