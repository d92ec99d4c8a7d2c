#include "core/text.h"
#include "virt/domain_merge.h"
#include "virt/domain_merging.h"
#include "virt/domain_parts.h"
#include "virt/domain_tree.h"
#include "virt/domain_xml.h"
#include "virt/domains.h"

namespace cluster::virt {
namespace {

// https://libvirt.org/formatdomain.html#tpm-device. Since libvirt 10.10 a document may say where
// the state is.
std::optional<std::string> tpm_state_of(pugi::xml_node root) {
  const auto backend = root.child("devices").child("tpm").child("backend");
  if (attribute(backend, "type") != "emulator") return std::nullopt;
  const auto said = attribute(backend.child("source"), "path");
  if (!said.empty()) return std::string(said);
  return "/var/lib/libvirt/swtpm/" + std::string(root.child_value("uuid"));
}

// The file with the variables of UEFI, "" = none. libvirt names it after the VM where the document
// does not say it; since 8.5 a document may say it in <source>, and since 12.x in a <varstore>.
std::string variables_of(pugi::xml_node root) {
  const auto os = root.child("os");
  const auto loader = os.child("loader");
  if (attribute(loader, "stateless") == "yes") return "";
  const auto nvram = os.child("nvram");
  const auto source = nvram.child("source");
  for (const auto said : {text_of(nvram), attribute(source, "file"), attribute(source, "dev"),
                          attribute(os.child("varstore"), "path")}) {
    if (!said.empty()) return std::string(said);
  }
  // Those on another machine go nowhere, and firmware in a ROM has none.
  if (!source.empty() || attribute(os, "firmware") != "efi" || attribute(loader, "type") == "rom") {
    return "";
  }
  return "/var/lib/libvirt/qemu/nvram/" + std::string(root.child_value("name")) + "_VARS.fd";
}

std::string text(const pugi::xml_document& document) {
  const auto root = document.child("domain");
  for (const auto element : elements(root)) {
    if (!std::string_view(element.name()).starts_with("qemu:")) continue;
    declare_qemu(root);
    break;
  }
  return document_text(document);
}

}  // namespace

std::string with_fingerprint(const std::string& document, const std::string& rendering) {
  pugi::xml_document out;
  read_domain(out, document);
  auto root = out.child("domain");
  forget_fingerprint(root);
  auto metadata = root.child("metadata");
  if (metadata.empty()) metadata = root.insert_child_after("metadata", root.child("uuid"));
  child(metadata, "rollcall:config",
        {{"xmlns:rollcall", std::string(kOurNamespace)}, {"fingerprint", fingerprint(rendering)}});
  return text(out);
}

std::string without_fingerprint(const std::string& document) {
  pugi::xml_document out;
  read_domain(out, document);
  forget_fingerprint(out.child("domain"));
  return text(out);
}

std::optional<std::string> tpm_state(const std::string& document) {
  pugi::xml_document read;
  read_domain(read, document);
  return tpm_state_of(read.child("domain"));
}

std::vector<std::pair<std::string, std::string>> state_beside(const std::string& document) {
  pugi::xml_document read;
  read_domain(read, document);
  const auto root = read.child("domain");
  std::vector<std::pair<std::string, std::string>> out;
  if (const auto variables = variables_of(root); !variables.empty())
    out.emplace_back("its UEFI variables", variables);
  if (const auto tpm = tpm_state_of(root)) out.emplace_back("the keys in its TPM", *tpm);
  return out;
}

std::string undefine_words(const std::string& document, const std::string& name) {
  pugi::xml_document read;
  read_domain(read, document);
  const auto root = read.child("domain");
  return "virsh undefine " + virsh_word(name, root.child_value("uuid")) +
         (variables_of(root).empty() ? "" : " --keep-nvram") +
         (tpm_state_of(root) ? " --keep-tpm" : "");
}

// The text is kept to the byte otherwise: it is compared with what libvirt says later.
std::string without_passwords(std::string xml) {
  for (auto tag = xml.find("<graphics "); tag != std::string::npos;
       tag = xml.find("<graphics ", tag + 1)) {
    const auto end = xml.find('>', tag);
    const auto begin = xml.find(" passwd='", tag);
    if (begin == std::string::npos || begin > end) continue;
    const auto close = xml.find('\'', begin + std::string(" passwd='").size());
    if (close != std::string::npos) xml.erase(begin, close + 1 - begin);
  }
  return xml;
}

}  // namespace cluster::virt
