#include "tests/support/merge_pairs.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <pugixml.hpp>
#include <sstream>
#include <stdexcept>

#include "core/text.h"
#include "virt/domain_tree.h"

namespace cluster {
namespace {

std::string file(const std::string& name) {
  std::ifstream in(std::string(MERGE_DATA) + "/" + name);
  std::stringstream out;
  out << in.rdbuf();
  if (!in) throw std::runtime_error("no " + name);
  return out.str();
}

void apply(pugi::xml_document& document, const DocumentEdit& edit) {
  const auto at = edit.where.rfind("/@");
  if (edit.what == DocumentEdit::What::set && at != std::string::npos) {
    for (const auto& one : document.select_nodes(edit.where.substr(0, at).c_str())) {
      const auto* name = edit.where.c_str() + at + 2;
      if (one.node().attribute(name).empty()) one.node().append_attribute(name);
    }
  }
  const auto found = document.select_nodes(edit.where.c_str());
  if (found.empty()) throw std::runtime_error("nothing is at " + edit.where);
  for (const auto& one : found) {
    auto node = one.node();
    switch (edit.what) {
      case DocumentEdit::What::set:
        if (one.attribute().empty()) {
          node.text() = edit.value.c_str();
        } else {
          one.attribute() = edit.value.c_str();
        }
        break;
      case DocumentEdit::What::add:
        node.append_buffer(edit.value.data(), edit.value.size());
        break;
      case DocumentEdit::What::drop:
        if (one.attribute().empty()) {
          node.parent().remove_child(node);
        } else {
          one.parent().remove_attribute(one.attribute());
        }
        break;
    }
  }
}

std::string until_blank(std::string& rest) {
  rest = trim(rest);
  const auto end = std::min(rest.find(' '), rest.size());
  auto out = rest.substr(0, end);
  rest = trim(rest.substr(end));
  return out;
}

// "set /domain/memory 8388608"; of "set" the last word or quoted words are the value.
DocumentEdit parse_edit(std::string text) {
  const auto verb = until_blank(text);
  const auto what = verb == "set"   ? DocumentEdit::What::set
                    : verb == "add" ? DocumentEdit::What::add
                                    : DocumentEdit::What::drop;
  if (what == DocumentEdit::What::drop && verb != "drop") {
    throw std::runtime_error("no such edit: " + verb);
  }
  const auto where = until_blank(text);
  return {what, where, text};
}

// Lines that one of the documents has more often than the other.
std::string line_diff(const std::string& theirs, const std::string& merged) {
  std::array<std::vector<std::string>, 2> lines;
  for (std::size_t i = 0; i < 2; ++i) {
    pugi::xml_document document;
    virt::read_domain(document, i == 0 ? theirs : merged);
    const auto root = document.child("domain");
    for (const auto child : virt::elements(root)) {
      const bool devices = std::string_view(child.name()) == "devices";
      for (const auto device : devices ? virt::elements(child) : std::vector{child}) {
        lines[i].push_back(virt::canonical(device));
      }
    }
    lines[i].push_back("<domain " + virt::attributes_of(root) + ">");
    std::ranges::sort(lines[i]);
  }
  std::vector<std::string> gone;
  std::vector<std::string> come;
  std::ranges::set_difference(lines[0], lines[1], std::back_inserter(gone));
  std::ranges::set_difference(lines[1], lines[0], std::back_inserter(come));
  std::string out;
  for (const auto& line : gone) out += "- " + line + "\n";
  for (const auto& line : come) out += "+ " + line + "\n";
  return out;
}

}  // namespace

std::string edited(const std::string& xml, const std::vector<DocumentEdit>& edits) {
  pugi::xml_document document;
  document.load_string(xml.c_str(), pugi::parse_default);
  for (const auto& edit : edits) apply(document, edit);
  std::stringstream out;
  document.save(out, "  ", pugi::format_indent | pugi::format_no_declaration);
  return out.str();
}

std::vector<MergePair> merge_pairs() {
  std::vector<MergePair> out;
  std::size_t first = 0;  // of the case that is being read
  std::istringstream in(file("cases.txt"));
  for (std::string line; std::getline(in, line);) {
    std::string rest(trim(line));
    if (rest.empty() || rest.starts_with('#')) continue;
    const auto word = until_blank(rest);
    if (word == "case") {
      first = out.size();
      const auto name = until_blank(rest);
      while (!rest.empty()) {
        const auto base = until_blank(rest);
        out.push_back({name,
                       base,
                       file("bases/" + base + ".xml"),
                       file("bases/" + base + ".defined.xml"),
                       {},
                       {}});
      }
      continue;
    }
    for (auto i = first; i < out.size(); ++i) {
      if (word == "without-libvirt,") out[i].for_libvirt = false;
      if (word == "said") {
        const auto edit = parse_edit(rest);
        out[i].rendered = edited(out[i].rendered, {edit});
        out[i].defined = edited(out[i].defined, {edit});
      }
      if (word == "ours") out[i].ours.push_back(parse_edit(rest));
      if (word == "host") out[i].host.push_back(parse_edit(rest));
      if (word == "keep") out[i].keep = rest == "ours" ? virt::Keep::ours : virt::Keep::theirs;
      if (word == "agreed") out[i].agreed = out[i].knows_defined = false;
      if (word == "agreed" && rest == "rendered") out[i].agreed = true;
    }
  }
  return out;
}

std::string answer(const virt::Merged& merged, const std::string& theirs) {
  constexpr std::array kKinds{"change", "drift", "kept"};
  constexpr std::array kWho{"inventory", "follows", "host", "both"};
  const auto value = [](const std::optional<std::string>& text) {
    return text ? printable(*text) : std::string("none");
  };
  std::string out;
  for (const auto& one : merged.differences) {
    out.append(kKinds.at(static_cast<std::size_t>(one.kind))).append(" ");
    out.append(kWho.at(static_cast<std::size_t>(one.who))).append(" ").append(one.path);
    out += ": " + value(one.old) + " -> " + value(one.now) + "\n";
  }
  for (const auto& why : merged.refusals) out += "refused: " + why + "\n";
  return merged.document ? out + line_diff(theirs, *merged.document) : out + "no document\n";
}

}  // namespace cluster
