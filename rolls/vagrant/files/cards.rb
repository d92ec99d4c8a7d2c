# The cards of {{ host }}, from the inventory of the frontend. In a Vagrantfile:
#   load '/etc/vagrant/cards.rb'
#   config.vm.provider :libvirt do |v|
#     give_card(v, '0000:02:00.0')
#   end
CARDS = '{{ cards }}'.split
FUNCTIONS = '{{ functions }}'.split

# All functions of the card at that address, as `cluster report host gpu format=vagrant` prints them.
def give_card(v, card)
  raise "#{card} is no card of {{ host }} (want one of #{CARDS.join(' ')})" unless CARDS.include?(card)
  FUNCTIONS.each do |function|
    next unless function.rpartition('.').first == card.rpartition('.').first
    domain, bus, slot, number = function.split(/[:.]/)
    v.pci :domain => "0x#{domain}", :bus => "0x#{bus}", :slot => "0x#{slot}", :function => "0x#{number}"
  end
end
