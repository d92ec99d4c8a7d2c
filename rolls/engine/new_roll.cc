#include "rolls/engine/new_roll.h"

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "rolls/engine/roll.h"

namespace cluster::rolls {
namespace {

namespace fs = std::filesystem;

// NAME stands for the roll's name. PREFIX stands for the same name, spelled so that a shell
// variable may begin with it.
constexpr std::string_view kRollYaml =
    R"(# The roll NAME. roll.yaml(5) and the page rolls.md of Rollcall say what each key means.
name: "NAME"
version: 0.1.0
summary: says hello to whoever logs in

# Other rolls that have to be enabled too.
requires: []

# What a site may change: cluster set attr PREFIX_greeting "Good morning"
attributes:
  PREFIX_greeting:
    default: Hello
    help: how to begin

# What hosts get, by appliance, in this order.
hosts:
  vm-container:
    packages:
      debian: []
      rhel: []
    files:
      - from: files/greeting
        to: /etc/NAME/greeting
        mode: "0644"
        owner: root:root
    steps:
      - name: the greeting is shown at the login
        why: /etc/motd is what every login shows.
        check: grep -qxF "$PREFIX_greeting from $host" /etc/motd
        run: |
          keep /etc/motd    # so that undo=yes puts it back
          printf '%s from %s\n' "$PREFIX_greeting" "$host" >>/etc/motd
    units: []
    checks:
      - name: the greeting can be read
        run: test -r /etc/NAME/greeting

# Commands of its own: cluster report NAME
commands:
  report NAME:
    run: bin/report
    summary: print the greeting
)";

constexpr std::string_view kGreeting = "{{ PREFIX_greeting }} from {{ host }}\n";

constexpr std::string_view kReport = R"(#!/bin/sh
# Gets the words after `report NAME`; $CLUSTER is the frontend's command, $ROLL this folder.
set -eu
echo "Hello from roll NAME in $ROLL"
)";

std::string with_name(std::string_view text, const std::string& name) {
  std::string out(text);
  for (const auto& [word, value] :
       {std::pair("PREFIX_", attribute_prefix(name)), std::pair("NAME", name)}) {
    for (auto at = out.find(word); at != std::string::npos; at = out.find(word, at)) {
      out.replace(at, std::string_view(word).size(), value);
      at += value.size();
    }
  }
  return out;
}

}  // namespace

void lay_out(const fs::path& folder, const std::string& name) {
  if (!is_roll_name(name)) {
    throw Error(Fault::usage, "not a name of a roll: " + quote(name) +
                                  " (want lower case letters, digits and '-', gpupt)");
  }
  std::error_code unseen;  // the code that makes the files says why
  if (fs::exists(folder, unseen))
    throw Error(Fault::exists, quote(folder.native()) + " is there already");
  replace_file(folder / "files/greeting", with_name(kGreeting, name));
  replace_file(folder / "bin/report", with_name(kReport, name));
  fs::permissions(folder / "bin/report", fs::perms(0755));
  replace_file(folder / "roll.yaml", with_name(kRollYaml, name));
}

}  // namespace cluster::rolls
