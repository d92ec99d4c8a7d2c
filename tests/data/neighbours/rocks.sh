#!/bin/bash
# rocks dump
/opt/rocks/bin/rocks add network private subnet=10.2.0.0 netmask=255.255.0.0 mtu=1500
/opt/rocks/bin/rocks "add host" vm-container-1-3 cpus=48 rack=1 rank=3 membership=VM\ Container os=linux
/opt/rocks/bin/rocks set host runaction vm-container-1-3 action=os
/opt/rocks/bin/rocks "add host" compute-1-0 cpus=16 rack=1 rank=0 membership=Compute os=linux
/opt/rocks/bin/rocks "add host" nas-1-0 cpus=8 rack=1 rank=0 membership='NAS Appliance' os=linux
/opt/rocks/bin/rocks "add host" render-1 cpus=8 rack=1 rank=7 membership=Hosted\ VM os=linux
/opt/rocks/bin/rocks add host interface vm-container-1-3 eno2 ip=131.10.4.3 subnet=public
/opt/rocks/bin/rocks add host interface vm-container-1-3 eno1
/opt/rocks/bin/rocks set host interface ip vm-container-1-3 eno1 10.2.255.250
/opt/rocks/bin/rocks set host interface mac vm-container-1-3 eno1 ac:1f:6b:00:10:01
/opt/rocks/bin/rocks set host interface subnet vm-container-1-3 eno1 private
/opt/rocks/bin/rocks add host interface render-1 eth0
/opt/rocks/bin/rocks set host interface ip render-1 eth0 10.2.255.249
/opt/rocks/bin/rocks set host interface mac render-1 eth0 7a:77:6e:00:00:05
/opt/rocks/bin/rocks set host interface subnet render-1 eth0 private
/opt/rocks/bin/rocks set host vm render-1 physnode='vm-container-1-3' disk='file:/export/vm/render-1.vda,vda,virtio file:/export/vm/render-1.vdb,vdb,virtio' disksize='40 200' mem='16384' slice='2' virt-type='hvm'
/opt/rocks/bin/rocks add host attr render-1 gpupci1 pci_0000_81_00_0
/opt/rocks/bin/rocks add host attr vm-container-1-3 gpupci1 pci_0000_81_00_0
/opt/rocks/bin/rocks add host attr vm-container-1-3 gpupci2 pci_0000_c1_00_0
/opt/rocks/bin/rocks add host attr compute-1-0 scratch '/state/partition1 and more'
/opt/rocks/bin/rocks add attr Info_ClusterName hydra
/opt/rocks/bin/rocks add appliance attr compute sge true
/opt/rocks/bin/rocks add roll kvm 6.2 x86_64 enabled=true os=linux
