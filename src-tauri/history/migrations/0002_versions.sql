-- The configuration after each save. A version holds what differs from the one before it and nothing else, so that it is small,
-- and so that the newest entry of a value is its blame.
CREATE TABLE configuration_version (
    project    INTEGER NOT NULL REFERENCES project (id),
    number     INTEGER NOT NULL CHECK (number > 0),
    cause      TEXT    NOT NULL,
    created_by TEXT    NOT NULL,
    created    INTEGER NOT NULL,
    note       TEXT,
    PRIMARY KEY (project, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE configuration_entry (
    project INTEGER NOT NULL,
    kind    TEXT    NOT NULL CHECK (kind IN ('variable', 'secret', 'document')),
    subject TEXT    NOT NULL,           -- the env file, the secret's environment, or the document's file
    key     TEXT    NOT NULL,           -- the variable, the secret, or nothing
    version INTEGER NOT NULL,
    held    TEXT,                       -- NULL: it was removed
    PRIMARY KEY (project, kind, subject, key, version),
    FOREIGN KEY (project, version) REFERENCES configuration_version (project, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX configuration_entry_of_version ON configuration_entry (project, version);

-- Texts of documents by their content, each once.
CREATE TABLE configuration_text (
    project INTEGER NOT NULL REFERENCES project (id),
    hash    TEXT    NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (project, hash)
) STRICT, WITHOUT ROWID;

-- From which version of the configuration a deployment was made.
CREATE TABLE deployment_configuration (
    project    INTEGER NOT NULL,
    deployment INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    PRIMARY KEY (project, deployment),
    FOREIGN KEY (project, deployment) REFERENCES deployment (project, number),
    FOREIGN KEY (project, version) REFERENCES configuration_version (project, number)
) STRICT, WITHOUT ROWID;

-- Who saw a secret's value, or took it out of the keychain. Never the value.
CREATE TABLE audit (
    id          INTEGER PRIMARY KEY,
    project     INTEGER NOT NULL REFERENCES project (id),
    at          INTEGER NOT NULL,
    person      TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    environment TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    why         TEXT
) STRICT;

CREATE INDEX audit_of_project ON audit (project, id);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit is only ever appended to');
END;
CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit is only ever appended to');
END;

-- Rotations of secrets, so that one that was left half-way can be taken up again.
CREATE TABLE rotation (
    id          INTEGER PRIMARY KEY,
    project     INTEGER NOT NULL REFERENCES project (id),
    environment TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    old_version INTEGER,                -- NULL: it had no value before
    new_version INTEGER,                -- NULL: the new value is not in the keychain yet
    started_by  TEXT    NOT NULL,
    started     INTEGER NOT NULL,
    ended       INTEGER,                -- NULL: it goes on
    done        INTEGER CHECK (done IN (0, 1))  -- 0: it was given up
) STRICT;

CREATE UNIQUE INDEX rotation_open ON rotation (project, environment, name) WHERE ended IS NULL;
