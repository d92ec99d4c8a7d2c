#pragma once

#include <string>
#include <vector>

namespace cluster {

/// A shared library that is opened when it is first needed, and stays open. A program loads only
/// what it uses: libvirt would bring 58 libraries and 15 to 20 ms to every start, libssh 3 ms.
class SharedLibrary {
 public:
  /// A function of the library, to be assigned to a pointer of its declared type:
  ///   decltype(&::ssh_new) ssh_new = library.symbol("ssh_new");
  class Symbol {
   public:
    explicit Symbol(void* address) : address_(address) {}
    template <typename Function>
    operator Function*() const {  // NOLINT(google-explicit-constructor): that is its purpose
      return reinterpret_cast<Function*>(address_);
    }

   private:
    void* address_;
  };

  /// The names that a release of Debian uses: "libvirt.so.0", and "libvirt0", the package that
  /// brings it.
  struct Name {
    std::string soname;
    std::string package;
  };

  /// Throws Error(io) when `soname` cannot be opened, with `package` in the message.
  SharedLibrary(const std::string& soname, const std::string& package);
  /// Opens the first of `names` that can be opened. It is for a library whose soname differs
  /// between systems, while the functions that are called are the same. When none can be opened, it
  /// throws Error(io), which tells of the first name.
  explicit SharedLibrary(const std::vector<Name>& names);

  /// Throws Error(io) when the library has no such function.
  Symbol symbol(const char* name) const;

 private:
  std::string soname_;
  void* handle_ = nullptr;
};

}  // namespace cluster
