#!/bin/bash
# driver_refuses_test.sh HOST: a driver does not take a function, on the way to the VMs and on the way back.
set -euo pipefail
# shellcheck source=tests/lab/assert.sh
. "$(dirname "$0")/assert.sh"

fresh_cards sysfs

# The driver for VMs refuses the second function. The first one has already changed its driver, and comes back.
settings 'stub_driver: stubborn'
stubborn refuse 0000:02:00.1
agent -d gpupci1
expect_status 1
expect_no_out
expect_err 'gpupci: cannot detach gpupci1: 0000:02:00.1 has no driver, want stubborn; put back: 0000:02:00.1 on snd_hda_intel, 0000:02:00.0 on bochs-drm'
expect_attached
run guest 'ls -A /var/lib/gpupci; cat /sys/bus/pci/devices/0000:02:00.*/driver_override'
expect_done <<'END'
names.json
(null)
(null)
END

# Without a refusal the same card is detached.
stubborn refuse
agent -d gpupci1
expect_done <<'END'
Detached GPU card 'gpupci1' video device 0000:02:00.0
Detached GPU card 'gpupci1' audio device 0000:02:00.1
END

# The host's own driver does not take its card back. gpupci says so, and keeps its record of the card.
fresh_cards sysfs
settings 'devices: ["1b36:0005"]' 'functions: {"8086:2668": card}'
agent -d gpupci3
expect_done <<'END'
Detached GPU card 'gpupci3' function device 0000:04:00.0
Detached GPU card 'gpupci3' audio device 0000:04:00.1
END
stubborn refuse 0000:04:00.0
for again in -a -a --restore; do
  agent "$again $([[ $again == --restore ]] || echo gpupci3)"
  expect_status 1
  expect_out <<'END'
Not reattaching associated audio device 0000:04:00.1
END
  expect_err 'gpupci3: function device 0000:04:00.0: it has no driver, before it was on stubborn (is that module loaded?)'
done
agent -s gpupci3
expect_done <<'END'
GPU card 'gpupci3' function device 0000:04:00.0 is not linked to a driver
GPU card 'gpupci3' audio device 0000:04:00.1 is linked to bus/pci/drivers/vfio-pci driver
END
stubborn refuse
agent -a gpupci3
expect_done <<'END'
Attached function card 0000:04:00.0 of gpupci3
Attached audio card 0000:04:00.1 of gpupci3
END
run guest 'ls -A /var/lib/gpupci'
expect_done <<<names.json
