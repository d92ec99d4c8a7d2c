#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cluster::rolls {

/// The values of the names in a template.
using TemplateValues = std::map<std::string, std::string, std::less<>>;

/// Checks a file with `{{ name }}` in it: each name must be one of `names`, and each `{{` must be
/// closed on its line. With `whole_lines` the file must also end with a line end, as a script has
/// to carry it. `shown` is the file in messages. Throws Error(usage) with line and column.
void check_placeholders(const std::string& text, const std::string& shown,
                        const std::vector<std::string>& names, bool whole_lines);

/// `text` with every `{{ name }}` replaced by `spell` of its value. Throws Error(usage) when a name
/// has no value.
std::string filled(const std::string& text, const std::string& shown, const TemplateValues& values,
                   const std::function<std::string(const std::string&)>& spell);

/// `value` as text of an XML element or attribute.
std::string xml_text(const std::string& value);

}  // namespace cluster::rolls
