// Package sqlite keeps the private side of a home in one SQLite file, cases.db.
//
// What it promises: the file can be read by its owner only; a change has reached
// the disk when the call returns; processes take turns, and none sees another's
// half-done work; a file written by a newer amparo is refused, not guessed at.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// FileName is the name of the database within a home.
const FileName = "cases.db"

// wait is how long a process waits for another's turn to end.
const wait = 30 * time.Second

//go:embed migrations/*.sql
var migrations embed.FS

// A DB is an open cases.db.
type DB struct{ db *sql.DB }

// Open opens the database of a home. Folder (0700) and file (0600) are made
// where they are not there, and the file is brought up to this binary's schema.
func Open(ctx context.Context, home string) (*DB, error) {
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, fmt.Errorf("home cannot be made: %w", err)
	}
	path, err := filepath.Abs(filepath.Join(home, FileName))
	if err != nil {
		return nil, err
	}
	if err := private(path); err != nil {
		return nil, fmt.Errorf("home cannot be used: %w", err)
	}
	db, err := open(path, "immediate")
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, path, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &DB{db}, nil
}

// private makes the file where it is not there, and takes away everybody's
// rights to it but its owner's. SQLite gives its side files the same rights. A
// file that is there is not opened: closing it would drop the locks that another
// connection of this process holds.
func private(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			return nil // another process was faster
		}
		if err != nil {
			return err
		}
		return f.Close()
	}
	if err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file", filepath.Base(path))
	}
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		err = os.Chmod(path, 0o600)
	}
	return err
}

// open opens a file with transactions of that kind. FULL: in WAL mode a commit
// is on the disk only then.
func open(path, lock string) (*sql.DB, error) {
	q := url.Values{"_txlock": {lock}, "_pragma": {
		fmt.Sprintf("busy_timeout(%d)", wait.Milliseconds()), "synchronous(FULL)", "foreign_keys(1)", "trusted_schema(0)",
	}}
	return sql.Open("sqlite", (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}).String())
}

// migrate brings the schema up to date. Only one process does so at a time: a
// lock file beside the database, held through SQLite, makes the others wait.
func migrate(ctx context.Context, path string, db *sql.DB) error {
	if version, err := schema(ctx, db); err != nil {
		return err
	} else if version == latest() {
		return nil
	} else if version > latest() {
		return newer(version)
	}
	if err := private(path + ".migrating"); err != nil {
		return err
	}
	turn, err := open(path+".migrating", "exclusive")
	if err != nil {
		return err
	}
	defer turn.Close()
	tx, err := turn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("another amparo is setting up this home: %w", err)
	}
	defer tx.Rollback()
	if _, err := db.ExecContext(ctx, "PRAGMA journal_mode = WAL"); err != nil {
		return damaged(err)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("%s cannot be brought up to date: %w", FileName, err)
	}
	return nil
}

// latest returns the schema that this binary knows.
func latest() int64 {
	files, err := migrations.ReadDir("migrations")
	if err != nil {
		panic(err) // they are embedded
	}
	v, err := goose.NumericComponent(files[len(files)-1].Name())
	if err != nil {
		panic(err)
	}
	return v
}

// schema returns the schema of the database, 0 where it is empty.
func schema(ctx context.Context, db *sql.DB) (version int64, err error) {
	var tables int
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE name = 'goose_db_version'").Scan(&tables)
	if err != nil {
		return 0, damaged(err)
	}
	if tables == 0 {
		return 0, nil
	}
	err = db.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version").Scan(&version)
	return version, err
}

// ErrNewer is wrapped where a newer amparo wrote the database.
var ErrNewer = errors.New("was written by a newer amparo")

func newer(version int64) error {
	return fmt.Errorf("%s %w (schema %d, this one knows %d)", FileName, ErrNewer, version, latest())
}

func damaged(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%s cannot be read: %w", FileName, err)
}

// Close closes the database.
func (d *DB) Close() error { return d.db.Close() }

// update runs f in a transaction that holds the only right to write from its
// first moment (BEGIN IMMEDIATE), and commits it unless f fails. Where ctx ends
// meanwhile nothing is written, and its error is returned.
func (d *DB) update(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err = f(tx); err == nil {
		err = tx.Commit()
	}
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil { // rolled back under f's hands
		return ctx.Err()
	}
	return err
}
