#include "core/shared_library.h"

#include <dlfcn.h>

#include "core/error.h"

namespace cluster {

SharedLibrary::SharedLibrary(const std::string& soname, const std::string& package)
    : soname_(soname), handle_(dlopen(soname.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ == nullptr) {
    throw Error(Fault::io,
                "cannot load " + soname + " (Debian package " + package + "): " + dlerror());
  }
}

SharedLibrary::Symbol SharedLibrary::symbol(const char* name) const {
  void* address = dlsym(handle_, name);
  if (address == nullptr) throw Error(Fault::io, soname_ + " has no function " + name);
  return Symbol(address);
}

}  // namespace cluster
