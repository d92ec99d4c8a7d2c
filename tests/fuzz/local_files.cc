// Files that people write for `cluster`: groups of hosts, its own settings, and a whole roll, whose
// script is made as well.
#include <cstdlib>
#include <fstream>

#include "cmd/inventory_place.h"
#include "core/text.h"
#include "frontend/hosts/group_files.h"
#include "rolls/engine/script.h"
#include "rolls/engine/template.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/temp_dir.h"

namespace {

using namespace cluster;

// Each group has hosts, and they are words of the file.
void read_groups(const frontend::Groups& groups, const std::string& text) {
  for (const auto& [name, words] : groups) {
    if (words.empty()) std::abort();
    for (const auto& word : words) {
      if (text.find(word) == std::string::npos) std::abort();
    }
  }
}

void read_settings(const TempDir& folder, const std::string& text) {
  const auto file = folder.path() / "cluster.yaml";
  std::ofstream(file) << text;
  ::setenv("CLUSTER_CONFIG", file.c_str(), 1);
  ::unsetenv("CLUSTER_DB");
  may_refuse([] {
    const auto place = cmd::inventory_place("");
    if (place.file.empty() || place.said_by.empty()) std::abort();
  });
}

// The script for hosts and that which takes it back, with the roll's own values.
void make_scripts(const rolls::Roll& roll) {
  for (const auto& part : roll.hosts) {
    rolls::ScriptSpec spec{{&roll}, part.appliance, {}, "run roll"};
    for (const auto fact : rolls::kFacts) spec.values.emplace(fact, "a'b");
    for (const auto& one : roll.attributes) spec.values[one.name] = one.value;
    may_refuse([&] {
      if (!rolls::script(spec).starts_with("#!/bin/sh\n")) std::abort();
    });
    may_refuse([&] { rolls::undo_script(spec, {"other"}); });
  }
}

// The text is roll.yaml, and a file that it may name.
void read_roll(const TempDir& folder, const std::string& text) {
  for (const char* name : {"roll.yaml", "a"}) std::ofstream(folder.path() / name) << text;
  may_refuse([&] { make_scripts(rolls::read_roll(folder.path(), "roll")); });
}

// A template that is checked is filled; what is filled in is not read again.
void fill(const std::string& text) {
  may_refuse([&] {
    rolls::check_placeholders(text, "file", {"name"}, false);
    const auto spell = [](const std::string& value) { return value; };
    const auto filled = rolls::filled(text, "file", {{"name", "{{ name }}"}}, spell);
    if (rolls::filled(filled, "file", {{"name", "{{ name }}"}}, spell) != filled) std::abort();
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TempDir settings;
  static const TempDir roll;
  const auto text = text_of(data, size);
  read_groups(frontend::clush_groups(text), text);
  read_groups(frontend::genders_groups(text), text);
  read_settings(settings, text);
  read_roll(roll, text);
  fill(text);
  return 0;
}
