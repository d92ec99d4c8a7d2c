#include "core/text_rows.h"

#include <stdexcept>

namespace cluster {
namespace {

constexpr std::uint32_t kKindBits = 30;
constexpr std::uint32_t kMaxEnd = (1U << kKindBits) - 1;

}  // namespace

void TextRows::add(std::string_view text, Kind kind) {
  text_ += text;
  if (text_.size() > kMaxEnd) throw std::length_error("a list of more than 1 GiB");
  ends_.push_back(static_cast<std::uint32_t>(text_.size()) | static_cast<std::uint32_t>(kind)
                                                                 << kKindBits);
}

std::size_t TextRows::size() const { return order_ ? order_->size() : ends_.size() / columns_; }

TextRows::Cell TextRows::at(std::size_t row, std::size_t column) const {
  const auto cell = (order_ ? (*order_)[row] : row) * columns_ + column;
  const auto start = cell == 0 ? 0 : ends_[cell - 1] & kMaxEnd;
  const auto end = ends_[cell] & kMaxEnd;
  return {static_cast<Kind>(ends_[cell] >> kKindBits),
          std::string_view(text_).substr(start, end - start)};
}

void TextRows::reorder(const std::vector<std::uint32_t>& order) {
  if (!order_) {
    order_ = order;
    return;
  }
  std::vector<std::uint32_t> both;
  both.reserve(order.size());
  for (const auto row : order) both.push_back((*order_)[row]);
  order_ = std::move(both);
}

}  // namespace cluster
