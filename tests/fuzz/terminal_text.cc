// Whatever somebody else says, nothing of it acts on a terminal, and JSON stays JSON.
#include "core/terminal_text.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cmd/line/output.h"
#include "core/text.h"
#include "frontend/hosts/bounded_json.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace cluster;
using nlohmann::json;

void must(bool right) {
  if (!right) std::abort();
}

// True if a terminal shows each character of `text`, and does nothing.
bool is_harmless(std::string_view text, std::string_view but) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (but.find(text[i]) != std::string_view::npos) continue;
    if (is_control(text[i])) return false;
    if (text[i] == '\xc2' && i + 1 < text.size() &&
        static_cast<unsigned char>(text[i + 1]) < 0xa0) {
      return false;
    }
  }
  return is_utf8_text(text);
}

// Four bytes for each at the most, "\x1b".
void escape(const std::string& text) {
  for (const auto& line : {for_terminal(text), printable(text), brief(text), quote(text)}) {
    must(is_harmless(line, "\t") && line.size() <= 4 * text.size() + 5);
    must(printable(printable(line)) == printable(line));
  }
  must(is_harmless(printable(text), "") && brief(text).size() <= 4003);
  must(is_harmless(lines_for_terminal(text), "\t\n"));
}

// A document with what an agent said in it, as `cluster` prints one.
void show(const std::string& text) {
  const auto document = json::parse(text, nullptr, false);
  if (document.is_discarded()) return;
  const auto shown = json_for_terminal(document.dump(2));
  must(is_harmless(shown, "\n") && json::parse(shown) == document);
}

int depth_of(const json& value) {
  int deepest = 0;
  if (!value.is_structured()) return 0;
  for (const auto& one : value) deepest = std::max(deepest, depth_of(one));
  return deepest + 1;
}

void bound(const std::string& text) {
  may_refuse([&] {
    must(frontend::bounded_json(text) == text);
    const auto document = json::parse(text, nullptr, false);
    if (!document.is_discarded()) {
      must(depth_of(document) <= static_cast<int>(frontend::kDeepestJson));
    }
  });
}

void print(const std::string& text) {
  const cmd::List list{{cmd::Item{text}, cmd::Item{}}};
  for (const auto format : {cmd::Format::table, cmd::Format::json, cmd::Format::csv}) {
    std::ostringstream out;
    std::ostringstream err;
    cmd::Output output(out, err, 80, {true, true});
    output.set_format(format);
    output.table({{"host", "list"}, {{cmd::Cell{text}, cmd::Cell{list}}}});
    output.note(text);
    must(is_harmless(out.str(), "\n") && is_harmless(err.str(), "\n"));
    must(std::ranges::count(err.str(), '\n') == 1);
    if (format == cmd::Format::table) must(std::ranges::count(out.str(), '\n') == 2);
    if (format != cmd::Format::json) continue;
    const auto read = json::parse(out.str()).at(0);
    if (is_utf8_text(text)) must(read.at("host") == text && read.at("list").at(0) == text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = text_of(data, size);
  escape(text);
  bound(text);
  if (text.size() <= frontend::kLongestJsonText) show(text);
  print(text);
  return 0;
}
