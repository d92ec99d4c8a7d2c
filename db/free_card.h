#pragma once

// This is only for the files of db/.
namespace cluster::db {

/// What free_card is to say, for `WHERE ... GROUP BY 1, 2, 3` behind it; SELECT in both engines.
inline constexpr const char* kFreeCardsNow = R"sql(
    SELECT free_gpu.host, free_gpu.model, coalesce(free_gpu.numa_node, -1),
           CAST(count(*) AS INTEGER)
    FROM free_gpu JOIN host ON host.name = free_gpu.host AND host.appliance = 'vm-container' )sql";

}  // namespace cluster::db
