#include "node-agent/checks/known_troubles.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/hex.h"
#include "core/text.h"
#include "node-agent/yaml_reader.h"

namespace cluster::agent {
namespace {

using Kind = YamlValue::Kind;

// "1002:67df", or "1002:67c0-67df"
std::optional<ModelRange> model_range(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() != 2) return std::nullopt;
  const auto ends = split(parts[1], '-');
  const auto vendor = parse_hex4(parts[0]);
  const auto first = parse_hex4(ends.front());
  const auto last = parse_hex4(ends.back());
  if (!vendor || !first || !last || ends.size() > 2 || *last < *first) return std::nullopt;
  return ModelRange{*vendor, *first, *last};
}

class EntryReader {
 public:
  EntryReader(const YamlFile& file, const YamlValue& entry) : file_(file), entry_(entry) {}

  KnownTrouble read() {
    for (const auto& [key, at, value] : file_.mapping(entry_, "want `name:`, `check:` and more")) {
      if (!take(key, *value)) file_.refuse(*at, "unknown key " + quote(key));
    }
    if (known_.name.empty()) file_.refuse(entry_, "an entry without a name");
    if (!known_.off) look_whole();
    return std::move(known_);
  }

 private:
  bool take(const std::string& key, const YamlValue& value) {
    const std::array<std::pair<std::string_view, std::string*>, 7> texts{{
        {"name", &known_.name},
        {"check", &known_.check},
        {"host", &known_.host},
        {"reset", &known_.reset},
        {"what", &known_.what},
        {"fix", &known_.fix},
        {"source", &known_.source},
    }};
    for (const auto& [name, text] : texts) {
      if (key != name) continue;
      *text = printable(file_.scalar(value, key));
      return true;
    }
    if (key == "models" || key == "classes" || key == "drivers" || key == "no_reset") {
      take_list(key, value);
    } else if (key == "found" || key == "off") {
      (key == "off" ? known_.off : known_.found) = truth(key, value);
    } else if (key == "result") {
      take_result(value);
    } else {
      return false;
    }
    return true;
  }

  void take_list(const std::string& key, const YamlValue& value) {
    if (value.kind != Kind::list) file_.refuse(value, quote(key) + " wants a list");
    for (const auto& item : value.items) {
      const auto text = file_.scalar(item, key);
      if (key == "drivers" || key == "no_reset") {
        (key == "drivers" ? known_.drivers : known_.no_reset).push_back(text);
        continue;
      }
      const auto models = model_range(text);
      const auto one_class = parse_hex4(text);
      if (key == "models" ? !models : !one_class) {
        file_.refuse(item, quote(text) + " in " + quote(key) +
                               (key == "models" ? " is not vendor:device (144d:a804)"
                                                : " is not four hex digits (0108)"));
      }
      if (key == "models") {
        known_.models.push_back(*models);
      } else {
        known_.classes.push_back(*one_class);
      }
    }
  }

  bool truth(const std::string& key, const YamlValue& value) {
    const auto text = file_.scalar(value, key);
    if (text != "true" && text != "false") file_.refuse(value, quote(key) + " wants true or false");
    return text == "true";
  }

  void take_result(const YamlValue& value) {
    const auto text = file_.scalar(value, "result");
    if (text != "WARN" && text != "FAIL") file_.refuse(value, "'result' wants WARN or FAIL");
    known_.result = text == "FAIL" ? Verdict::fail : Verdict::warn;
  }

  void look_whole() {
    for (const auto& [name, text] :
         {std::pair<const char*, const std::string&>{"check", known_.check},
          {"what", known_.what},
          {"fix", known_.fix},
          {"source", known_.source}}) {
      if (text.empty()) file_.refuse(entry_, quote(known_.name) + " has no " + quote(name));
    }
    if (known_.models.empty() && known_.classes.empty() && known_.drivers.empty() &&
        known_.host.empty()) {
      file_.refuse(entry_,
                   quote(known_.name) + " says not of what: models, classes, drivers, host");
    }
  }

  const YamlFile& file_;
  const YamlValue& entry_;
  KnownTrouble known_;
};

bool is_host(const Sysfs& sysfs, const std::string& part) {
  for (const auto* file : {"product_name", "sys_vendor"}) {
    try {
      const auto text = read_file(sysfs.root() / "class/dmi/id" / file).value_or("");
      if (text.find(part) != std::string::npos) return true;
    } catch (const Error&) {
    }
  }
  return false;
}

bool is_of(const KnownTrouble& known, const PciFunction& function) {
  const auto in_range = [&](const ModelRange& models) {
    return function.vendor == models.vendor && function.device >= models.first &&
           function.device <= models.last;
  };
  const auto is_one_of = [](const auto& list, const auto& value) {
    return list.empty() || std::ranges::find(list, value) != list.end();
  };
  return (known.models.empty() || std::ranges::any_of(known.models, in_range)) &&
         is_one_of(known.classes, function.device_class) &&
         is_one_of(known.drivers, function.driver.value_or(""));
}

bool is_of(const KnownTrouble& known, const Subject& subject) {
  const auto& sysfs = subject.input.sysfs;
  const auto& functions = subject.card.functions;
  const auto function =
      std::ranges::find_if(functions, [&](const PciFunction& one) { return is_of(known, one); });
  if (function == functions.end()) return false;
  if (!known.host.empty() && !is_host(sysfs, known.host)) return false;
  const auto methods = sysfs.attribute(function->pci, "reset_method").value_or("");
  const auto list = split(methods, ' ');
  const auto has_method = [&](const std::string& method) {
    return std::ranges::find(list, method) != list.end();
  };
  return (known.reset.empty() || has_method(known.reset)) &&
         std::ranges::none_of(known.no_reset, has_method);
}

}  // namespace

std::vector<KnownTrouble> parse_known(const std::string& file, const std::string& text) {
  const YamlFile yaml(file, text);
  std::vector<KnownTrouble> found;
  if (yaml.root().kind == Kind::null) return found;
  if (yaml.root().kind != Kind::list) yaml.refuse(yaml.root(), "want a list of `- name:` entries");
  for (const auto& entry : yaml.root().items) {
    auto one = EntryReader(yaml, entry).read();
    if (std::ranges::find(found, one.name, &KnownTrouble::name) != found.end()) {
      yaml.refuse(entry, quote(one.name) + " is given twice");
    }
    found.push_back(std::move(one));
  }
  return found;
}

KnownTroubles::KnownTroubles(const std::filesystem::path& own)
    : all_(parse_known("known.yaml", std::string(known_text()))) {
  const auto text = read_file(own);
  if (!text) return;
  for (auto& one : parse_known(own.native(), *text)) {
    std::erase_if(all_, [&](const KnownTrouble& known) { return known.name == one.name; });
    if (!one.off) all_.push_back(std::move(one));
  }
}

CheckAnswer KnownTroubles::judge(std::string_view check, const Subject& subject,
                                 CheckAnswer answer) const {
  const bool finding = answer.verdict == Verdict::warn || answer.verdict == Verdict::fail;
  if (!finding && answer.verdict != Verdict::pass) return answer;
  for (const auto& known : all_) {
    if (known.check != check || known.found != finding || !is_of(known, subject)) continue;
    if (finding) {
      answer.reason.fix = known.fix;
    } else {
      answer = {known.result, {.what = known.what, .fix = known.fix}};
    }
    break;
  }
  return answer;
}

}  // namespace cluster::agent
