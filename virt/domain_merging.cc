#include "virt/domain_merging.h"

#include <algorithm>

#include "virt/domain_identity.h"
#include "virt/domain_tree.h"

namespace cluster::virt {

void forget_fingerprint(pugi::xml_node root) {
  auto metadata = root.child("metadata");
  for (const auto child : elements(metadata)) {
    if (namespace_of(child) == kOurNamespace) metadata.remove_child(child);
  }
  if (!metadata.empty() && metadata.first_child().empty()) root.remove_child(metadata);
}

namespace {

// A password is in no agreement (without_passwords()), so that of the host is no difference.
void agree_on_passwords(pugi::xml_node defined, pugi::xml_node theirs) {
  for (auto graphics : defined.child("devices").children("graphics")) {
    const auto there = theirs.child("devices").find_child_by_attribute(
        "graphics", "type", graphics.attribute("type").value());
    const auto password = there.attribute("passwd");
    if (!password.empty() && graphics.attribute("passwd").empty()) graphics.append_copy(password);
  }
}

}  // namespace

Merging::Merging(const Agreement* agreed, const std::string& theirs, const std::string& ours,
                 Keep word)
    : keep(word), lost(agreed == nullptr), known(agreed != nullptr && agreed->defined.has_value()) {
  auto& [b, r, t, o, old] = documents;
  if (agreed != nullptr) {
    read_domain(b, agreed->rendered);
  } else {
    b.append_child("domain");
  }
  if (known) read_domain(r, *agreed->defined);
  read_domain(t, theirs);
  read_domain(o, ours);
  roots = {b.child("domain"), r.child("domain"), t.child("domain"), o.child("domain")};
  // The UUID says which domain it is; its name is changed by a rename, never by a define.
  for (auto root : {roots.rendered, roots.defined, roots.theirs, roots.ours}) {
    forget_fingerprint(root);
    auto name = root.child("name");
    if (!name.empty()) name.text() = roots.theirs.child_value("name");
  }
  agree_on_passwords(roots.defined, roots.theirs);
  old.reset(t);
  before = old.child("domain");
  const auto now = elements(devices());
  const auto then = elements(before.child("devices"));
  for (std::size_t i = 0; i < now.size(); ++i) origins.emplace_back(now[i], then[i]);
  t.append_child("taken");
}

pugi::xml_node Merging::origin(pugi::xml_node device) const {
  for (const auto& [now, then] : origins) {
    if (now == device) return then;
  }
  return {};
}

void Merging::changed(std::string path, std::optional<std::string> old,
                      std::optional<std::string> now, MergeDifference::Who who) {
  result.differences.push_back({MergeDifference::Kind::change, who, std::move(path), std::move(old),
                                std::move(now), std::nullopt});
}

void Merging::take(pugi::xml_node element) { documents[2].child("taken").append_move(element); }

void Merging::take_with(const std::string& path, pugi::xml_node element) {
  follows(path, tag_of(element), std::nullopt);
  take(element);
}

std::string device_path(pugi::xml_node device) { return "domain/devices/" + label(device); }

std::string tag_of(pugi::xml_node element) { return "<" + std::string(local_name(element)) + ">"; }

std::optional<std::string> text_if_any(pugi::xml_node element) {
  if (text_of(element).empty()) return {};
  return std::string(text_of(element));
}

}  // namespace cluster::virt
