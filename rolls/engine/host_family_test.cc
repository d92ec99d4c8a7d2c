#include "rolls/engine/host_family.h"

#include <gtest/gtest.h>

#include "core/file.h"
#include "rolls/engine/embedded.h"
#include "rolls/engine/step_kind.h"

namespace cluster::rolls {
namespace {

std::string docs() { return read_file(SOURCE_DIR "/docs/rolls.md").value(); }

TEST(HostFamilies, AreFoundByTheirWord) {
  for (const auto& family : host_families()) EXPECT_EQ(find_host_family(family.word), &family);
  EXPECT_EQ(find_host_family("plan9"), nullptr);
  EXPECT_EQ(find_host_family(""), nullptr);
  EXPECT_EQ(host_family_words(), "debian or rhel");
}

// Each family has to define the functions that prelude.sh and the steps of rolls call.
TEST(HostFamilies, EachDefinesTheSameFunctions) {
  for (const auto& family : host_families()) {
    const std::string word(family.word);
    EXPECT_EQ(std::string(family.shell), std::string(family_shell(word)));
    for (const std::string& part :
         {"\n    family=" + word + "\n", std::string("\n    missing() {"),
          std::string("\n    install_packages() {"), std::string("\n    renew_initramfs() {")}) {
      EXPECT_NE(family.shell.find(part), std::string_view::npos) << word << part;
    }
    EXPECT_NE(host_family_shell().find(family.shell), std::string::npos);
  }
  EXPECT_TRUE(host_family_shell().ends_with("\nstart 'Debian nor of RHEL'\n"));
  EXPECT_EQ(family_shell("plan9"), "");
}

// The comment at the beginning of a file is not for the hosts.
TEST(EmbeddedShell, BeginsBehindTheHeadOfItsFile) {
  EXPECT_TRUE(prelude().starts_with("\nset -eu\n"));
  EXPECT_TRUE(prelude().ends_with("}\n"));
  for (const auto& family : host_families()) {
    EXPECT_TRUE(family.shell.starts_with("\ncase $ids in\n")) << family.word;
  }
}

TEST(HostFamilies, AreInTheDocumentation) {
  for (const auto& family : host_families()) {
    EXPECT_NE(docs().find("\n      " + std::string(family.word) + ": ["), std::string::npos)
        << family.word;
    EXPECT_NE(docs().find("`" + std::string(family.word) + "`"), std::string::npos) << family.word;
  }
}

TEST(StepKinds, AreInTheDocumentationInTheirOrder) {
  std::size_t at = docs().find("```yaml");
  for (const auto& kind : step_kinds()) {
    at = docs().find("\n    " + std::string(kind.key) + ":", at);
    EXPECT_NE(at, std::string::npos) << kind.key << " is not there, or not in its place";
  }
}

TEST(StepKinds, SayNothingOfAPartThatHasNothing) {
  const HostPart empty;
  const Roll roll;
  const TemplateValues values;
  for (const auto& kind : step_kinds()) {
    int number = 0;
    ScriptLines lines{roll, values, number, {}, {}};
    kind.write(empty, lines);
    EXPECT_EQ(lines.functions + lines.text, "") << kind.key;
    EXPECT_TRUE(kind.plan(empty).empty()) << kind.key;
  }
}

}  // namespace
}  // namespace cluster::rolls
