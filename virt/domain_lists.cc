#include "virt/domain_lists.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/text.h"
#include "virt/domain_decide.h"
#include "virt/domain_identity.h"
#include "virt/domain_tree.h"

namespace cluster::virt {
namespace {

using Who = MergeDifference::Who;

struct List {
  std::vector<pugi::xml_node> nodes;
  std::vector<std::string> texts;
};

List list_of(pugi::xml_node parent, std::string_view name) {
  List out;
  for (const auto node : elements(parent)) {
    if (local_name(node) != name) continue;
    out.nodes.push_back(node);
    out.texts.push_back(canonical(node));
  }
  return out;
}

void replace(Merging& merging, pugi::xml_node parent, const List& t, std::size_t first,
             std::size_t count, const List& o) {
  for (auto i = first; i < first + count; ++i) merging.take(t.nodes[i]);
  auto before = first + count < t.nodes.size() ? t.nodes[first + count] : pugi::xml_node();
  for (const auto node : o.nodes) {
    if (before.empty()) {
      parent.append_copy(node);
    } else {
      parent.insert_copy_before(node, before);
    }
  }
}

std::optional<std::string> values_of(const List& list) {
  std::vector<std::string> out;
  for (const auto node : list.nodes) out.emplace_back(attribute(node, "value"));
  if (out.empty()) return {};
  return joined(out, " ");
}

// Who adds an argument leaves ours as they are. Returns false when ours are not to be found.
bool arguments(Merging& merging, pugi::xml_node parent, const List& b, const List& t, const List& o,
               const std::string& at) {
  const auto found = std::search(t.texts.begin(), t.texts.end(), b.texts.begin(), b.texts.end());
  const bool there = found != t.texts.end() || b.texts.empty();
  if (there && (!b.texts.empty() || t.texts.empty())) {
    if (b.texts == o.texts) return true;
    merging.changed(at, values_of(b), values_of(o), Who::inventory);
    const auto first = static_cast<std::size_t>(found - t.texts.begin());
    replace(merging, parent, t, first, b.texts.size(), o);
    return true;
  }
  if (!b.texts.empty()) return false;
  merging.changed(at, std::nullopt, values_of(o), Who::inventory);
  replace(merging, parent, t, t.nodes.size(), 0, o);
  return true;
}

}  // namespace

void merge_list(Merging& merging, const Quad& quad, std::string_view name,
                const std::string& path) {
  const auto b = list_of(quad.rendered, name);
  const auto r = list_of(quad.defined, name);
  const auto t = list_of(quad.theirs, name);
  const auto o = list_of(quad.ours, name);
  if (t.texts == o.texts) return;
  const auto at = path + "/" + std::string(name);
  if (listing(local_name(quad.theirs), name) == Listing::arguments) {
    if (b.nodes.empty() && o.nodes.empty()) return;
    if (arguments(merging, quad.theirs, b, t, o, at)) return;
  }
  const std::string texts[] = {joined(b.texts, " "), joined(r.texts, " "), joined(t.texts, " "),
                               joined(o.texts, " ")};
  const auto of = [&](std::size_t i) { return value_if_any(texts[i]); };
  const auto value = decide(merging, at, "", {of(0), of(1), of(2), of(3)});
  if (value != of(2)) replace(merging, quad.theirs, t, 0, t.nodes.size(), o);
}

}  // namespace cluster::virt
