#pragma once

#include <filesystem>
#include <string>

#include "core/file.h"
#include "tests/support/fake_proc.h"

namespace cluster::agent {

/// An nvidia-smi for the GPU 0000:02:00.0 that does to /proc/driver/nvidia/capabilities what the
/// driver does. It makes the GPU instance 7, with the compute instance 0 in it.
class FakeNvidiaSmi {
 public:
  FakeNvidiaSmi(FakeProc& proc, std::filesystem::path program)
      : instances_(proc.root() / "driver/nvidia/capabilities/gpu0/mig"),
        program_(std::move(program)) {
    proc.file("devices", "Character devices:\n195 nvidia\n  1 nvidia-caps\n\nBlock devices:\n");
    proc.file("driver/nvidia/gpus/0000:02:00.0/information", "Device Minor: \t 0\n");
    obey("");
  }

  /// Lets it do these lines of shell before all else, in the folder of the instances.
  void obey(const std::string& first) const {
    const auto folder = instances_.native();
    replace_file(program_,
                 "#!/bin/sh\n[ \"$1 $2 $3\" = 'mig -i 0000:02:00.0' ] || exit 2\nshift 3\n"
                 "cd " +
                     folder + " 2>/dev/null || { mkdir -p " + folder + " && cd " + folder +
                     "; }\n" + first +
                     "\ncase $1 in\n"
                     "-cgi) mkdir -p gi7/ci0 && echo 'DeviceFileMinor: 3' >gi7/access\n"
                     "  echo 'DeviceFileMinor: 5' >gi7/ci0/access ;;\n"
                     "-cci) mkdir -p gi$3/ci0 && echo 'DeviceFileMinor: 5' >gi7/ci0/access ;;\n"
                     "-dci) rm -r gi$3/ci* ;;\n"
                     "-dgi) rm -r gi$3 ;;\n"
                     "*) exit 2 ;;\nesac\n");
    std::filesystem::permissions(program_, std::filesystem::perms::owner_all);
  }

  /// The folder with a folder for each instance: "gi7".
  const std::filesystem::path& instances() const { return instances_; }

 private:
  std::filesystem::path instances_;
  std::filesystem::path program_;
};

}  // namespace cluster::agent
