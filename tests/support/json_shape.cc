#include "tests/support/json_shape.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <vector>

#include "core/file.h"

namespace cluster {
namespace {

using Json = nlohmann::json;

bool is_of(const Json& value, const std::string& kind) {
  if (kind == "string") return value.is_string();
  if (kind == "integer") return value.is_number_integer();
  if (kind == "number") return value.is_number();
  if (kind == "boolean") return value.is_boolean();
  if (kind == "null") return value.is_null();
  if (kind == "array") return value.is_array();
  EXPECT_EQ(kind, "object") << "this test knows no such type";
  return value.is_object();
}

// Compares a document with what docs/json uses of JSON Schema.
class Shape {
 public:
  explicit Shape(std::string name) : name_(std::move(name)) {}

  void compare(const Json& value, const Json& schema, const std::string& place) const {
    require_known(schema);
    const auto said = [&] { return name_ + ", " + place + ": " + value.dump(); };
    if (schema.contains("type")) {
      const auto& type = schema["type"];
      const auto kinds = type.is_array() ? type.get<std::vector<std::string>>()
                                         : std::vector{type.get<std::string>()};
      const bool is_one =
          std::ranges::any_of(kinds, [&](const std::string& kind) { return is_of(value, kind); });
      EXPECT_TRUE(is_one) << said() << " is not of type " << type;
      if (!is_one) return;
    }
    if (const auto words = schema.value("enum", Json()); !words.is_null()) {
      EXPECT_NE(std::ranges::find(words, value), words.end()) << said() << " is none of " << words;
    }
    if (value.is_string()) {
      const auto& text = value.get_ref<const std::string&>();
      EXPECT_GE(text.size(), schema.value("minLength", 0U)) << said() << " should be null";
      EXPECT_TRUE(std::regex_search(text, std::regex(schema.value("pattern", "")))) << said();
    }
    if (value.is_array()) {
      for (const auto& item : value) compare(item, schema.at("items"), place + "[]");
    }
    if (value.is_object()) compare_object(value, schema, place);
  }

 private:
  void require_known(const Json& schema) const {
    static const std::set<std::string> kKnown{
        "$schema",  "title",      "description", "type",    "items",    "additionalProperties",
        "required", "properties", "enum",        "pattern", "minLength"};
    for (const auto& [key, value] : schema.items()) {
      EXPECT_TRUE(kKnown.contains(key)) << name_ << ": this test knows no " << key;
    }
  }

  void compare_object(const Json& object, const Json& schema, const std::string& place) const {
    EXPECT_EQ(schema.at("additionalProperties"), false) << name_ << ", " << place;
    for (const auto& key : schema.at("required")) {
      EXPECT_TRUE(object.contains(key.get<std::string>())) << name_ << ", " << place << ": " << key;
    }
    for (const auto& [key, value] : object.items()) {
      const bool is_known = schema.at("properties").contains(key);
      EXPECT_TRUE(is_known) << name_ << ", " << place << ": " << key << " is in no schema";
      if (is_known) compare(value, schema["properties"][key], place + "." + key);
    }
  }

  std::string name_;
};

}  // namespace

void expect_shape(const std::string& printed, const std::string& name) {
  const auto schema = read_file(JSON_SCHEMAS "/" + name + ".json");
  ASSERT_TRUE(schema) << "docs/json has no " << name;
  const auto document = Json::parse(printed, nullptr, false);
  ASSERT_FALSE(document.is_discarded()) << name << " is no JSON: " << printed;
  EXPECT_NE(document, Json::array()) << "an empty list of " << name << " shows no shape";
  Shape(name).compare(document, Json::parse(*schema), "");
}

}  // namespace cluster
