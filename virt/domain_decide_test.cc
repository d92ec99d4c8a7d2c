// What becomes of one value that the inventory and the host may each have changed: all cases.

#include "virt/domain_decide.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "virt/domain_merge.h"

namespace cluster::virt {
namespace {

// A value of an attribute: "" = there is none.
std::string with_cpuset(const std::string& value) {
  return "<domain type='kvm'><name>a</name><uuid>00000000-0000-4000-8000-000000000001</uuid><vcpu" +
         (value.empty() ? "" : " cpuset='" + value + "'") + ">9</vcpu></domain>";
}

std::string cpuset_in(const std::string& document) {
  const auto at = document.find("cpuset='");
  return at == std::string::npos ? ""
                                 : document.substr(at + 8, document.find('\'', at + 8) - at - 8);
}

// "drift host 1 2, change host 2 1": what is different, old and now.
std::string told(const Merged& merged) {
  std::string out;
  for (const auto& one : merged.differences) {
    using Kind = MergeDifference::Kind;
    using Who = MergeDifference::Who;
    if (!out.empty()) out += ", ";
    out += one.kind == Kind::change ? "change" : one.kind == Kind::drift ? "drift" : "kept";
    out += one.who == Who::inventory ? " inventory"
           : one.who == Who::follows ? " follows"
           : one.who == Who::host    ? " host"
                                     : " both";
    out += " " + one.old.value_or("-") + " " + one.now.value_or("-");
  }
  return out;
}

struct Decision {
  const char* rendered;  // at the last define
  const char* defined;   // what libvirt made of it
  const char* theirs;
  const char* ours;
  const char* told;      // with Keep::ask
  const char* kept;      // the value with Keep::theirs
  const char* set_back;  // the value with Keep::ours
};

const std::vector<Decision> kDecisions{
    // Nobody changed it.
    {"", "", "", "", "", "", ""},
    {"1", "1", "1", "1", "", "1", "1"},
    {"", "2", "2", "", "", "2", "2"},    // libvirt chose it
    {"1", "2", "2", "1", "", "2", "2"},  // libvirt made something else of it
    {"1", "", "", "1", "", "", ""},      // libvirt did not keep it
    // The inventory changed it.
    {"1", "1", "1", "3", "change inventory 1 3", "3", "3"},
    {"", "", "", "3", "change inventory - 3", "3", "3"},
    {"1", "1", "1", "", "change inventory 1 -", "", ""},
    {"", "2", "2", "3", "change inventory 2 3", "3", "3"},
    {"1", "2", "2", "3", "change inventory 2 3", "3", "3"},
    {"1", "", "", "3", "change inventory - 3", "3", "3"},
    // The host changed it, and the inventory says nothing of it.
    {"", "", "4", "", "kept host - 4", "4", "4"},
    {"", "2", "4", "", "kept host 2 4", "4", "4"},
    {"", "2", "", "", "kept host 2 -", "", ""},
    // The host changed what the inventory says.
    {"1", "1", "4", "1", "drift host 1 4", "4", "1"},
    {"1", "1", "", "1", "drift host 1 -", "", "1"},
    {"1", "2", "4", "1", "drift host 1 4", "4", "1"},
    {"1", "", "4", "1", "drift host 1 4", "4", "1"},
    // The host set it to what the inventory says.
    {"1", "2", "1", "1", "kept host 2 1", "1", "1"},
    // Both changed it, to the same.
    {"1", "1", "4", "4", "kept host 1 4", "4", "4"},
    {"1", "1", "", "", "", "", ""},
    {"", "", "4", "4", "kept host - 4", "4", "4"},
    // Both changed it, each in its way.
    {"1", "1", "4", "3", "drift both 3 4", "4", "3"},
    {"1", "1", "", "3", "drift both 3 -", "", "3"},
    {"1", "1", "4", "", "drift both - 4", "4", ""},
    {"", "", "4", "3", "drift both 3 4", "4", "3"},
    {"", "2", "4", "3", "drift both 3 4", "4", "3"},
};

std::string name_of(const Decision& one) {
  return std::string("rendered ") + one.rendered + ", defined " + one.defined + ", theirs " +
         one.theirs + ", ours " + one.ours;
}

Merged decided(const Decision& one, Keep keep) {
  const Agreement agreed{with_cpuset(one.rendered), with_cpuset(one.defined)};
  return merge(&agreed, with_cpuset(one.theirs), with_cpuset(one.ours), keep);
}

TEST(Decide, TellsWhoChangedWhat) {
  for (const auto& one : kDecisions) {
    EXPECT_EQ(told(decided(one, Keep::ask)), one.told) << name_of(one);
  }
}

TEST(Decide, AsksOnlyWhereTheHostChangedWhatTheInventorySays) {
  for (const auto& one : kDecisions) {
    const auto merged = decided(one, Keep::ask);
    const bool drifted = std::string(one.told).starts_with("drift");
    EXPECT_EQ(merged.drifted(), drifted) << name_of(one);
    ASSERT_EQ(merged.document.has_value(), !drifted) << name_of(one);
    EXPECT_EQ(cpuset_in(merged.document.value_or("cpuset='asked'")), drifted ? "asked" : one.kept)
        << name_of(one);
  }
}

TEST(Decide, TheWordOfTheOperatorSettlesIt) {
  for (const auto& one : kDecisions) {
    for (const auto& [keep, value] :
         {std::pair(Keep::theirs, one.kept), std::pair(Keep::ours, one.set_back)}) {
      const auto merged = decided(one, keep);
      ASSERT_TRUE(merged.document) << name_of(one);
      EXPECT_EQ(cpuset_in(*merged.document), value) << name_of(one);
    }
  }
}

// What was decided is agreed on: asked once more, nobody changed anything.
TEST(Decide, IsQuietAfterwards) {
  for (const auto& one : kDecisions) {
    for (const auto keep : {Keep::theirs, Keep::ours}) {
      const auto document = *decided(one, keep).document;
      const Agreement now{with_cpuset(one.ours), document};
      const auto again = merge(&now, document, with_cpuset(one.ours), Keep::ask);
      EXPECT_EQ(told(again), "") << name_of(one);
      EXPECT_EQ(cpuset_in(again.document.value_or("none")), cpuset_in(document)) << name_of(one);
    }
  }
}

// What was said is known, and what libvirt made of it is not: a command was killed in between.
TEST(Decide, GoesByWhatWasSaidWhereTheAnswerOfLibvirtIsLost) {
  struct Case {
    const char* rendered;
    const char* theirs;
    const char* ours;
    const char* told;
  };
  for (const auto& one : std::vector<Case>{
           {"1", "1", "1", ""},
           {"1", "4", "1", "drift host 1 4"},
           {"1", "1", "3", "change inventory 1 3"},
           {"", "4", "", ""},
           {"", "4", "3", "change inventory 4 3"},
           {"1", "4", "3", "drift both 3 4"},
       }) {
    const Agreement agreed{with_cpuset(one.rendered), {}};
    const auto merged = merge(&agreed, with_cpuset(one.theirs), with_cpuset(one.ours), Keep::ask);
    EXPECT_EQ(told(merged), one.told)
        << "rendered " << one.rendered << ", theirs " << one.theirs << ", ours " << one.ours;
  }
}

TEST(Decide, WithoutAnAgreementEveryDifferenceIsAsked) {
  const auto first = [](const char* theirs, const char* ours) {
    return told(merge(nullptr, with_cpuset(theirs), with_cpuset(ours), Keep::ask));
  };
  EXPECT_EQ(first("1", "1"), "");
  EXPECT_EQ(first("1", ""), "") << "the inventory says nothing of it";
  EXPECT_EQ(first("4", "3"), "drift both 3 4");
  EXPECT_EQ(first("", "3"), "drift both 3 -");
}

}  // namespace
}  // namespace cluster::virt
