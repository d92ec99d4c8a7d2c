#include "tests/support/fake_proc.h"

#include <unistd.h>

#include "core/file.h"

namespace cluster::agent {

namespace fs = std::filesystem;

FakeProc::FakeProc() { process(1, "systemd", "/init.scope"); }

FakeProc& FakeProc::process(int pid, const std::string& command, const std::string& cgroup) {
  const fs::path folder = std::to_string(pid);
  fs::create_directories(root() / folder / "fd");
  fs::create_directories(root() / folder / "map_files");
  fs::create_directories(root() / folder / "task" / folder / "fd");
  return file(folder / "comm", command + "\n")
      .file(folder / "maps", "")
      .file(folder / "cmdline", command)
      .file(folder / "cgroup", "0::" + cgroup + "\n");
}

FakeProc& FakeProc::open(int pid, int descriptor, const fs::path& target) {
  fs::create_symlink(target, root() / std::to_string(pid) / "fd" / std::to_string(descriptor));
  return *this;
}

FakeProc& FakeProc::open_special(int pid, int descriptor, const std::string& text,
                                 const std::string& info) {
  const auto number = std::to_string(descriptor);
  return open(pid, descriptor, text).file(fs::path(std::to_string(pid)) / "fdinfo" / number, info);
}

FakeProc& FakeProc::map(int pid, const std::string& range, const fs::path& target) {
  const fs::path folder = std::to_string(pid);
  fs::create_symlink(target, root() / folder / "map_files" / range);
  const auto before = read_file(root() / folder / "maps").value_or("");
  // The kernel writes each address with at least eight digits.
  const auto dash = range.find('-');
  const auto pad = [](const std::string& text) {
    return text.size() < 8 ? std::string(8 - text.size(), '0') + text : text;
  };
  return file(folder / "maps", before + pad(range.substr(0, dash)) + "-" +
                                   pad(range.substr(dash + 1)) + " rw-s 100000000 00:05 641" +
                                   std::string(18, ' ') + target.native() + "\n");
}

FakeProc& FakeProc::age(int pid, int seconds) {
  std::string fields;
  for (int field = 3; field < 22; ++field) fields += "0 ";
  const auto began = (3600 - seconds) * ::sysconf(_SC_CLK_TCK);
  return file("uptime", "3600.12 7000.00\n")
      .file(fs::path(std::to_string(pid)) / "stat",
            std::to_string(pid) + " (a) b) " + fields + std::to_string(began) + " 0 0\n");
}

FakeProc& FakeProc::close(int pid, int descriptor) {
  fs::remove(root() / std::to_string(pid) / "fd" / std::to_string(descriptor));
  return *this;
}

FakeProc& FakeProc::file(const fs::path& name, const std::string& text) {
  replace_file(root() / name, text);
  return *this;
}

}  // namespace cluster::agent
