#include "virt/domain_firmware.h"

#include <algorithm>
#include <string_view>

#include "virt/domain_identity.h"
#include "virt/domain_tree.h"

namespace cluster::virt {
namespace {

std::string file_name(pugi::xml_node element) {
  std::string path(attribute(element, "path"));
  if (path.empty()) path = text_of(element);
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

// True if libvirt chose a loader or variables itself. 9.0 kept that to itself until the start, and
// 11.3 writes it into the document.
bool is_chosen(const Merging& merging, pugi::xml_node now, pugi::xml_node agreed) {
  const auto firmware = attribute(merging.roots.defined.child("os"), "firmware");
  if (!agreed.empty() || firmware.empty() ||
      firmware != attribute(merging.before.child("os"), "firmware")) {
    return false;
  }
  const std::string name = merging.roots.theirs.child_value("name");
  return std::string_view(now.name()) == "loader" || file_name(now).starts_with(name + "_VARS.");
}

// Tells what somebody made by hand. Returns false when there is nothing.
bool find_drift(Merging& merging) {
  if (!merging.known || merging.keep == Keep::ours) return false;
  bool found = false;
  for (const char* tag : {"loader", "nvram", "varstore"}) {
    const auto now = merging.before.child("os").child(tag);
    const auto agreed = merging.roots.defined.child("os").child(tag);
    if (now.empty() || canonical(now) == canonical(agreed) ||
        !merging.roots.ours.child("os").child(tag).empty() || is_chosen(merging, now, agreed)) {
      continue;
    }
    found = true;
    merging.result.differences.push_back({MergeDifference::Kind::drift, MergeDifference::Who::both,
                                          std::string("domain/os/") + tag, text_if_any(agreed),
                                          text_if_any(now), text_if_any(agreed)});
  }
  return found;
}

// Their firmware stays as it is, whole.
void keep_firmware(Merging& merging) {
  auto os = merging.roots.theirs.child("os");
  os.remove_attribute("firmware");
  const auto was = merging.before.child("os").attribute("firmware");
  if (!was.empty()) os.append_attribute("firmware") = was.value();
  const bool came = merging.before.child("os").child("firmware").empty();
  if (came) merging.take(os.child("firmware"));
  std::erase_if(merging.result.differences, [&](const MergeDifference& one) {
    return one.kind == MergeDifference::Kind::change &&
           (one.path == "domain/os@firmware" || (came && one.path == "domain/os/firmware"));
  });
}

void forget_template(Merging& merging, pugi::xml_node variables) {
  if (variables.empty() || !merging.roots.ours.child("os").child(variables.name()).empty()) return;
  for (const char* name : {"template", "templateFormat"}) {
    const auto there = variables.attribute(name);
    if (there.empty()) continue;
    merging.follows("domain/os/" + std::string(variables.name()) + "@" + name, there.value(),
                    std::nullopt);
    variables.remove_attribute(name);
  }
}

// Features that libvirt wrote in; those that we say stay.
void forget_features(Merging& merging, pugi::xml_node features, pugi::xml_node ours) {
  for (const auto feature : elements(features)) {
    const auto said = elements(ours);
    if (std::ranges::any_of(said, [&](auto one) { return same_identity(one, feature); })) continue;
    merging.follows("domain/os/firmware/" + label(feature),
                    std::string(attribute(feature, "enabled")), std::nullopt);
    merging.take(feature);
  }
}

// What has a text is told by it.
void take_told(Merging& merging, const std::string& path, pugi::xml_node element) {
  if (text_of(element).empty()) return merging.take_with(path, element);
  merging.follows(path, text_if_any(element), std::nullopt);
  merging.take(element);
}

// A loader that somebody named does as well as libvirt's choice, and so <os> says no firmware. Once
// we want another one than was agreed on, libvirt chooses it, which it does not do beside features.
bool gives_up_loader(Merging& merging) {
  const auto& [b, r, t, o] = merging.roots;
  auto os = t.child("os");
  const auto ours = o.child("os");
  if (b.empty() || !os.attribute("firmware").empty() || os.child("loader").empty() ||
      !ours.child("loader").empty()) {
    return false;
  }
  const auto said = attribute(b.child("os"), "firmware");
  const auto now = attribute(ours, "firmware");
  const bool same_features =
      canonical(b.child("os").child("firmware")) == canonical(ours.child("firmware"));
  if (said.empty() || (said == now && same_features)) return false;
  if (now.empty()) {
    merging.changed("domain/os@firmware", std::string(said), std::nullopt,
                    MergeDifference::Who::inventory);
  } else {
    os.append_attribute("firmware") = std::string(now).c_str();
  }
  return true;
}

}  // namespace

void choose_firmware_anew(Merging& merging, FirmwareChange change) {
  const auto os = merging.roots.theirs.child("os");
  const auto ours = merging.roots.ours.child("os");
  const bool other_kind = change == FirmwareChange::other_kind;
  const bool secure = attribute(os.child("loader"), "secure") == "yes";
  for (const char* tag : {"loader", "nvram", "varstore"}) {
    const auto element = os.child(tag);
    const bool goes = other_kind || std::string_view(tag) == "loader";
    if (element.empty() || !goes || !ours.child(tag).empty()) continue;
    take_told(merging, std::string("domain/os/") + tag, element);
  }
  const auto features = os.child("firmware");
  if (!features.empty() && !ours.child("firmware").empty()) {
    forget_features(merging, features, ours.child("firmware"));
  } else if (!features.empty()) {
    merging.take_with("domain/os/firmware", features);
  }
  forget_template(merging, os.child("nvram"));
  forget_template(merging, os.child("varstore"));
  const auto smm = merging.roots.theirs.child("features").child("smm");
  if (secure && os.child("loader").empty() && !smm.empty() && elements(smm).empty() &&
      merging.roots.ours.child("features").child("smm").empty()) {
    merging.follows("domain/features/smm", std::string(attribute(smm, "state")), std::nullopt);
    merging.take(smm);
  }
}

void follow_firmware(Merging& merging) {
  const auto then = attribute(merging.before.child("os"), "firmware");
  const bool anew = gives_up_loader(merging);
  const auto now = attribute(merging.roots.theirs.child("os"), "firmware");
  if (anew || then != now) {
    if (find_drift(merging) && merging.keep == Keep::theirs) {
      keep_firmware(merging);
    } else {
      choose_firmware_anew(merging, FirmwareChange::other_kind);
    }
    return;
  }
  const bool other_features =
      std::ranges::any_of(merging.result.differences, [](const MergeDifference& one) {
        return one.kind == MergeDifference::Kind::change &&
               one.path.starts_with("domain/os/firmware") && one.who != MergeDifference::Who::host;
      });
  if (!now.empty() && other_features) choose_firmware_anew(merging, FirmwareChange::other_image);
}

}  // namespace cluster::virt
