#include "rolls/engine/roll.h"

#include <algorithm>
#include <functional>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "rolls/engine/document.h"
#include "rolls/engine/folder.h"
#include "rolls/engine/template.h"

namespace cluster::rolls {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMaxText = 1U << 20U;  // of roll.yaml and of a file that hosts get
constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kLowerDigits = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kLettersDigits =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

// Whether `text` starts with one of `first` and goes on with `letters` and `more`.
bool spelled(std::string_view text, std::string_view first, std::string_view letters,
             std::string_view more) {
  return !text.empty() && text.size() <= 100 && first.find(text[0]) != std::string_view::npos &&
         text.find_first_not_of(std::string(letters) + std::string(more)) == std::string_view::npos;
}

// Reads one roll.yaml; `entries` are what the folder has.
class Reader {
 public:
  Reader(const fs::path& folder, std::string shown)
      : folder_(folder), shown_(std::move(shown)), entries_(list_folder(folder, shown_)) {}

  Roll read() {
    const auto* entry = find("roll.yaml");
    if (entry == nullptr) throw Error(Fault::usage, shown_ + ": there is no roll.yaml");
    const auto document = parse_document(text_of(*entry), shown_ + "/roll.yaml");
    const Fields fields(document, "roll",
                        {"name", "version", "summary", "arch", "requires", "attributes", "hosts",
                         "vm", "commands"});
    roll_.folder = folder_;
    roll_.name = word(fields.require("name"), "name", is_roll_name, "lower case, gpupt");
    roll_.version = word(fields.require("version"), "version", is_roll_version, "1.0.0");
    roll_.summary = fields.require("summary").line("summary");
    if (const auto arch = fields.find("arch")) {
      roll_.arch = word(*arch, "arch", is_identifier, "any, or what `uname -m` says");
    }
    if (const auto list = fields.find("requires")) read_requires(*list);
    if (const auto map = fields.find("attributes")) read_attributes(*map);
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
  using Test = bool (*)(std::string_view);

  static bool is_identifier(std::string_view text) {
    return spelled(text, kLower, kLowerDigits, "_");
  }
  static bool is_appliance(std::string_view text) {
    return spelled(text, kLettersDigits, kLettersDigits, "-_");
  }
  static bool is_package(std::string_view text) {
    return spelled(text, kLettersDigits, kLettersDigits, "+-._@:");
  }
  static bool is_unit(std::string_view text) {
    return spelled(text, kLettersDigits, kLettersDigits, "-_.@:\\") && text.find('.') != text.npos;
  }
  static bool is_owner(std::string_view text) {
    const auto parts = split(text, ':');
    return parts.size() == 2 && std::ranges::all_of(parts, [](std::string_view part) {
             return spelled(part, "abcdefghijklmnopqrstuvwxyz_", kLettersDigits, "-_");
           });
  }
  static bool is_mode(std::string_view text) {
    // No set-user-ID and the like, and as stat(1) spells it: 0 and three digits that count.
    return text.size() == 4 && text[0] == '0' && text[1] != '0' &&
           text.find_first_not_of("01234567") == std::string_view::npos;
  }
  static bool is_command(std::string_view text) {
    const auto words = split(text, ' ');
    return words.size() >= 2 && words.size() <= 5 &&
           std::ranges::all_of(words, [](std::string_view part) {
             return spelled(part, kLower, kLowerDigits, "-");
           });
  }

  static std::string word(const Item& item, std::string_view what, Test test,
                          const std::string& want) {
    auto text = item.line(what);
    if (!test(text))
      item.refuse("not a " + std::string(what) + ": " + quote(text) + " (want " + want + ")");
    return text;
  }

  static Family family(const Fields& fields) {
    const auto item = fields.find("family");
    if (!item) return Family::any;
    const auto text = item->line("family");
    if (text == "debian") return Family::debian;
    if (text == "rhel") return Family::rhel;
    item->refuse("no such family: " + quote(text) + " (want debian or rhel)");
  }

  const Entry* find(const std::string& path) const {
    const auto at = std::ranges::find(entries_, path, &Entry::path);
    return at == entries_.end() ? nullptr : &*at;
  }

  // A file of the roll that roll.yaml names.
  const Entry& file(const Item& item, std::string_view what) const {
    const auto path = item.line(what);
    if (const auto why = why_not_inside(path); !why.empty()) item.refuse(why);
    const auto* entry = find(path);
    if (entry == nullptr) {
      std::vector<std::string> paths;
      for (const auto& one : entries_) paths.push_back(one.path);
      item.refuse("the roll has no file " + quote(path) + did_you_mean(path, paths));
    }
    if (entry->is_folder) item.refuse(quote(path) + " is a folder; want a file");
    return *entry;
  }

  std::string text_of(const Entry& entry) const {
    const auto name = shown_ + "/" + entry.path;
    if (entry.size > kMaxText) {
      throw Error(Fault::usage, name + ": is larger than " + std::to_string(kMaxText) + " bytes");
    }
    return read_file(folder_ / entry.path).value_or("");
  }

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
    const auto prefix = attribute_prefix(roll_.name);
    for (const auto& [key, value] : map.entries("attributes")) {
      const auto name = word(key, "name of an attribute", is_identifier,
                             "lower case letters, digits and _: " + prefix + "mode");
      if (name == "dry_run") key.refuse("the script itself has a variable 'dry_run'");
      // Otherwise two rolls could mean different things by one name, or a script lose its PATH.
      if (!name.starts_with(prefix)) {
        key.refuse("attribute " + quote(name) + " of roll " + quote(roll_.name) +
                   " has to start with " + quote(prefix));
      }
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

  void read_host(const Item& key, const Item& value) {
    HostPart part;
    part.appliance = word(key, "appliance", is_appliance, "vm-container");
    const Fields fields(value, part.appliance, {"packages", "files", "steps", "units", "checks"});
    if (const auto packages = fields.find("packages")) {
      const Fields families(*packages, "packages", {"debian", "rhel"});
      part.debian_packages = words(families.find("debian"), "package", is_package, "gcc");
      part.rhel_packages = words(families.find("rhel"), "package", is_package, "gcc");
    }
    if (const auto files = fields.find("files")) {
      for (const auto& item : files->list("files")) read_host_file(item, part);
    }
    if (const auto steps = fields.find("steps")) {
      for (const auto& item : steps->list("steps")) read_step(item, part);
    }
    part.units = words(fields.find("units"), "unit", is_unit, "gpupci-restore.service");
    if (const auto checks = fields.find("checks")) {
      for (const auto& item : checks->list("checks")) {
        const Fields check(item, "check", {"name", "run", "family"});
        part.checks.push_back(
            {check.require("name").line("name"), check.require("run").lines("run"), family(check)});
      }
    }
    roll_.hosts.push_back(std::move(part));
  }

  static std::vector<std::string> words(const std::optional<Item>& list, std::string_view what,
                                        Test test, const std::string& want) {
    std::vector<std::string> words;
    if (!list) return words;
    for (const auto& item : list->list(std::string(what) + "s")) {
      words.push_back(word(item, what, test, want));
    }
    return words;
  }

  void read_host_file(const Item& item, HostPart& part) {
    const Fields fields(item, "file", {"from", "to", "mode", "owner", "family"});
    HostFile host_file;
    const auto& entry = file(fields.require("from"), "from");
    host_file.from = entry.path;
    host_file.text = template_text(entry, true);
    const auto to = fields.require("to");
    host_file.to = to.line("to");
    if (!host_file.to.starts_with("/") || host_file.to.ends_with("/") ||
        fs::path(host_file.to).lexically_normal() != fs::path(host_file.to)) {
      to.refuse("not a path on the host: " + quote(host_file.to) +
                " (want an absolute one without '..', /etc/gpupci/gpupci.yaml)");
    }
    if (const auto mode = fields.find("mode")) {
      host_file.mode = word(*mode, "mode", is_mode, "four octal digits, 0644");
    }
    if (const auto owner = fields.find("owner")) {
      host_file.owner = word(*owner, "owner", is_owner, "root:root");
    }
    host_file.family = family(fields);
    part.files.push_back(std::move(host_file));
  }

  void read_step(const Item& item, HostPart& part) {
    const Fields fields(item, "step", {"name", "why", "check", "run", "family", "reboot"});
    Step step;
    step.name = fields.require("name").line("name");
    step.why = fields.require("why").lines("why");
    step.check = fields.require("check").lines("check");
    if (const auto run = fields.find("run")) step.run = run->lines("run");
    step.family = family(fields);
    if (const auto reboot = fields.find("reboot")) step.reboot = reboot->yes_or_no("reboot");
    part.steps.push_back(std::move(step));
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
    const auto place = fields.require("place");
    fragment.place = place.line("place");
    if (fragment.place != "domain" && fragment.place != "devices" && fragment.place != "features") {
      place.refuse("no such place: " + quote(fragment.place) +
                   " (want domain, devices or features)");
    }
    const auto& entry = file(fields.require("from"), "from");
    fragment.from = entry.path;
    fragment.text = template_text(entry, false);
    roll_.vm.push_back(std::move(fragment));
  }

  void read_command(const Item& key, const Item& value) {
    RollCommand command;
    command.path = word(key, "command", is_command, "VERB NOUN, report gds");
    const Fields fields(value, command.path, {"run", "summary"});
    const auto run = fields.require("run");
    const auto& entry = file(run, "run");
    if (!entry.is_executable) run.refuse(quote(entry.path) + " is not executable (chmod +x)");
    command.run = entry.path;
    command.summary = fields.require("summary").line("summary");
    roll_.commands.push_back(std::move(command));
  }

  std::string template_text(const Entry& entry, bool for_a_host) const {
    std::vector<std::string> names(std::begin(kFacts), std::end(kFacts));
    for (const auto& attribute : roll_.attributes) names.push_back(attribute.name);
    auto text = text_of(entry);
    check_placeholders(text, shown_ + "/" + entry.path, names, for_a_host);
    return text;
  }

  fs::path folder_;
  std::string shown_;
  std::vector<Entry> entries_;
  Roll roll_;
};

const Roll* find_roll(const std::vector<Roll>& rolls, const std::string& name) {
  const auto at = std::ranges::find(rolls, name, &Roll::name);
  return at == rolls.end() ? nullptr : &*at;
}

}  // namespace

void RollAttribute::check(const std::string& text) const {
  if (text != printable(text)) {
    throw Error(Fault::usage, name + "=" + quote(text) + ": want a single line");
  }
  if (values.empty() || std::ranges::find(values, text) != values.end()) return;
  throw Error(Fault::usage, name + "=" + quote(text) + ": want " + joined(values, ", "));
}

const HostPart* Roll::part_for(std::string_view appliance) const {
  const auto at = std::ranges::find(hosts, appliance, &HostPart::appliance);
  return at == hosts.end() ? nullptr : &*at;
}

std::string attribute_prefix(std::string name) {
  std::ranges::replace(name, '-', '_');
  return name + "_";
}

bool is_roll_name(std::string_view text) { return spelled(text, kLower, kLowerDigits, "-"); }

bool is_roll_version(std::string_view text) {
  // No hyphen: the last one of NAME-VERSION ends the name.
  return spelled(text, "0123456789", kLettersDigits, ".+~");
}

Roll read_roll(const fs::path& folder, const std::string& shown) {
  return Reader(folder, shown).read();
}

void refuse_cycles(const std::vector<Roll>& rolls) {
  std::set<std::string> done;
  std::vector<std::string> path;
  const std::function<void(const Roll&)> visit = [&](const Roll& roll) {
    path.push_back(roll.name);
    for (const auto& required : roll.requires_rolls) {
      const auto start = std::ranges::find(path, required.name);
      if (start != path.end()) {
        std::vector<std::string> circle(start, path.end());
        circle.push_back(required.name);
        throw Error(Fault::usage,
                    required.where + ": rolls require each other: " + joined(circle, " -> "));
      }
      const auto* next = find_roll(rolls, required.name);
      if (next != nullptr && !done.contains(required.name)) visit(*next);
    }
    done.insert(roll.name);
    path.pop_back();
  };
  for (const auto& roll : rolls) {
    if (!done.contains(roll.name)) visit(roll);
  }
}

std::vector<const Roll*> with_required(const Roll& roll, const std::vector<Roll>& known) {
  refuse_cycles(known);
  std::vector<const Roll*> order;
  const std::function<void(const Roll&)> visit = [&](const Roll& one) {
    for (const auto& required : one.requires_rolls) {
      const auto* next = find_roll(known, required.name);
      if (next == nullptr) {
        throw Error(Fault::refused,
                    "roll " + quote(one.name) + " requires roll " + quote(required.name) +
                        ", which is not enabled: `cluster enable roll " + required.name + "`");
      }
      if (std::ranges::find(order, next) == order.end()) visit(*next);
    }
    order.push_back(&one);
  };
  visit(roll);
  return order;
}

}  // namespace cluster::rolls
