-- What a project is, whatever its name and its folder are: the keychain's entries are kept under it. 128 random bits in hexadecimal.
ALTER TABLE project ADD COLUMN identity TEXT;
UPDATE project SET identity = lower(hex(randomblob(16)));
CREATE UNIQUE INDEX project_identity ON project (identity);
CREATE TRIGGER project_gets_an_identity AFTER INSERT ON project WHEN new.identity IS NULL
BEGIN
    UPDATE project SET identity = lower(hex(randomblob(16))) WHERE id = new.id;
END;
CREATE TRIGGER project_keeps_its_identity BEFORE UPDATE OF identity ON project WHEN old.identity IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'a project keeps its identity');
END;

-- 1: the keychain has the value under the project's name, as it was before projects had an identity. Another folder's project may
-- have that name, too.
ALTER TABLE secret_version ADD COLUMN by_name INTEGER NOT NULL DEFAULT 0 CHECK (by_name IN (0, 1));
UPDATE secret_version SET by_name = 1 WHERE fingerprint IS NOT NULL;
