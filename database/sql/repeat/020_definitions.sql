-- What validation compares the live functions and views with. Last of all: it is the state that apply leaves.
DELETE FROM security.applied_definitions;
INSERT INTO security.applied_definitions (object, digest)
SELECT d.object, encode(sha256(convert_to(d.definition, 'UTF8')), 'hex') FROM security.definitions() AS d;
