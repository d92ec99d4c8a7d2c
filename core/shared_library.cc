#include "core/shared_library.h"

#include <dlfcn.h>

#include "core/error.h"

namespace cluster {

SharedLibrary::SharedLibrary(const std::string& soname, const std::string& package)
    : SharedLibrary(std::vector<Name>{{soname, package}}) {}

SharedLibrary::SharedLibrary(const std::vector<Name>& names) {
  std::string failure;
  for (const auto& [soname, package] : names) {
    soname_ = soname;
    handle_ = dlopen(soname.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle_ != nullptr) return;
    if (failure.empty()) {
      failure = "cannot load " + soname + " (Debian package " + package + "): " + dlerror();
    }
  }
  throw Error(Fault::io, failure);
}

SharedLibrary::Symbol SharedLibrary::symbol(const char* name) const {
  void* address = dlsym(handle_, name);
  if (address == nullptr) throw Error(Fault::io, soname_ + " has no function " + name);
  return Symbol(address);
}

}  // namespace cluster
