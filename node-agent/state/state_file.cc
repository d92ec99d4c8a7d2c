#include "node-agent/state/state_file.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "node-agent/reason.h"

namespace cluster::agent {
namespace {

using nlohmann::ordered_json;

constexpr int kVersion = 1;

}  // namespace

StateFile::StateFile(std::filesystem::path path, std::string what, std::string remedy,
                     std::string machine)
    : path_(std::move(path)),
      what_(std::move(what)),
      remedy_(std::move(remedy)),
      machine_(std::move(machine)) {}

bool StateFile::read(const std::function<void(const ordered_json&)>& parse) const {
  const auto text = read_file(path_);
  if (!text) return true;
  try {
    const auto document = ordered_json::parse(*text);
    if (document.at("version") != kVersion) throw Error(Fault::io, "it is of another version");
    const auto machine = document.value("machine", machine_);
    if (!machine_.empty() && machine != machine_) return false;
    parse(document);
    return true;
  } catch (const std::exception& error) {  // of nlohmann, or of a value
    throw FixableError(Fault::io, {.what = "not " + what_ + ": " + quote(path_.native()) + " (" +
                                           error.what() + ")",
                                   .fix = remedy_});
  }
}

void StateFile::write(const ordered_json& object) const {
  ordered_json document{{"version", kVersion}};
  document.update(object);
  if (!machine_.empty()) document["machine"] = machine_;
  replace_file(path_, document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
}

void StateFile::remove() const {
  std::error_code failed;
  std::filesystem::remove(path_, failed);
  if (failed) cannot("remove", path_, failed.value());
}

}  // namespace cluster::agent
