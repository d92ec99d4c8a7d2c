# What a Windows guest shows of its cards, in the manner of guest_facts.sh: it only reads.
"=== os"
(Get-CimInstance Win32_OperatingSystem).Caption
# LOCATION|VENDOR|DEVICE|PROBLEM CODE|DRIVER|NAME
"=== pnp"
Get-PnpDevice -PresentOnly | Where-Object { $_.InstanceId -like 'PCI\VEN_*' } | ForEach-Object {
  $id = $_.InstanceId
  $paths = (Get-PnpDeviceProperty -InstanceId $id -KeyName DEVPKEY_Device_LocationPaths).Data
  $place = $paths | Where-Object { $_ -like 'PCIROOT*' } | Select-Object -First 1
  $driver = (Get-PnpDeviceProperty -InstanceId $id -KeyName DEVPKEY_Device_DriverVersion).Data
  "$place|$($id.Substring(8, 4))|$($id.Substring(17, 4))|$([int]$_.Problem)|$driver|$($_.FriendlyName)"
}
"=== nvidia-smi"
if (Get-Command nvidia-smi -ErrorAction SilentlyContinue) {
  nvidia-smi --query-gpu=pci.bus_id,name,driver_version --format=csv,noheader 2>&1
  "status $LASTEXITCODE"
} else {
  "missing"
}
"=== end"
