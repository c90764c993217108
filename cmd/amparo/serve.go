package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"amparo/internal/catalog"
	"amparo/internal/web/portal"
)

type serveCommand struct {
	Catalog string `placeholder:"DIR" help:"Catalog to serve. Default: catalog in the home."`
	Portal  string `placeholder:"ADDR" default:"127.0.0.1:8080" help:"Address to listen on."`
	Base    string `placeholder:"URL" help:"The portal's public address, for citations."`
}

func (c *serveCommand) Run(p *program) error {
	dir := p.catalogDir(c.Catalog)
	if _, err := os.Stat(dir); err != nil {
		return advise("amparo release makes one; --catalog names another", "there is no catalog at %s", dir)
	}
	cat, err := catalog.Open(dir)
	if err != nil {
		return advice{err, "--catalog names another"}
	}
	listener, err := p.listen(c.Portal)
	if err != nil {
		return err
	}
	return p.serve(listener, portal.Options{Catalog: cat, Base: c.Base, Names: names})
}

// grace is how long answers under way may take when the portal is told to stop.
const grace = 5 * time.Second

// listen takes the address that the portal will answer at.
func (p *program) listen(address string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(p, "tcp", address)
	if err != nil {
		return nil, advise("is another portal running? --portal names another address", "cannot listen on %s: %w", address, cause(err))
	}
	return listener, nil
}

// serve serves the portal until the program is told to stop.
func (p *program) serve(listener net.Listener, o portal.Options) error {
	o.Log = slog.New(slog.NewTextHandler(p.err, nil))
	server := portal.NewServer(listener.Addr().String(), portal.New(o))
	p.say("portal: open http://%s/ (ctrl-C stops it)", listener.Addr())
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return fmt.Errorf("the portal stopped: %w", err)
	case <-p.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p), grace)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		_ = server.Close() // whoever still reads has had their time
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	p.say("portal: stopped")
	return nil
}

// cause returns the innermost reason of a network error.
func cause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
