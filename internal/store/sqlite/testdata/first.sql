-- A cases.db as the first amparo wrote it: schema 1, some rows. It is never
-- changed; a newer schema adds a migration, not a line here.
CREATE TABLE goose_db_version (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	version_id INTEGER NOT NULL,
	is_applied INTEGER NOT NULL,
	tstamp TIMESTAMP DEFAULT (datetime('now'))
);
INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1), (1, 1);

CREATE TABLE lifetime (
	number     INTEGER PRIMARY KEY,
	population TEXT NOT NULL,
	owner      TEXT NOT NULL,
	epsilon    REAL NOT NULL CHECK (epsilon > 0),
	delta      REAL NOT NULL CHECK (delta > 0),
	mu2        REAL NOT NULL CHECK (mu2 > 0),
	thresholds REAL NOT NULL CHECK (thresholds >= 0),
	set_at     TEXT NOT NULL
);
CREATE INDEX lifetime_population ON lifetime (population);

CREATE TABLE spend (
	number     INTEGER PRIMARY KEY,
	population TEXT NOT NULL,
	purpose    TEXT NOT NULL,
	epsilon    REAL NOT NULL CHECK (epsilon > 0),
	delta      REAL NOT NULL CHECK (delta > 0),
	mu2        REAL NOT NULL CHECK (mu2 > 0),
	thresholds REAL NOT NULL CHECK (thresholds >= 0),
	entered_at TEXT NOT NULL,
	code       TEXT NOT NULL,
	state      TEXT NOT NULL CHECK (state IN ('started', 'finished', 'abandoned')),
	ended_at   TEXT NOT NULL
);
CREATE INDEX spend_population ON spend (population);

CREATE TRIGGER lifetime_stays BEFORE DELETE ON lifetime BEGIN
	SELECT RAISE(ABORT, 'the ledger forgets nothing');
END;
CREATE TRIGGER lifetime_is_final BEFORE UPDATE ON lifetime BEGIN
	SELECT RAISE(ABORT, 'a lifetime is never changed: a new one is added');
END;
CREATE TRIGGER spend_stays BEFORE DELETE ON spend BEGIN
	SELECT RAISE(ABORT, 'the ledger forgets nothing');
END;
CREATE TRIGGER spend_is_final BEFORE UPDATE ON spend
WHEN OLD.state <> 'started' OR NEW.number IS NOT OLD.number OR NEW.population IS NOT OLD.population
	OR NEW.purpose IS NOT OLD.purpose OR NEW.epsilon IS NOT OLD.epsilon OR NEW.delta IS NOT OLD.delta
	OR NEW.mu2 IS NOT OLD.mu2 OR NEW.thresholds IS NOT OLD.thresholds
	OR NEW.entered_at IS NOT OLD.entered_at OR NEW.code IS NOT OLD.code
BEGIN
	SELECT RAISE(ABORT, 'of a spend only the state may change, once');
END;

INSERT INTO lifetime (population, owner, epsilon, delta, mu2, thresholds, set_at) VALUES
	('cases-2024', 'Agencia Ñandú', 10, 1e-5, 3.5, 1e-6, '2026-01-02T03:04:05Z'),
	('cases-2024', 'Agencia Ñandú', 12, 1e-5, 4.25, 1e-6, '2026-02-02T03:04:05Z'),
	('other', 'custodian of this home', 1, 1e-6, 0.25, 1e-7, '2026-02-03T03:04:05Z');
INSERT INTO spend (population, purpose, epsilon, delta, mu2, thresholds, entered_at, code, state, ended_at) VALUES
	('cases-2024', 'release victims/1', 1, 1e-6, 0.25, 0, '2026-01-03T00:00:00Z', 'v0.1.0', 'finished', '2026-01-03T00:01:00Z'),
	('cases-2024', 'synthesize', 2, 1e-6, 0.5, 1e-7, '2026-01-04T00:00:00Z', 'v0.1.0', 'abandoned', '2026-01-04T00:01:00Z'),
	('cases-2024', 'release victims/2', 4, 1e-6, 1, 0, '2026-01-05T00:00:00Z', 'v0.1.0', 'started', '');
