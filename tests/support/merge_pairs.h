#pragma once

#include <optional>
#include <string>
#include <vector>

#include "virt/domain_merge.h"

namespace cluster {

/// A change of a document: what an administrator does with virsh edit, or the inventory.
struct DocumentEdit {
  enum class What {
    set,   ///< the value of an attribute ("/domain/vcpu/@cpuset") or the text of an element
    add,   ///< an element, last in another
    drop,  ///< elements or attributes
  };
  What what;
  std::string where;  ///< XPath
  std::string value;  ///< text, or XML of one element
};

/// `xml` after the edits, in their order. Throws std::runtime_error when one finds nothing.
std::string edited(const std::string& xml, const std::vector<DocumentEdit>& edits);

/// One question to the merge, of tests/data/merge/cases.txt: a document of bases/ that was defined,
/// what the inventory changed since, and what somebody changed on the host.
struct MergePair {
  std::string name;  ///< "memory-grows"
  std::string base;  ///< "plain": bases/plain.xml was rendered, libvirt 9.0 made plain.defined.xml
  std::string rendered;
  std::string defined;
  std::vector<DocumentEdit> ours;
  std::vector<DocumentEdit> host;
  virt::Keep keep = virt::Keep::ask;
  bool for_libvirt = true;    ///< a real libvirt takes the documents of the question
  bool agreed = true;         ///< something is known of the last define
  bool knows_defined = true;  ///< also how libvirt read it back
};

/// All pairs, case by case.
std::vector<MergePair> merge_pairs();

/// The answer as a text of lines: differences, refusals, and what is different in the document.
std::string answer(const virt::Merged& merged, const std::string& theirs);

}  // namespace cluster
