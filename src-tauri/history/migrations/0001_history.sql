-- Times are milliseconds since 1970. A word column holds exactly the words of the model's types.

CREATE TABLE project (
    id      INTEGER PRIMARY KEY,
    path    TEXT    NOT NULL UNIQUE,
    name    TEXT    NOT NULL,
    opened  INTEGER NOT NULL,
    -- A forgotten project keeps its deployments and is only left out of the list.
    hidden  INTEGER NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1))
) STRICT;

CREATE TABLE deployment (
    id          INTEGER PRIMARY KEY,
    project     INTEGER NOT NULL REFERENCES project (id),
    number      INTEGER NOT NULL CHECK (number > 0),
    environment TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    result      TEXT,               -- NULL while it runs
    target      INTEGER,
    started_by  TEXT    NOT NULL,
    owner       TEXT    NOT NULL,
    started     INTEGER NOT NULL,
    ended       INTEGER,
    summary     TEXT    NOT NULL,
    message     TEXT,
    UNIQUE (project, number)
) STRICT;

CREATE INDEX deployment_of_environment ON deployment (project, environment, number);
CREATE INDEX deployment_with_result ON deployment (project, result, number);
-- The file itself guarantees that deployments of one environment never overlap.
CREATE UNIQUE INDEX deployment_running ON deployment (project, environment) WHERE result IS NULL;

-- Apart from `deployment`, so that listing deployments never reads plans.
CREATE TABLE deployment_plan (
    deployment INTEGER PRIMARY KEY REFERENCES deployment (id),
    body       TEXT NOT NULL,
    -- All that going on after a crash needs; stored before the first change.
    want       TEXT NOT NULL
) STRICT;

CREATE TABLE step (
    deployment INTEGER NOT NULL REFERENCES deployment (id),
    number     INTEGER NOT NULL CHECK (number > 0),
    stage      TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    started    INTEGER,
    ended      INTEGER,
    detail     TEXT    NOT NULL,
    PRIMARY KEY (deployment, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE log_line (
    deployment INTEGER NOT NULL REFERENCES deployment (id),
    line       INTEGER NOT NULL CHECK (line > 0),
    step       INTEGER,             -- NULL for a sentence about the deployment as a whole
    at         INTEGER NOT NULL,
    text       TEXT    NOT NULL,
    PRIMARY KEY (deployment, line),
    FOREIGN KEY (deployment, step) REFERENCES step (deployment, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX log_line_of_step ON log_line (deployment, step, line);

CREATE TABLE release (
    project     INTEGER NOT NULL REFERENCES project (id),
    number      INTEGER NOT NULL,
    environment TEXT    NOT NULL,
    body        TEXT    NOT NULL,
    PRIMARY KEY (project, number),
    FOREIGN KEY (project, number) REFERENCES deployment (project, number)
) STRICT;

CREATE INDEX release_of_environment ON release (project, environment, number);

-- Names, versions and keyed fingerprints; values are only in the keychain.
CREATE TABLE secret_version (
    project     INTEGER NOT NULL REFERENCES project (id),
    environment TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    -- NULL: the number is taken and there is no value, not yet or not any more. Releases name versions,
    -- so that a number is never given twice.
    fingerprint TEXT,
    created_by  TEXT,
    created     INTEGER,            -- NULL: not yet
    PRIMARY KEY (project, environment, name, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE saved_plan (
    project     INTEGER NOT NULL REFERENCES project (id),
    hash        TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    environment TEXT    NOT NULL,
    body        TEXT    NOT NULL,
    created     INTEGER NOT NULL,
    expires     INTEGER NOT NULL,
    PRIMARY KEY (project, hash)
) STRICT;

CREATE INDEX saved_plan_expiring ON saved_plan (expires);
