-- Whether the commands that the project's files name may run on this machine: when a person said so, and who. NULL: nobody has yet.
ALTER TABLE project ADD COLUMN trusted INTEGER;
ALTER TABLE project ADD COLUMN trusted_by TEXT CHECK ((trusted IS NULL) = (trusted_by IS NULL));
-- Where something was deployed, commands were run for a person who wanted it.
UPDATE project SET (trusted, trusted_by) =
    (SELECT started, started_by FROM deployment WHERE deployment.project = project.id ORDER BY number LIMIT 1);
