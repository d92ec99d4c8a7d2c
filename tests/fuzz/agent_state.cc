// The files that gpupci keeps. What it takes of them it writes again, and reads back as the same.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "node-agent/state/names.h"
#include "node-agent/state/saved_drivers.h"
#include "node-agent/state/slice_record.h"
#include "node-agent/state/wedged.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/temp_dir.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cluster;
  using namespace cluster::agent;
  static const TempDir dir;
  const auto file = dir.path() / "record.json";
  const auto text = text_of(data, size);
  const auto keep = [&] { std::ofstream(file) << text; };
  keep();
  may_refuse([&] {
    Names names(file);
    const auto known = names.known();
    names.save();
    if (Names(file).known() != known) std::abort();
  });
  keep();
  may_refuse([&] {
    SavedDrivers saved(file, "m");
    const auto functions = saved.functions();
    for (const auto& pci : functions) {
      saved.find(pci);
      saved.driver_override(pci);
    }
    saved.begin_giving_back(functions);
    if (SavedDrivers(file, "m").functions() != functions) std::abort();
  });
  keep();
  may_refuse([&] {
    SliceRecord record(file, "m");
    const auto cards = record.vfs();
    for (const auto& [card, count] : cards) record.set_vfs(card, count);
    if (!cards.empty() && SliceRecord(file, "m").vfs() != cards) std::abort();
  });
  keep();
  may_refuse([&] {
    const WedgedCards wedged(file, "b");
    wedged.find({0, 2, 0, 0});
    wedged.store();
  });
  return 0;
}
