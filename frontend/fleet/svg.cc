#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "core/text.h"
#include "frontend/fleet/fleet_format.h"

// A picture of the fleet for wikis: a line for each host, a square for each card. What a card is
// can be seen without colours. All lengths are in pixels of a picture of 1000.
namespace cluster::frontend {
namespace {

constexpr int kWidth = 1000;
constexpr int kMargin = 20;
constexpr int kColumnCount = 3;
constexpr int kColumn = (kWidth - 2 * kMargin) / kColumnCount;
constexpr int kLine = 18;
constexpr int kSquare = 11;
constexpr int kStep = 15;
constexpr int kNames = 150;  // where the squares of a host begin
constexpr int kSquaresInLine = (kColumn - kNames - kMargin) / kStep;
constexpr std::size_t kLongestName = 22;
constexpr std::size_t kLongestModel = 60;
constexpr std::size_t kLongestLine = 130;

// How a card is drawn.
enum class Sign { free, used, trouble, other };

Sign sign_of(CardState state) {
  switch (state) {
    case CardState::free:
      return Sign::free;
    case CardState::in_vm:
    case CardState::in_domain:
    case CardState::in_slices:
      return Sign::used;
    case CardState::failing:
    case CardState::missing:
      return Sign::trouble;
    case CardState::maintenance:
    case CardState::host:
      break;
  }
  return Sign::other;
}

// Text as XML 1.0 may have it (https://www.w3.org/TR/xml/#charsets): what is no character there is
// a question mark.
std::string svg_text(std::string_view text) {
  const bool is_utf8 = is_utf8_text(text);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto three = text.substr(i, 3);
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (is_utf8 && (three == "\xef\xbf\xbe" || three == "\xef\xbf\xbf")) {
      out += '?';
      i += 2;
    } else if (is_control(c) || (!is_utf8 && static_cast<unsigned char>(c) >= 0x80)) {
      out += '?';
    } else {
      out += c;
    }
  }
  return out;
}

// The first characters of a text that is too long for its place.
std::string shortened(std::string_view text, std::size_t most) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xc0U) != 0x80;
    if (begins && ++count > most) return std::string(text.substr(0, i)) + "…";
  }
  return std::string(text);
}

struct Counts {
  std::array<int, 4> of{};  // by Sign

  void add(const FleetCard& card) { ++of.at(static_cast<std::size_t>(sign_of(card.state))); }
  void add(const FleetHost& host) {
    for (const auto& card : host.cards) add(card);
  }
  int at(Sign sign) const { return of.at(static_cast<std::size_t>(sign)); }
  int all() const { return of[0] + of[1] + of[2] + of[3]; }
  std::string free_of_all() const {
    if (all() == 0) return "no cards";
    return std::to_string(at(Sign::free)) + " of " + std::to_string(all()) + " free";
  }
};

class Picture {
 public:
  explicit Picture(const Fleet& fleet) : fleet_(fleet) {}

  std::string draw() {
    for (const auto& host : fleet_.hosts) {
      counts_.add(host);
      racks_[host.host.rack ? *host.host.rack : kNoRack].push_back(&host);
      for (const auto& card : host.cards) models_[model_of(card)].add(card);
    }
    draw_head();
    std::array<int, kColumnCount> ends{};
    ends.fill(top_);
    for (const auto& [rack, hosts] : racks_) {
      const auto column = std::ranges::min_element(ends);
      const auto x = kMargin + static_cast<int>(column - ends.begin()) * kColumn;
      *column = draw_rack(rack, hosts, x, *column) + kLine;
    }
    return framed(std::ranges::max(ends) + kMargin);
  }

 private:
  static constexpr int kNoRack = std::numeric_limits<int>::max();  // comes last

  static std::string model_of(const FleetCard& card) {
    return card.card.model.value_or("model not known");
  }

  void text(int x, int y, std::string_view kind, std::string_view words) {
    body_ += "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\"" +
             (kind.empty() ? "" : " class=\"" + std::string(kind) + "\"") + ">" + svg_text(words) +
             "</text>\n";
  }

  void square(int x, int y, Sign sign) {
    static constexpr std::array<std::string_view, 4> kIds{"free", "used", "trouble", "other"};
    body_ += "<use href=\"#" + std::string(kIds.at(static_cast<std::size_t>(sign))) + "\" x=\"" +
             std::to_string(x) + "\" y=\"" + std::to_string(y) + "\"/>\n";
  }

  std::string title() const {
    return std::to_string(fleet_.hosts.size()) +
           (fleet_.hosts.size() == 1 ? " host, " : " hosts, ") +
           (counts_.all() == 0 ? "" : "cards: ") + counts_.free_of_all();
  }

  void draw_head() {
    text(kMargin, 38, "title", title());
    const auto part = fleet_.words.empty() ? "" : ", of " + joined(fleet_.words, " ");
    text(kMargin, 58, "quiet",
         shortened("As the inventory had it at " + fleet_.made + part, kLongestLine));
    int x = kMargin;
    const auto legend = [&](Sign sign, std::string_view words, int width) {
      square(x, 74, sign);
      text(x + kStep + 3, 84, "", std::to_string(counts_.at(sign)) + " " + std::string(words));
      x += width;
    };
    legend(Sign::free, "free", 150);
    legend(Sign::used, "in use", 150);
    legend(Sign::trouble, "failing or missing", 220);
    legend(Sign::other, "not for VMs now, or not known", 0);
    top_ = 110;
    for (const auto& [model, counts] : models_) {
      text(kMargin, top_, "", shortened(model, kLongestModel) + ": " + counts.free_of_all());
      top_ += kLine;
    }
    top_ += kLine;
  }

  // Returns where it ends.
  int draw_rack(int rack, const std::vector<const FleetHost*>& hosts, int x, int y) {
    Counts counts;
    for (const auto* host : hosts) counts.add(*host);
    const auto name = rack == kNoRack ? std::string("No rack") : "Rack " + std::to_string(rack);
    text(x, y, "rack", name + ": " + counts.free_of_all());
    y += kLine + 2;
    for (const auto* host : hosts) y = draw_host(*host, x, y);
    return y;
  }

  int draw_host(const FleetHost& host, int x, int y) {
    const auto& name = host.host.name.str();
    body_ += "<g><title>" + svg_text(words_of(host)) + "</title>\n";
    text(x, y, "", shortened(name, kLongestName));
    int column = 0;
    for (const auto& card : host.cards) {
      if (column == kSquaresInLine) {
        column = 0;
        y += kLine;
      }
      square(x + kNames + kStep * column++, y - kSquare + 1, sign_of(card.state));
    }
    body_ += "</g>\n";
    return y + kLine;
  }

  // What a pointer over the host shows, and what a reader reads: "n1: gpupci1 in-vm v1, ...".
  static std::string words_of(const FleetHost& host) {
    std::vector<std::string> words;
    for (const auto& card : host.cards) {
      words.push_back(card.card.name.str() + " " + std::string(name(card.state)) +
                      (card.place ? " " + card.place->vm.str() : ""));
    }
    return host.host.name.str() + ": " + (words.empty() ? "no cards" : joined(words, ", "));
  }

  std::string framed(int height) const {
    const auto size = std::to_string(kWidth) + "\" height=\"" + std::to_string(height);
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + size + "\" viewBox=\"0 0 " +
           std::to_string(kWidth) + " " + std::to_string(height) +
           "\" role=\"img\" aria-labelledby=\"fleet\">\n<title id=\"fleet\">" + svg_text(title()) +
           "</title>\n" + std::string(kStyle) +
           "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n" + body_ + "</svg>\n";
  }

  static constexpr std::string_view kStyle = R"svg(<style>
text { font: 12px system-ui, sans-serif; fill: #1c2126; }
.title { font-size: 20px; font-weight: 600; }
.rack { font-size: 14px; font-weight: 600; }
.quiet { fill: #5b6670; }
</style>
<defs>
<rect id="free" width="11" height="11" rx="2" fill="#14713d"/>
<rect id="used" x=".5" y=".5" width="10" height="10" rx="2" fill="#fff" stroke="#8a949d"/>
<g id="trouble">
<rect x=".5" y=".5" width="10" height="10" rx="2" fill="#fff" stroke="#b3261e"/>
<path d="M2.5 2.5l6 6m0-6l-6 6" stroke="#b3261e" stroke-width="1.5"/>
</g>
<g id="other">
<use href="#used"/><circle cx="5.5" cy="5.5" r="1.5" fill="#8a949d"/>
</g>
</defs>
)svg";

  const Fleet& fleet_;
  Counts counts_;
  std::map<int, std::vector<const FleetHost*>> racks_;
  std::map<std::string, Counts> models_;
  std::string body_;
  int top_ = 0;
};

}  // namespace

FleetReport fleet_as_svg(const Fleet& fleet) { return {Picture(fleet).draw()}; }

}  // namespace cluster::frontend
