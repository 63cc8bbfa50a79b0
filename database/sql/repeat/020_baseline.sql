-- The privileges that later changes are told from. Once: an apply blesses nothing that came since.
INSERT INTO security.privilege_snapshot (privilege)
SELECT p FROM security.current_privileges() AS p WHERE NOT EXISTS (SELECT FROM security.privilege_snapshot);
