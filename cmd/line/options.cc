#include "cmd/line/options.h"

#include <utility>

namespace cluster::cmd {

Variable::Variable(std::string& one) : pointer(&one) {}
Variable::Variable(std::optional<std::string>& one) : pointer(&one) {}
Variable::Variable(std::vector<std::string>& all) : pointer(&all) {}

bool Variable::is_list() const {
  return std::holds_alternative<std::vector<std::string>*>(pointer);
}

Option& Option::or_key(std::string other_name) {
  key = std::move(other_name);
  return *this;
}

Option& Option::required() {
  is_required = true;
  return *this;
}

Option& Options::argument(std::string name, Variable variable, std::string help) {
  return all_.emplace_back(Option{std::move(name), "", std::move(help), variable});
}

Option& Options::key(std::string key, Variable variable, std::string help) {
  return all_.emplace_back(Option{"", std::move(key), std::move(help), variable});
}

}  // namespace cluster::cmd
