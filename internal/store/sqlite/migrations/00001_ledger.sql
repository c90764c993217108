-- The private ledger: what every run on a population's people cost. Rows are
-- only ever added; the triggers hold even those who open the file by hand to it.

-- +goose Up
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

-- +goose StatementBegin
CREATE TRIGGER lifetime_stays BEFORE DELETE ON lifetime BEGIN
	SELECT RAISE(ABORT, 'the ledger forgets nothing');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER lifetime_is_final BEFORE UPDATE ON lifetime BEGIN
	SELECT RAISE(ABORT, 'a lifetime is never changed: a new one is added');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER spend_stays BEFORE DELETE ON spend BEGIN
	SELECT RAISE(ABORT, 'the ledger forgets nothing');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER spend_is_final BEFORE UPDATE ON spend
WHEN OLD.state <> 'started' OR NEW.number IS NOT OLD.number OR NEW.population IS NOT OLD.population
	OR NEW.purpose IS NOT OLD.purpose OR NEW.epsilon IS NOT OLD.epsilon OR NEW.delta IS NOT OLD.delta
	OR NEW.mu2 IS NOT OLD.mu2 OR NEW.thresholds IS NOT OLD.thresholds
	OR NEW.entered_at IS NOT OLD.entered_at OR NEW.code IS NOT OLD.code
BEGIN
	SELECT RAISE(ABORT, 'of a spend only the state may change, once');
END;
-- +goose StatementEnd

-- +goose Down
SELECT 'the ledger is not taken down';
