// SPDX-License-Identifier: GPL-2.0
// A driver that does what no friendly one does, for the tests of the lab: it refuses a function, or never lets
// go of one. Its parameters are addresses ("0000:04:00.1"), and can be written while the machine runs:
//   refuse   probe answers -EBUSY for this function
//   hold     remove does not return while this function is named here; its task cannot be killed meanwhile
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/string.h>

static char refuse[16];
module_param_string(refuse, refuse, sizeof(refuse), 0644);
static char hold[16];
module_param_string(hold, hold, sizeof(hold), 0644);

static bool names(const char *parameter, struct pci_dev *dev)
{
	// A write by `echo` has a newline.
	return sysfs_streq(parameter, pci_name(dev));
}

static int stubborn_probe(struct pci_dev *dev, const struct pci_device_id *id)
{
	return names(refuse, dev) ? -EBUSY : 0;
}

static void stubborn_remove(struct pci_dev *dev)
{
	while (names(hold, dev))
		msleep(50);
}

static const struct pci_device_id stubborn_ids[] = {
	{ PCI_DEVICE(0x1b36, 0x0005) }, // QEMU's pci-testdev, which no driver of Linux wants
	{ }
};

static struct pci_driver stubborn_driver = {
	.name = "stubborn",
	.id_table = stubborn_ids,
	.probe = stubborn_probe,
	.remove = stubborn_remove,
};
module_pci_driver(stubborn_driver);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A PCI driver that refuses or never lets go");
