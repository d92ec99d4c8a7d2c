#include "frontend/vms/iso_volume.h"

#include <algorithm>
#include <cstdint>

#include "core/text.h"

namespace cluster::frontend {
namespace {

constexpr std::size_t kSector = 2048;
constexpr unsigned kByte = 8;

// The sectors of the volume. The first 16 belong to no file system.
enum Sector : std::uint32_t {
  kPrimary = 16,
  kJoliet,
  kEnd,
  kPathsLittle,
  kPathsBig,
  kJolietPathsLittle,
  kJolietPathsBig,
  kRoot,
  kJolietRoot,
  kFirstFile,
};

// Text of one of the two descriptors: ASCII, or Joliet's UCS-2.
enum class Names { ascii, joliet };

void put_big(std::string& out, std::uint32_t value, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) out += static_cast<char>(value >> kByte * i & 0xffU);
}

void put_little(std::string& out, std::uint32_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(value >> kByte * i & 0xffU);
}

void put_both(std::string& out, std::uint32_t value, unsigned bytes) {
  put_little(out, value, bytes);
  put_big(out, value, bytes);
}

std::string spelled(const std::string& text, Names names) {
  if (names == Names::ascii) return text;
  std::string wide;
  for (const char c : text) wide.append({'\0', c});
  return wide;
}

void put_text(std::string& out, const std::string& text, std::size_t size, Names names) {
  auto field = spelled(text, names);
  while (field.size() < size) field += spelled(" ", names);
  out += field.substr(0, size);
}

void pad(std::string& out) { out.resize((out.size() + kSector - 1) / kSector * kSector, '\0'); }

// A directory record, ECMA-119 9.1. Linux shows the name USER-DATA.;1 as user-data.
std::string record(const std::string& name, std::uint32_t sector, std::size_t size, bool folder) {
  constexpr unsigned kFolder = 2;
  constexpr std::size_t kFixed = 33;
  std::string out;
  const bool padded = name.size() % 2 == 0;
  out += static_cast<char>(kFixed + name.size() + (padded ? 1 : 0));
  out += '\0';
  put_both(out, sector, 4);
  put_both(out, static_cast<std::uint32_t>(size), 4);
  out.append({70, 1, 1, 0, 0, 0, 0});  // 1970-01-01
  out += static_cast<char>(folder ? kFolder : 0);
  out.append(2, '\0');
  put_both(out, 1, 2);
  out += static_cast<char>(name.size());
  out += name;
  if (padded) out += '\0';
  return out;
}

std::string name_of(const std::string& file, Names names) {
  if (names == Names::joliet) return spelled(file + ";1", names);
  return upper(file) + ".;1";
}

std::string folder(const std::vector<IsoFile>& files, std::uint32_t root, Names names) {
  auto out = record(std::string(1, '\0'), root, kSector, true) +
             record(std::string(1, '\1'), root, kSector, true);
  std::uint32_t at = kFirstFile;
  for (const auto& [name, text] : files) {
    out += record(name_of(name, names), at, text.size(), false);
    at += static_cast<std::uint32_t>((text.size() + kSector - 1) / kSector);
  }
  return out;
}

// A volume descriptor, ECMA-119 8.4 and 8.5.
std::string descriptor(const std::string& label, std::uint32_t sectors, Names names) {
  constexpr std::size_t kPathsSize = 10;
  const bool joliet = names == Names::joliet;
  std::string out(1, joliet ? '\2' : '\1');
  out += "CD001";
  out.append({1, 0});
  put_text(out, "", 32, names);
  put_text(out, label, 32, names);
  out.append(8, '\0');
  put_both(out, sectors, 4);
  out += joliet ? "%/E" : std::string(3, '\0');  // UCS-2, level 3
  out.append(29, '\0');
  put_both(out, 1, 2);
  put_both(out, 1, 2);
  put_both(out, kSector, 2);
  put_both(out, kPathsSize, 4);
  put_little(out, joliet ? kJolietPathsLittle : kPathsLittle, 4);
  out.append(4, '\0');
  put_big(out, joliet ? kJolietPathsBig : kPathsBig, 4);
  out.append(4, '\0');
  out += record(std::string(1, '\0'), joliet ? kJolietRoot : kRoot, kSector, true);
  for (const std::size_t size : {128U, 128U, 128U, 128U, 37U, 37U, 37U})
    put_text(out, "", size, names);
  for (int date = 0; date < 4; ++date) out += std::string(16, '0') + '\0';
  out += '\1';
  pad(out);
  return out;
}

std::string path_table(std::uint32_t root, bool big) {
  std::string out{1, 0};
  (big ? put_big : put_little)(out, root, 4);
  (big ? put_big : put_little)(out, 1, 2);
  out.append(2, '\0');
  pad(out);
  return out;
}

}  // namespace

std::string iso_volume(const std::string& label, std::vector<IsoFile> files) {
  std::ranges::sort(files);
  std::uint32_t sectors = kFirstFile;
  for (const auto& [name, text] : files) {
    sectors += static_cast<std::uint32_t>((text.size() + kSector - 1) / kSector);
  }
  std::string out(kPrimary * kSector, '\0');
  for (const auto names : {Names::ascii, Names::joliet}) out += descriptor(label, sectors, names);
  out += '\xff';
  out += "CD001\1";
  pad(out);
  for (const auto root : {kRoot, kJolietRoot}) {
    for (const bool big : {false, true}) out += path_table(root, big);
  }
  for (const auto names : {Names::ascii, Names::joliet}) {
    out += folder(files, names == Names::ascii ? kRoot : kJolietRoot, names);
    pad(out);
  }
  for (const auto& [name, text] : files) {
    out += text;
    pad(out);
  }
  return out;
}

}  // namespace cluster::frontend
