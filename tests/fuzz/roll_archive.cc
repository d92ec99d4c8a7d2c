// The archive of a roll. The input says what is in it: "f PATH text", "x" (executable), "d" (a
// folder), "l PATH target", "h" (a hard link), "p" (a pipe), "r" (raw bytes of a tar), a line each;
// a line of any other letter is raw bytes, too. Whatever it is, only plain files and folders come
// out, and all of them inside.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/text.h"
#include "rolls/engine/archive.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/temp_dir.h"

namespace {

using cluster::split;

constexpr std::size_t kBlock = 512;

void put(std::string& header, std::size_t at, std::size_t size, std::string_view text) {
  for (std::size_t i = 0; i < size && i < text.size(); ++i) header[at + i] = text[i];
}

std::string octal(std::size_t number) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%011zo", number);
  return text.data();
}

// An entry of a tar (ustar, POSIX.1-2017 pax).
std::string entry(char type, std::string_view mode, std::string_view path, std::string_view target,
                  std::string_view content) {
  std::string header(kBlock, '\0');
  put(header, 0, 100, path);
  put(header, 100, 8, mode);
  put(header, 108, 8, "0000000");
  put(header, 116, 8, "0000000");
  put(header, 124, 12, octal(content.size()));
  put(header, 136, 12, octal(0));
  put(header, 148, 8, "        ");
  header[156] = type;
  put(header, 157, 100, target);
  put(header, 257, 8, std::string_view("ustar\00000", 8));
  std::size_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(header, 148, 7, octal(sum).substr(5));
  header[154] = '\0';
  std::string padded(content);
  padded.resize((content.size() + kBlock - 1) / kBlock * kBlock);
  return header + padded;
}

std::string tar_of(std::string_view text) {
  std::string tar;
  for (const auto line : split(text, '\n')) {
    const char letter = line.empty() ? ' ' : line[0];
    const auto rest = line.substr(std::min<std::size_t>(2, line.size()));
    const auto path = rest.substr(0, rest.find(' '));
    const auto said = rest.substr(std::min(path.size() + 1, rest.size()));
    switch (letter) {
      case 'f':
        tar += entry('0', "0000644", path, "", said);
        break;
      case 'x':
        tar += entry('0', "0000755", path, "", said);
        break;
      case 'd':
        tar += entry('5', "0000755", path, "", "");
        break;
      case 'l':
        tar += entry('2', "0000777", path, said, "");
        break;
      case 'h':
        tar += entry('1', "0000644", path, said, "");
        break;
      case 'p':
        tar += entry('6', "0000644", path, "", "");
        break;
      case 'n':
        tar += entry('L', "0000644", "././@LongLink", "", said);
        break;
      case 'a':
        tar += entry('x', "0000644", "pax", "", std::string(said) + "\n");
        break;
      default:
        tar += line;
        break;
    }
  }
  return tar + std::string(2 * kBlock, '\0');
}

// RFC 1952 and RFC 1951, stored blocks; libarchive does not look at the checksum.
std::string gzip_of(std::string_view bytes) {
  constexpr std::size_t kMost = 65535;
  std::string out("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
  do {
    const auto piece = bytes.substr(0, kMost);
    bytes.remove_prefix(piece.size());
    const auto size = static_cast<unsigned>(piece.size());
    out += bytes.empty() ? '\1' : '\0';
    for (const unsigned number : {size, ~size}) {
      out += static_cast<char>(number & 0xffU);
      out += static_cast<char>(number >> 8U & 0xffU);
    }
    out += piece;
  } while (!bytes.empty());
  return out + std::string(8, '\0');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cluster;
  static const TempDir dir;
  const auto archive = dir.path() / "roll.tar.gz";
  const auto folder = dir.path() / "in";
  std::filesystem::create_directory(folder);
  std::ofstream(archive) << gzip_of(tar_of(text_of(data, size)));
  may_refuse([&] {
    rolls::unpack(archive, folder, 100);
    rolls::find_roll_folder(folder);
  });
  for (const auto& one : std::filesystem::recursive_directory_iterator(folder)) {
    if (one.is_symlink() || !(one.is_regular_file() || one.is_directory())) std::abort();
  }
  std::size_t beside = 0;
  for (const auto& one : std::filesystem::directory_iterator(dir.path())) {
    if (one.path() != archive && one.path() != folder) ++beside;
  }
  if (beside != 0) std::abort();
  std::filesystem::remove_all(folder);
  return 0;
}
