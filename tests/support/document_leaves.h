#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>

namespace cluster {

/// What is different between two <domain> elements: a line for each attribute and text, "lost
/// /domain/title=licences". PCI controllers are left out, as a card may bring a port, and so is the
/// card that is at bus `card_bus` of the host.
std::string differences_beside_card(pugi::xml_node before, pugi::xml_node after,
                                    std::string_view card_bus);

}  // namespace cluster
