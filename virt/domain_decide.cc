#include "virt/domain_decide.h"

#include <utility>

#include "virt/domain_spelling.h"

namespace cluster::virt {
namespace {

using Kind = MergeDifference::Kind;
using Who = MergeDifference::Who;

std::optional<std::string> owned(Value value) {
  if (!value) return {};
  return std::string(*value);
}

}  // namespace

Value decide(Merging& merging, const std::string& path, std::string_view attribute,
             const QuadValues& values) {
  const auto& [b, r, t, o] = values;
  const auto differ = [&](Value left, Value right) { return !same(path, attribute, left, right); };
  const auto where = [&] { return attribute.empty() ? path : path + "@" + std::string(attribute); };
  if (!o && !b) {
    // A password that the inventory does not say is in no agreement: see without_passwords().
    if (merging.known && t != r && attribute != "passwd")
      tell_kept(merging, where(), owned(r), owned(t));
    return t;
  }
  const bool they = merging.of_host_alone ? t.has_value()
                    : merging.known       ? differ(r, t) && !(b && !differ(b, t))
                                          : merging.lost || (b && differ(b, t));
  const bool we = o != b;
  if (o && t && !differ(o, t)) {
    if (merging.known && differ(r, t)) tell_kept(merging, where(), owned(r), owned(t));
    return t;
  }
  if ((!o && !t) || (!we && !they)) return t;
  if (!they) {
    merging.changed(where(), owned(t), owned(o), Who::inventory);
    return o;
  }
  const auto agreed = merging.of_host_alone ? o : merging.known ? r : b;
  return settle(merging, where(), {t, o, agreed, we ? Who::both : Who::host}) ? o : t;
}

bool settle(Merging& merging, const std::string& path, const Drift& drift) {
  merging.result.differences.push_back(
      {Kind::drift, drift.who, path, owned(drift.ours), owned(drift.theirs), owned(drift.agreed)});
  if (merging.keep != Keep::ours) return false;
  merging.changed(path, owned(drift.theirs), owned(drift.ours), drift.who);
  return true;
}

void tell_kept(Merging& merging, std::string path, std::optional<std::string> old,
               std::optional<std::string> now) {
  merging.result.differences.push_back(
      {Kind::kept, Who::host, std::move(path), std::move(old), std::move(now), std::nullopt});
}

Value attribute_if_any(pugi::xml_node element, const char* name) {
  const auto there = element.attribute(name);
  if (there.empty()) return {};
  return there.value();
}

Value value_if_any(std::string_view text) { return text.empty() ? Value() : Value(text); }

}  // namespace cluster::virt
