#include "tests/ssh/server.h"
