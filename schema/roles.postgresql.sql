-- Who may what. It is carried out after each migration, in the schema `cluster`, as the role cluster_owner. People are
-- members of one of these roles, which nobody logs in with:
--   cluster_owner     the schema and its upgrades
--   cluster_operator  all of the inventory
--   cluster_delegate  gives cards to VMs and takes them back, where the attribute `owner` of the VM or of its container
--                     names the role that logged in; reads everything
--   cluster_reader    reads everything
GRANT USAGE ON SCHEMA cluster TO cluster_reader, cluster_operator, cluster_delegate;
GRANT SELECT ON ALL TABLES IN SCHEMA cluster TO cluster_reader, cluster_operator, cluster_delegate;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA cluster FROM PUBLIC;
GRANT EXECUTE ON FUNCTION json_extract(text, text) TO cluster_reader, cluster_operator, cluster_delegate;

GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA cluster TO cluster_operator;
REVOKE INSERT, UPDATE, DELETE ON schema_version, turn, change, change_row, change_now FROM cluster_operator;
GRANT INSERT, UPDATE, DELETE ON vm_gpu, vm_definition, domain_device, domain_capability TO cluster_delegate;
GRANT DELETE ON turn TO cluster_operator, cluster_delegate;  -- what LOCK TABLE asks for
