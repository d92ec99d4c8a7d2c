#include "virt/domain_places.h"

#include <gtest/gtest.h>

#include "virt/domain_tree.h"

namespace cluster::virt {
namespace {

std::string controller(int index, const std::string& model, int bus, int slot, int function = 0) {
  return "<controller type='pci' index='" + std::to_string(index) + "' model='" + model +
         "'><address type='pci' bus='" + std::to_string(bus) + "' slot='" + std::to_string(slot) +
         "' function='" + std::to_string(function) + "'/></controller>";
}

std::map<int, int> buses(const std::string& controllers) {
  pugi::xml_document document;
  read_domain(document, "<domain><devices><controller type='pci' index='0' model='pcie-root'/>" +
                            controllers + "</devices></domain>");
  return guest_buses(document.child("domain"));
}

using Buses = std::map<int, int>;

TEST(GuestBuses, AreNumberedBySlotAndFunctionAndNotByIndex) {
  EXPECT_EQ(buses(""), (Buses{{0, 0}}));
  EXPECT_EQ(buses(controller(1, "pcie-root-port", 0, 3) + controller(2, "pcie-root-port", 0, 2, 1) +
                  controller(3, "pcie-root-port", 0, 2)),
            (Buses{{0, 0}, {3, 1}, {2, 2}, {1, 3}}));
}

TEST(GuestBuses, AreNumberedDepthFirst) {
  EXPECT_EQ(buses(controller(1, "pcie-root-port", 0, 2) + controller(2, "pcie-root-port", 0, 3) +
                  controller(3, "pcie-switch-upstream-port", 1, 0) +
                  controller(4, "pcie-switch-downstream-port", 3, 1) +
                  controller(5, "pcie-switch-downstream-port", 3, 0)),
            (Buses{{0, 0}, {1, 1}, {3, 2}, {5, 3}, {4, 4}, {2, 5}}));
}

TEST(GuestBuses, CountFromTheNumberOfAnExpander) {
  const std::string expander =
      "<controller type='pci' index='4' model='pcie-expander-bus'><target busNr='128'/>"
      "<address type='pci' bus='0' slot='4' function='0'/></controller>";
  EXPECT_EQ(buses(expander + controller(1, "pcie-root-port", 0, 5) +
                  controller(7, "pcie-root-port", 4, 0)),
            (Buses{{0, 0}, {1, 1}, {4, 128}, {7, 129}}));
}

TEST(GuestBuses, LeaveOutWhatNothingLeadsTo) {
  EXPECT_EQ(buses(controller(1, "pcie-root-port", 9, 0)), (Buses{{0, 0}}));
  EXPECT_EQ(buses(controller(1, "pcie-root-port", 2, 0) + controller(2, "pcie-root-port", 1, 0)),
            (Buses{{0, 0}}));
}

WantedSlot wanted(const std::string& xml) {
  pugi::xml_document document;
  read_domain(document, "<domain><devices>" + xml + "</devices></domain>");
  return wanted_slot(elements(document.child("domain").child("devices")).front());
}

TEST(WantedSlot, IsAPortForDevicesOfPciExpress) {
  for (const char* xml : {"<interface><model type='virtio'/></interface>",
                          "<interface><model type='e1000e'/></interface>",
                          "<interface><model type='pcnet'/></interface>",
                          "<interface type='hostdev'/>",
                          "<interface type='vdpa'/>",
                          "<disk><target bus='virtio'/></disk>",
                          "<hostdev type='pci'/>",
                          "<hostdev type='mdev'/>",
                          "<hostdev type='scsi_host'/>",
                          "<controller type='scsi' model='virtio-scsi'/>",
                          "<controller type='virtio-serial'/>",
                          "<controller type='usb' model='qemu-xhci'/>",
                          "<controller type='nvme'/>",
                          "<memballoon model='virtio'/>",
                          "<rng model='virtio'/>",
                          "<vsock/>",
                          "<filesystem/>",
                          "<input type='mouse' bus='virtio'/>",
                          "<video><model type='bochs'/></video>",
                          "<sound model='virtio'/>",
                          "<memory model='virtio-mem'/>",
                          "<rng model='virtio-non-transitional'/>"}) {
    EXPECT_EQ(wanted(xml), WantedSlot::port) << xml;
  }
}

TEST(WantedSlot, IsConventionalForOlderOnes) {
  for (const char* xml : {"<interface/>", "<interface><model type='RTL8139'/></interface>",
                          "<interface><model type='e1000'/></interface>",
                          "<interface><model type='virtio-transitional'/></interface>",
                          "<video><model type='vga'/></video>", "<sound model='ich6'/>",
                          "<watchdog model='i6300esb'/>", "<shmem name='s'/>",
                          "<controller type='usb' model='ehci'/>", "<controller type='usb'/>",
                          "<controller type='scsi' model='lsilogic'/>",
                          "<controller type='sata' index='1'/>", "<crypto/>", "<pstore/>"}) {
    EXPECT_EQ(wanted(xml), WantedSlot::conventional) << xml;
  }
}

TEST(WantedSlot, IsNoneForWhatIsNotOnPci) {
  for (const char* xml :
       {"<disk><target bus='sata'/></disk>", "<disk><target bus='usb'/></disk>",
        "<hostdev type='usb'/>", "<interface><model type='usb-net'/></interface>",
        "<input type='tablet' bus='usb'/>", "<sound model='ich9'/>",
        "<video><model type='ramfb'/></video>", "<memballoon model='none'/>",
        "<controller type='usb' model='none'/>", "<watchdog model='itco'/>", "<tpm/>", "<panic/>",
        "<redirdev bus='usb'/>", "<memory model='dimm'/>"}) {
    EXPECT_EQ(wanted(xml), WantedSlot::none) << xml;
  }
}

}  // namespace
}  // namespace cluster::virt
