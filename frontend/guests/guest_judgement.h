#pragma once

#include <string>
#include <vector>

#include "core/device_kind.h"
#include "frontend/hosts/agent_json.h"

// What is right and wrong with the cards in a guest, judged by what the guest shows.
namespace cluster::frontend {

/// One function of a card that a VM holds.
struct GivenFunction {
  std::string pci;             ///< on the container, "0000:02:00.0"
  std::string path;            ///< where the guest should find it; "" = the VM runs without it
  bool is_defined = true;      ///< the VM has it from its next start on
  std::string vendor, device;  ///< "10de", "2330"; "" = not known
};

/// A card that a VM holds.
struct GivenCard {
  std::string name;  ///< in the VM, "gpupci1"
  DeviceKind kind = DeviceKind::unknown;
  std::vector<GivenFunction> functions;
};

/// Everything that is known beside what the guest said.
struct GivenCards {
  std::string vm, container;
  std::vector<GivenCard> cards;
  bool wants_gds = false;  ///< roll gds is enabled
};

/// The checks of one guest, in the order of the cards. `said` is the output of guest_facts.sh or
/// guest_facts.ps1 there. Their ids:
///   I2  the card is where it was given       I3  its regions have addresses
///   I4  its driver holds it                  I5  the kernel's log says nothing against it
///   I6  nvidia-smi answers for it            S1 to S7  GPUDirect Storage, by gds-check
std::vector<CheckAnswer> judge_guest(const GivenCards& given, const std::string& said);

}  // namespace cluster::frontend
