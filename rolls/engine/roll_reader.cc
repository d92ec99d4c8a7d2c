#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/text.h"
#include "rolls/engine/document.h"
#include "rolls/engine/roll.h"
#include "rolls/engine/roll_files.h"
#include "rolls/engine/spelling.h"
#include "rolls/engine/step_kind.h"

namespace cluster::rolls {
namespace {

constexpr std::array kPlaces{
    std::pair{std::string_view("domain"), VmPlace::domain},
    std::pair{std::string_view("devices"), VmPlace::devices},
    std::pair{std::string_view("features"), VmPlace::features},
};

bool is_appliance(std::string_view text) {
  return spelled(text, kLettersDigits, kLettersDigits, "-_");
}

bool is_command(std::string_view text) {
  const auto words = split(text, ' ');
  return words.size() >= 2 && words.size() <= 5 &&
         std::ranges::all_of(
             words, [](std::string_view part) { return spelled(part, kLower, kLowerDigits, "-"); });
}

VmPlace place_of(const Item& item) {
  const auto text = item.line("place");
  for (const auto& [word, place] : kPlaces) {
    if (text == word) return place;
  }
  item.refuse("no such place: " + quote(text) + " (want domain, devices or features)");
}

class RollReader {
 public:
  RollReader(const std::filesystem::path& folder, const std::string& shown)
      : files_(folder, shown), shown_(shown) {
    roll_.folder = folder;
  }

  Roll read() {
    const auto* entry = files_.find("roll.yaml");
    if (entry == nullptr) throw Error(Fault::usage, shown_ + ": there is no roll.yaml");
    const auto document = parse_document(files_.text_of(*entry), files_.shown(entry->path));
    const Fields fields(document, "roll",
                        {"name", "version", "summary", "arch", "requires", "attributes", "hosts",
                         "vm", "commands"});
    roll_.name = word(fields.require("name"), "name", is_roll_name, "lower case, gpupt");
    roll_.version = word(fields.require("version"), "version", is_roll_version, "1.0.0");
    roll_.summary = fields.require("summary").line("summary");
    if (const auto arch = fields.find("arch")) {
      roll_.arch = word(*arch, "arch", is_identifier, "any, or what `uname -m` says");
    }
    if (const auto list = fields.find("requires")) read_requires(*list);
    if (const auto map = fields.find("attributes")) read_attributes(*map);
    names_.assign(std::begin(kFacts), std::end(kFacts));
    for (const auto& attribute : roll_.attributes) names_.push_back(attribute.name);
    if (const auto map = fields.find("hosts")) {
      for (const auto& [key, value] : map->entries("hosts")) read_host(key, value);
    }
    if (const auto list = fields.find("vm")) {
      for (const auto& item : list->list("vm")) read_fragment(item);
    }
    if (const auto map = fields.find("commands")) {
      for (const auto& [key, value] : map->entries("commands")) read_command(key, value);
    }
    return std::move(roll_);
  }

 private:
  void read_requires(const Item& list) {
    for (const auto& item : list.list("requires")) {
      const auto name = word(item, "requires", is_roll_name, "the name of a roll");
      if (name == roll_.name) item.refuse("roll " + quote(name) + " requires itself");
      if (std::ranges::find(roll_.requires_rolls, name, &Requirement::name) !=
          roll_.requires_rolls.end()) {
        item.refuse(quote(name) + " is required twice");
      }
      roll_.requires_rolls.push_back({name, item.where()});
    }
  }

  void read_attributes(const Item& map) {
    for (const auto& [key, value] : map.entries("attributes")) {
      const auto name = attribute_name(key);
      const Fields fields(value, name, {"default", "help", "values"});
      const auto fallback = fields.require("default");
      RollAttribute attribute{name, fallback.line_or_empty("default"),
                              fields.require("help").line("help")};
      if (const auto values = fields.find("values")) {
        for (const auto& item : values->list("values")) {
          attribute.values.push_back(item.line_or_empty("values"));
        }
      }
      try {
        attribute.check(attribute.value);
      } catch (const Error& error) {
        fallback.refuse(error.what());
      }
      roll_.attributes.push_back(std::move(attribute));
    }
  }

  std::string attribute_name(const Item& key) const {
    const auto prefix = attribute_prefix(roll_.name);
    auto name = word(key, "name of an attribute", is_identifier,
                     "lower case letters, digits and _: " + prefix + "mode");
    if (name == "dry_run") key.refuse("the script itself has a variable 'dry_run'");
    // Without the prefix, one name could mean different things in two rolls, or a script could lose
    // its PATH.
    if (!name.starts_with(prefix)) {
      key.refuse("attribute " + quote(name) + " of roll " + quote(roll_.name) +
                 " has to start with " + quote(prefix));
    }
    return name;
  }

  void read_host(const Item& key, const Item& value) {
    HostPart part;
    part.appliance = word(key, "appliance", is_appliance, "vm-container");
    part.where = key.where();
    std::vector<std::string> known{"agent", "needs_host", "shell"};
    for (const auto& kind : step_kinds()) known.emplace_back(kind.key);
    const Fields fields(value, part.appliance, known);
    if (const auto agent = fields.find("agent")) part.agent = agent->yes_or_no("agent");
    if (const auto needs = fields.find("needs_host")) {
      part.needs_host = needs->yes_or_no("needs_host");
    }
    if (const auto shell = fields.find("shell")) {
      part.functions = shell_lines(*shell, "shell", part);
      refuse_all_but_functions(*shell, part.functions);
    }
    for (const auto& kind : step_kinds()) {
      const auto item = fields.find(std::string(kind.key));
      if (item) kind.read(*item, {files_, names_}, part);
    }
    roll_.hosts.push_back(std::move(part));
  }

  // They stand before the steps, where nothing was looked at yet, in one shell with those of other
  // rolls.
  void refuse_all_but_functions(const Item& item, const std::string& text) const {
    const auto prefix = attribute_prefix(roll_.name);
    for (const auto line : split(text, '\n')) {
      if (line.empty() || line == "}" || line.starts_with(' ') || line.starts_with('#')) continue;
      if (line.starts_with(prefix) && line.find("() {") != std::string_view::npos) continue;
      item.refuse("shell has functions alone, whose names start with " + quote(prefix) + ": want " +
                  quote(prefix + "words() {") + ", indented lines and '}', not " + quote(line));
    }
  }

  void read_fragment(const Item& item) {
    const Fields fields(item, "vm", {"when", "place", "from"});
    VmFragment fragment;
    const auto when = fields.require("when");
    fragment.when = when.line("when");
    if (std::ranges::find(roll_.attributes, fragment.when, &RollAttribute::name) ==
        roll_.attributes.end()) {
      when.refuse("the roll has no attribute " + quote(fragment.when));
    }
    fragment.place = place_of(fields.require("place"));
    const auto& entry = files_.named_by(fields.require("from"), "from");
    fragment.from = entry.path;
    fragment.text = files_.template_of(entry, names_, false);
    roll_.vm.push_back(std::move(fragment));
  }

  void read_command(const Item& key, const Item& value) {
    RollCommand command;
    command.path = word(key, "command", is_command, "VERB NOUN, report gds");
    const Fields fields(value, command.path, {"run", "summary"});
    const auto run = fields.require("run");
    const auto& entry = files_.named_by(run, "run");
    if (!entry.is_executable) run.refuse(quote(entry.path) + " is not executable (chmod +x)");
    command.run = entry.path;
    command.summary = fields.require("summary").line("summary");
    roll_.commands.push_back(std::move(command));
  }

  RollFiles files_;
  std::string shown_;
  std::vector<std::string> names_;
  Roll roll_;
};

}  // namespace

Roll read_roll(const std::filesystem::path& folder, const std::string& shown) {
  return RollReader(folder, shown).read();
}

}  // namespace cluster::rolls
