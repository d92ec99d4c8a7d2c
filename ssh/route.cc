#include "ssh/route.h"

#include "core/text.h"

namespace cluster::ssh {

std::string place(const Route& route) {
  return quote(route.address) + " port " + std::to_string(route.port);
}

std::string door_place(const Route& route) {
  if (route.door_address.empty()) return quote(route.door);
  return quote(route.door_address) + " port " + std::to_string(route.door_port);
}

}  // namespace cluster::ssh
