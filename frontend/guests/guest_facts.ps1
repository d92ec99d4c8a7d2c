# What a Windows guest shows of its cards, in the manner of guest_facts.sh: it only reads.
"=== os"
(Get-CimInstance Win32_OperatingSystem).Caption
# LOCATION|VENDOR|DEVICE|PROBLEM CODE|DRIVER|NAME|ADDRESS
"=== pnp"
Get-PnpDevice -PresentOnly | Where-Object { $_.InstanceId -like 'PCI\VEN_*' } | ForEach-Object {
  $id = $_.InstanceId
  $paths = (Get-PnpDeviceProperty -InstanceId $id -KeyName DEVPKEY_Device_LocationPaths).Data
  $place = $paths | Where-Object { $_ -like 'PCIROOT*' } | Select-Object -First 1
  $driver = (Get-PnpDeviceProperty -InstanceId $id -KeyName DEVPKEY_Device_DriverVersion).Data
  $bus = (Get-PnpDeviceProperty -InstanceId $id -KeyName DEVPKEY_Device_BusNumber).Data
  $at = (Get-PnpDeviceProperty -InstanceId $id -KeyName DEVPKEY_Device_Address).Data
  $address = ''
  if ($null -ne $bus -and $null -ne $at) {
    $address = '{0:x4}:{1:x2}:{2:x2}.{3:x}' -f ($bus -shr 8), ($bus -band 255), ($at -shr 16), ($at -band 65535)
  }
  $name = "$($_.FriendlyName)" -replace '\|', ' '
  "$place|$($id.Substring(8, 4))|$($id.Substring(17, 4))|$([int]$_.Problem)|$driver|$name|$address"
}
"=== nvidia-smi"
if (Get-Command nvidia-smi -ErrorAction SilentlyContinue) {
  nvidia-smi --query-gpu=pci.bus_id,name,driver_version --format=csv,noheader 2>&1
  "status $LASTEXITCODE"
} else {
  "missing"
}
"=== end"
