package main

import (
	"amparo/dp"
	"amparo/internal/release"
)

type budgetCommands struct {
	Set  budgetSetCommand  `cmd:"" help:"Promise a population a lifetime budget. The same again changes nothing."`
	Show budgetShowCommand `cmd:"" help:"Show what was promised, spent and is left."`
}

type budgetSetCommand struct {
	Population string  `arg:"" help:"Whose people."`
	Epsilon    float64 `required:"" type:"number" placeholder:"E" help:"ε over all runs, for ever."`
	Delta      float64 `required:"" type:"number" placeholder:"D" help:"δ over all runs, for ever."`
	Owner      string  `help:"Who answers for these people."`
	Raise      bool    `help:"Raise what was promised before. Stays on record."`
	JSON       bool    `name:"json" help:"Print one JSON object."`
}

func (c *budgetSetCommand) Run(p *program) error {
	// Refused before the home is made or touched.
	if _, err := release.NewLifetime(dp.Epsilon(c.Epsilon), dp.Delta(c.Delta)); err != nil {
		return err
	}
	if _, err := release.PopulationID(c.Population); err != nil {
		return err
	}
	db, err := p.newLedger()
	if err != nil {
		return err
	}
	defer db.Close()
	a, err := release.SetBudget(p, db, release.Promise{Population: c.Population, Epsilon: dp.Epsilon(c.Epsilon),
		Delta: dp.Delta(c.Delta), Owner: c.Owner, Raise: c.Raise}, p.now())
	if err != nil {
		return err
	}
	if c.JSON {
		return p.object(account(a))
	}
	p.account(a)
	return nil
}

type budgetShowCommand struct {
	Population string `arg:"" optional:"" help:"Whose people. Default: all."`
	JSON       bool   `name:"json" help:"Print one JSON object."`
}

func (c *budgetShowCommand) Run(p *program) error {
	db, err := p.ledger()
	if err != nil {
		return err
	}
	defer db.Close()
	var all []*release.Account
	if c.Population == "" {
		all, err = db.Accounts(p)
	} else {
		var a *release.Account
		a, err = release.ShowBudget(p, db, c.Population)
		all = []*release.Account{a}
	}
	if err != nil {
		return err
	}
	if c.JSON {
		out := struct {
			Populations []accountJSON `json:"populations"`
		}{[]accountJSON{}}
		for _, a := range all {
			out.Populations = append(out.Populations, account(a))
		}
		if c.Population != "" {
			return p.object(out.Populations[0])
		}
		return p.object(out)
	}
	if len(all) == 0 {
		p.say("no population has a budget yet")
	}
	for _, a := range all {
		p.account(a)
	}
	return nil
}

// accountJSON is an account as --json shows it.
type accountJSON struct {
	Population string         `json:"population"`
	Owner      string         `json:"owner"`
	Epsilon    float64        `json:"epsilon"`
	Delta      float64        `json:"delta"`
	Promised   costJSON       `json:"promised"`
	Spent      costJSON       `json:"spent"`
	Left       costJSON       `json:"left"`
	Lifetimes  []lifetimeJSON `json:"lifetimes"`
	Spends     []spendJSON    `json:"spends"`
}

// costJSON is a cost: μ adds up in squares, thresholds add up as they are.
type costJSON struct {
	Mu         float64 `json:"mu"`
	Thresholds float64 `json:"delta_of_discovery"`
}

type lifetimeJSON struct {
	Epsilon float64 `json:"epsilon"`
	Delta   float64 `json:"delta"`
	Owner   string  `json:"owner"`
	Set     string  `json:"set"`
}

type spendJSON struct {
	Number  int64   `json:"number"`
	Purpose string  `json:"purpose"`
	Epsilon float64 `json:"epsilon"`
	Delta   float64 `json:"delta"`
	costJSON
	Entered string        `json:"entered"`
	Code    string        `json:"code"`
	State   release.State `json:"state"`
}

func cost(c release.Cost) costJSON { return costJSON{float64(c.Mu()), float64(c.Thresholds)} }

const second = "2006-01-02T15:04:05Z"

func account(a *release.Account) accountJSON {
	l := a.Lifetime()
	out := accountJSON{Population: a.Population, Owner: l.Owner, Epsilon: float64(l.Epsilon), Delta: float64(l.Delta),
		Promised: cost(l.Limit), Spent: cost(a.Spent()), Left: cost(a.Left()), Spends: []spendJSON{}}
	for _, l := range a.Lifetimes {
		out.Lifetimes = append(out.Lifetimes, lifetimeJSON{float64(l.Epsilon), float64(l.Delta), l.Owner, l.Set.Format(second)})
	}
	for _, s := range a.Spends {
		out.Spends = append(out.Spends, spendJSON{s.Number, s.Purpose, float64(s.Epsilon), float64(s.Delta), cost(s.Cost), s.Entered.Format(second), s.Code, s.State})
	}
	return out
}

// account prints an account for people.
func (p *program) account(a *release.Account) {
	l, spent, left := a.Lifetime(), a.Spent(), a.Left()
	p.say("population %s (%s)", a.Population, l.Owner)
	p.say("  promised  ε = %v, δ = %v: μ = %.4g, and δ = %.3g for finding levels", float64(l.Epsilon), float64(l.Delta), float64(l.Limit.Mu()), float64(l.Limit.Thresholds))
	p.say("  spent     μ = %.4g, δ = %.3g in %d runs", float64(spent.Mu()), float64(spent.Thresholds), len(a.Spends))
	p.say("  left      μ = %.4g, δ = %.3g: a run at δ = 1e-06 may ask for ε up to %.3g", float64(left.Mu()), float64(left.Thresholds), float64(a.Affordable(1e-6)))
	for i, earlier := range a.Lifetimes[:len(a.Lifetimes)-1] {
		p.say("  promise %d ε = %v, δ = %v, set %s by %s", i+1, float64(earlier.Epsilon), float64(earlier.Delta), earlier.Set.Format(second), earlier.Owner)
	}
	for _, s := range a.Spends {
		p.say("  run       %v", s)
	}
}
