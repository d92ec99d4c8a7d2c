#include "core/random.h"

#include <sys/random.h>

#include <cerrno>

#include "core/error.h"
#include "core/file.h"
#include "core/hex.h"

namespace cluster {
namespace {

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (::getrandom(bytes.data(), count, 0) != static_cast<ssize_t>(count)) {
    throw Error(Fault::io, "the kernel gives no random numbers: " + errno_text(errno));
  }
  return bytes;
}

}  // namespace

std::string random_hex(std::size_t count) { return hex_bytes(random_bytes(count)); }

std::string random_uuid() {
  auto bytes = random_bytes(16);
  bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0fU) | 0x40U);  // version
  bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3fU) | 0x80U);  // variant
  auto uuid = hex_bytes(bytes);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) uuid.insert(at, 1, '-');
  return uuid;
}

}  // namespace cluster
