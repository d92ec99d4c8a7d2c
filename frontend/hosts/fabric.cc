#include "frontend/hosts/fabric.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/text.h"
#include "frontend/hosts/bounded_json.h"

namespace cluster::frontend {
namespace {

// The fabric manager writes "00000000:B4:00.0", and "" of a GPU that it cannot see.
std::optional<PciAddress> card_of_fabric(const std::string& text) {
  const auto colon = text.find(':');
  if (colon == std::string::npos || colon < 4) return std::nullopt;
  try {
    return PciAddress::parse(lower(text.substr(colon - 4)));
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::vector<FabricPartition> partitions_of(const AgentAnswer& answer) {
  std::vector<FabricPartition> all;
  try {
    const auto list = nlohmann::json::parse(bounded_json(answer.out));
    for (const auto& one : list.at("partitionInfo")) {
      auto& partition = all.emplace_back();
      partition.id = one.at("partitionId").get<int>();
      partition.active = one.at("isActive").get<int>() != 0;
      partition.gpus = one.at("numGpus").get<int>();
      for (const auto& gpu : one.at("gpuInfo")) {
        const auto card = card_of_fabric(gpu.value("pciBusId", ""));
        if (card) partition.cards.push_back(*card);
      }
    }
  } catch (const nlohmann::json::exception&) {
    auto said = std::string(trim(answer.out + answer.err));
    said = said.substr(0, said.find('\n'));
    throw Error(Fault::io, "F2: fmpm -l does not list partitions: " +
                               quote(said.empty() ? "no reason given" : said) +
                               " (want fmpm there, and FABRIC_MODE=1 in fabricmanager.cfg)");
  }
  return all;
}

}  // namespace cluster::frontend
