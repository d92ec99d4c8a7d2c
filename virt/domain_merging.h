#pragma once

#include <array>
#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "virt/domain_groups.h"
#include "virt/domain_merge.h"

// A merge while it is made. Only virt/ includes this header.

namespace cluster::virt {

/// A guest address of ours that has to become one of libvirt's document.
struct AddressMove {
  pugi::xml_node device;
  pugi::xml_node address;           ///< of `device`
  pugi::xml_node ours;              ///< the address in our document
  std::optional<std::string> path;  ///< of a device that was there: where to tell of it
  std::optional<std::string> old;
};

/// What the parts of a merge share. `theirs` becomes the result. What is taken out of it is kept
/// aside in the same document, so that no node is ever invalid.
struct Merging {
  Merging(const Agreement* agreed, const std::string& theirs, const std::string& ours, Keep word);

  const Keep keep;
  const bool lost;                              ///< nobody knows what was said before
  const bool known;                             ///< nor how libvirt read it: there is a `defined`
  std::array<pugi::xml_document, 5> documents;  // rendered, defined, theirs, ours, before
  Quad roots;             ///< <domain> of each; `rendered` is empty when nothing is agreed
  pugi::xml_node before;  ///< theirs as it was
  /// The devices of theirs, and what each was.
  std::vector<std::pair<pugi::xml_node, pugi::xml_node>> origins;
  Merged result;
  /// True in a device that the inventory says now, and that somebody has made on the host before:
  /// then what the two say otherwise is asked.
  bool of_host_alone = false;
  std::vector<std::pair<pugi::xml_node, pugi::xml_node>>
      fresh;  ///< copied from ours, and its origin
  std::vector<AddressMove> moving;
  std::vector<pugi::xml_node> spare_ports;  ///< controllers of ours that came, for hot-plug
  std::vector<pugi::xml_node> kept_ports;   ///< controllers that we no longer say

  pugi::xml_node devices() const { return roots.theirs.child("devices"); }
  pugi::xml_node our_devices() const { return roots.ours.child("devices"); }

  /// What a device of theirs was before the merge; null when it is new.
  pugi::xml_node origin(pugi::xml_node device) const;

  void changed(std::string path, std::optional<std::string> old, std::optional<std::string> now,
               MergeDifference::Who who);

  /// A change that follows from one of the inventory.
  void follows(std::string path, std::optional<std::string> old, std::optional<std::string> now) {
    changed(std::move(path), std::move(old), std::move(now), MergeDifference::Who::follows);
  }

  /// Takes an element out of theirs.
  void take(pugi::xml_node element);

  /// take(), told as something that follows: "<tag>" goes.
  void take_with(const std::string& path, pugi::xml_node element);
};

/// The namespace of our own element in <metadata>.
inline constexpr std::string_view kOurNamespace = "urn:rollcall:config";

/// Takes our own element out of <metadata>, and that when nothing else is in it.
void forget_fingerprint(pugi::xml_node root);

/// "domain/devices/disk[vda]" of a device.
std::string device_path(pugi::xml_node device);

/// "<disk>".
std::string tag_of(pugi::xml_node element);

/// The text of an element that may be absent or empty.
std::optional<std::string> text_if_any(pugi::xml_node element);

}  // namespace cluster::virt
