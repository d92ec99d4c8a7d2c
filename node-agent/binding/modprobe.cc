#include "node-agent/binding/modprobe.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "core/error.h"
#include "core/file.h"

namespace cluster::agent {

void modprobe(const std::string& module) {
  std::string program = "modprobe";
  std::string name = module;
  std::array<char*, 3> arguments{program.data(), name.data(), nullptr};
  // A minimal environment with the places of modprobe: sudo and cron may have a PATH without sbin.
  std::string path = "PATH=/usr/sbin:/sbin:/usr/bin:/bin";
  std::array<char*, 2> environment{path.data(), nullptr};
  pid_t child = 0;
  for (const char* file : {"/sbin/modprobe", "/usr/sbin/modprobe"}) {
    const int code =
        ::posix_spawn(&child, file, nullptr, nullptr, arguments.data(), environment.data());
    if (code == 0) break;
    child = 0;
    if (code != ENOENT) throw Error(Fault::io, "cannot run modprobe: " + errno_text(code));
  }
  if (child == 0) throw Error(Fault::io, "cannot run modprobe: it is not in /sbin or /usr/sbin");
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0) {
    throw Error(Fault::io, "modprobe cannot load " + module + " (see `modinfo " + module +
                               "` and the kernel's log)");
  }
}

}  // namespace cluster::agent
