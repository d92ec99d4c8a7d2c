#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cluster::rolls {

/// What the names in a template stand for.
using Values = std::map<std::string, std::string, std::less<>>;

/// Checks a file with `{{ name }}` in it: that each name is one of `names`, and each `{{` is closed
/// on its line. `whole_lines`: also that it ends with a line end, as a script has to carry it.
/// `shown` is the file in messages. Throws Error(usage) with line and column.
void check_placeholders(const std::string& text, const std::string& shown,
                        const std::vector<std::string>& names, bool whole_lines);

/// `text` with every `{{ name }}` replaced by `spell` of its value. Throws Error(usage) on a name
/// that has none.
std::string filled(const std::string& text, const std::string& shown, const Values& values,
                   const std::function<std::string(const std::string&)>& spell);

/// `value` as text of an XML element or attribute.
std::string xml_text(const std::string& value);

}  // namespace cluster::rolls
