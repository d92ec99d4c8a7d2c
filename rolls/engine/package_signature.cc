#include "rolls/engine/package_signature.h"

#include <string>
#include <system_error>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "rolls/engine/subprocess.h"

namespace cluster::rolls {
namespace {

namespace fs = std::filesystem;

// gpg with a folder of its own, and the daemon that it starts there, which ends with this object.
class Gpg {
 public:
  explicit Gpg(const fs::path& home) : home_(fs::absolute(home)) {
    fs::create_directories(home_);
    fs::permissions(home_, fs::perms::owner_all);
  }
  Gpg(const Gpg&) = delete;
  Gpg& operator=(const Gpg&) = delete;
  ~Gpg() {
    try {
      run_subprocess({{"gpgconf", "--homedir", home_.native(), "--kill", "all"}, ".", "", {}});
    } catch (const Error&) {  // it has none, then
    }
  }

  void run(std::vector<std::string> words, const fs::path& out = "") const {
    const std::vector<std::string> first{"gpg",     "--homedir", home_.native(),
                                         "--batch", "--quiet",   "--yes"};
    words.insert(words.begin(), first.begin(), first.end());
    int status = 0;
    try {
      status = run_subprocess({words, ".", out, {}}, "gpg and gpg-agent");
    } catch (const Error& error) {
      throw Error(error.fault(), std::string(error.what()) + "; or say sign=no");
    }
    if (status == 0) return;
    throw Error(Fault::io, "gpg failed with status " + std::to_string(status) +
                               " (it wants gpg-agent; sign=no makes a tree without signatures)");
  }

  // The key's file is made last, so a key that was made half is made again.
  void make_key() const {
    const auto made = home_ / "made";
    if (fs::exists(made)) return;
    run({"--passphrase", "", "--quick-gen-key", "Rollcall distro", "rsa4096", "sign", "never"});
    replace_file(made, "the key of `cluster create distro` is in this folder\n");
  }

 private:
  fs::path home_;
};

}  // namespace

fs::path public_key_of(const fs::path& home) { return home.native() + ".asc"; }

void sign_package_tree(const fs::path& tree, const fs::path& home) {
  try {
    const Gpg gpg(home);
    gpg.make_key();
    const auto sign = [&](const std::string& how, const fs::path& file, const fs::path& to) {
      gpg.run({"--armor", how, "--output", to.native(), file.native()});
    };
    if (const auto release = tree / "debian/Release"; fs::exists(release)) {
      sign("--clearsign", release, tree / "debian/InRelease");
      sign("--detach-sign", release, tree / "debian/Release.gpg");
    }
    if (const auto list = tree / "rhel/repodata/repomd.xml"; fs::exists(list)) {
      sign("--detach-sign", list, list.native() + ".asc");
    }
    gpg.run({"--armor", "--export"}, tree / "key.asc");
    replace_file(public_key_of(home), read_file(tree / "key.asc").value_or(""));
  } catch (const fs::filesystem_error& error) {
    cannot("sign", tree, error.code().value());
  }
}

}  // namespace cluster::rolls
