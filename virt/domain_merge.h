#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cluster::virt {

/// What was said at the last define of a domain, and what libvirt made of it.
struct Agreement {
  std::string rendered;  ///< a text of domain_xml(): what we may change or take away
  /// libvirt's inactive document right after that define; nothing when it was lost
  std::optional<std::string> defined;
};

/// What is to become of what the host changed and the inventory speaks of.
enum class Keep {
  ask,     ///< it is refused, and shown
  theirs,  ///< it stays, and the inventory is content with it
  ours,    ///< it becomes what the inventory says
};

/// Something that is not everywhere the same.
struct MergeDifference {
  enum class Kind {
    change,  ///< a define would change it
    drift,   ///< the host changed what the inventory speaks of
    kept,    ///< the host changed or added it, the inventory says nothing of it, and it stays
  };
  enum class Who {
    inventory,
    follows,  ///< goes with a change of the inventory, which said nothing of it
    host,
    both,
  };
  Kind kind;
  Who who;
  std::string path;  ///< "domain/devices/disk[vda]/source@file", "domain/memory"
  /// Of a change: what libvirt has. Of drift: what the inventory says. Of kept: what was agreed.
  std::optional<std::string> old;
  /// Of a change: what it becomes. Of drift and kept: what the host has.
  std::optional<std::string> now;
  std::optional<std::string> agreed;  ///< of drift: what it was at the last define
};

/// The outcome of a merge. Sizes are in KiB, as libvirt writes them.
struct Merged {
  /// The document to define; nothing when there is a refusal, or drift and Keep::ask.
  std::optional<std::string> document;
  std::vector<MergeDifference> differences;  ///< in the order of the document
  std::vector<std::string> refusals;         ///< what no Keep settles, and why

  /// True if a define would change something.
  bool changes() const;
  /// True if the host changed what the inventory speaks of.
  bool drifted() const;
};

/// The document that says of a domain what the inventory says now and keeps everything else that
/// libvirt has: what only libvirt's document has stays, what we changed is changed, what we no
/// longer say goes, and what both changed is drift. Guest addresses are kept while a device is
/// behind the same controller, and so are the numbers of the guest's buses, which firmware gives
/// depth first. `agreed`: null when nothing is known of an earlier define, and then every
/// difference is drift. `theirs`: libvirt's inactive document, with VIR_DOMAIN_XML_SECURE. `ours`:
/// a text of domain_xml(). Our fingerprint in <metadata> is no difference, and not in the document.
/// Throws Error(io) when one of the texts is no domain document.
Merged merge(const Agreement* agreed, const std::string& theirs, const std::string& ours,
             Keep keep);

/// The paths of what `ours` says and `defined`, libvirt's document right after the define of it,
/// lacks: this libvirt is too old for it. Throws as merge().
std::vector<std::string> unheard(const std::string& ours, const std::string& defined);

/// The paths of the devices that `running`, the document of a domain as it runs, has and
/// `configured`, that of its next start, has not: somebody plugged them in, or took them out of the
/// latter. Throws as merge().
std::vector<std::string> only_running(const std::string& running, const std::string& configured);

/// `document` with the fingerprint of `rendering`, which domain_xml() made, in its <metadata>: it
/// tells later of what the document was made. Throws as merge().
std::string with_fingerprint(const std::string& document, const std::string& rendering);

/// `document` without our fingerprint. Throws as merge().
std::string without_fingerprint(const std::string& document);

/// A document of libvirt without the passwords of its screens, which are not to lie about.
std::string without_passwords(std::string xml);

/// The folder with the state of the TPM that libvirt emulates for a domain; nothing when it has
/// none, or one of the host's. Throws as merge().
std::optional<std::string> tpm_state(const std::string& document);

/// What a domain has on its host beside its document and its disks, in words and as a path:
/// {"its UEFI variables", "/var/lib/libvirt/qemu/nvram/vm-1_VARS.fd"}. An undefine leaves it there.
/// Throws as merge().
std::vector<std::pair<std::string, std::string>> state_beside(const std::string& document);

/// What a person types so that libvirt forgets the domain `name` and that state stays:
/// "virsh undefine vm-1 --keep-nvram --keep-tpm". Throws as merge().
std::string undefine_words(const std::string& document, const std::string& name);

}  // namespace cluster::virt
