package palermo

import "slices"

// Outcome says what a record holds, and no more than that.
type Outcome string

const (
	Recorded     Outcome = "elements_recorded"
	NotAllThere  Outcome = "elements_not_recorded"
	Undetermined Outcome = "undetermined"
)

// A Finding is the answer of Evaluate.
type Finding struct {
	Outcome   Outcome  `json:"outcome"`
	Paragraph string   `json:"paragraph"` // of Article 3, on which the outcome rests
	Act       Truth    `json:"act"`
	Means     Truth    `json:"means"`
	Purpose   Truth    `json:"purpose"`
	Child     Truth    `json:"child"`
	Present   []Term   `json:"present"` // elements recorded as present
	Missing   []string `json:"missing"` // of act, means, purpose, child: what is unknown and could decide
	Unclear   []string `json:"unclear"` // codes recorded both ways
	Next      Label    `json:"next"`    // the question to ask next, empty where nothing is undetermined
	Because   Label    `json:"because"` // why, in a sentence
	Pack      string   `json:"pack"`    // id
	Beyond    []string `json:"beyond"`  // codes in the facts that the pack does not name; they count for nothing
}

// Evaluate says which elements of the pack's definition the facts hold.
//
// A group (act, means, purpose) is Yes where one of its elements is present, No
// where every element that the pack names is recorded as absent, else Unknown.
func Evaluate(f Facts, p *Pack) Finding {
	out := Finding{Pack: p.id, Child: f.Child.State.Truth()}
	groups := []struct {
		truth *Truth
		terms []Term
		facts map[string]Element
	}{{&out.Act, p.acts, f.Act}, {&out.Means, p.means, f.Means}, {&out.Purpose, p.purposes, f.Purpose}}
	for _, g := range groups {
		*g.truth = out.read(g.terms, g.facts)
	}
	if f.Child.State == Contradictory {
		out.Unclear = append(out.Unclear, "child")
	}
	result := p.decide(out.Act, out.Means, out.Purpose, out.Child)
	switch result {
	case Yes:
		out.Outcome = Recorded
	case No:
		out.Outcome = NotAllThere
	default:
		out.Outcome = Undetermined
		out.Missing = p.missing(out.Act, out.Means, out.Purpose, out.Child)
		out.Next = out.question()
	}
	out.Paragraph, out.Because = p.explain(&out, result)
	return out
}

// read returns a group's truth and notes its elements.
func (out *Finding) read(terms []Term, facts map[string]Element) Truth {
	truth := No
	for _, t := range terms {
		e := facts[t.Code]
		switch e.State {
		case Present:
			out.Present = append(out.Present, t)
		case Contradictory:
			out.Unclear = append(out.Unclear, t.Code)
		}
		truth = truth.Or(e.State.Truth())
	}
	if len(terms) == 0 {
		truth = Unknown
	}
	var beyond []string
	for code := range facts {
		if !slices.ContainsFunc(terms, func(t Term) bool { return t.Code == code }) {
			beyond = append(beyond, code)
		}
	}
	slices.Sort(beyond)
	out.Beyond = append(out.Beyond, beyond...)
	return truth
}

// decide is the pack's rule. With the Protocol it is A ∧ P ∧ (M ∨ C).
func (p *Pack) decide(act, means, purpose, child Truth) Truth {
	result := Yes
	if p.needs[0] {
		result = result.And(act)
	}
	if p.needs[1] {
		if !p.childNeedsMeans {
			means = means.Or(child)
		}
		result = result.And(means)
	}
	if p.needs[2] {
		result = result.And(purpose)
	}
	return result
}

// missing lists the unknown inputs that could still change the outcome.
func (p *Pack) missing(act, means, purpose, child Truth) (out []string) {
	now := p.decide(act, means, purpose, child)
	try := func(name string, t Truth, f func(Truth) Truth) {
		if t == Unknown && (f(Yes) != now || f(No) != now) {
			out = append(out, name)
		}
	}
	try("act", act, func(t Truth) Truth { return p.decide(t, means, purpose, child) })
	try("purpose", purpose, func(t Truth) Truth { return p.decide(act, means, t, child) })
	try("child", child, func(t Truth) Truth { return p.decide(act, means, purpose, t) })
	try("means", means, func(t Truth) Truth { return p.decide(act, t, purpose, child) })
	return out
}

var questions = map[string]Label{
	"act": {
		ES: "¿Alguien captó, transportó, trasladó, acogió o recibió a la persona?",
		EN: "Did anyone recruit, transport, transfer, harbour or receive the person?"},
	"purpose": {
		ES: "¿Para qué se hizo? ¿Alguien quería explotar a la persona, aunque no haya llegado a hacerlo?",
		EN: "What was it done for? Did anyone mean to exploit the person, even if it did not come to that?"},
	"child": {
		ES: "¿Qué edad tenía la persona cuando ocurrió? Si hay razones para creer que era menor, trátala como tal mientras se verifica.",
		EN: "How old was the person when it happened? Where there is reason to believe that they were a child, treat them as one while it is verified."},
	"means": {
		ES: "¿Cómo se logró? ¿Hubo fuerza, amenazas, engaño, abuso de poder o de una situación de vulnerabilidad, o pagos a quien tenía autoridad sobre la persona?",
		EN: "How was it brought about? Was there force, threats, deception, abuse of power or of a position of vulnerability, or payment to someone in control of the person?"},
}

// question asks for what would decide; the act first, as an interview goes.
func (out *Finding) question() Label {
	for _, name := range []string{"act", "purpose", "child", "means"} {
		if slices.Contains(out.Missing, name) {
			return questions[name]
		}
	}
	return Label{}
}

// explain names the paragraph and the reason.
func (p *Pack) explain(f *Finding, result Truth) (string, Label) {
	byChild := p.needs[1] && !p.childNeedsMeans && f.Means != Yes && f.Child == Yes
	switch {
	case result == Yes && byChild:
		return "3(c)", Label{
			"Constan los elementos: la persona era menor de edad, y entonces no hace falta que haya habido un medio.",
			"The elements are recorded: the person was a child, and then no means is needed."}
	case result == Yes:
		return "3(a)", Label{"Constan los elementos que la definición pide.", "The elements that the definition asks for are recorded."}
	case result == No && p.needs[0] && f.Act == No:
		return "3(a)", Label{"No consta ningún acto: falta un elemento.", "No act is recorded: an element is not there."}
	case result == No && p.needs[2] && f.Purpose == No:
		return "3(a)", Label{"No consta un fin de explotación: falta un elemento.", "No purpose of exploitation is recorded: an element is not there."}
	case result == No && p.childNeedsMeans:
		return "3(a)", Label{"No consta ningún medio: falta un elemento.", "No means is recorded: an element is not there."}
	case result == No:
		return "3(a)", Label{"No consta ningún medio, y la persona era adulta.", "No means is recorded, and the person was an adult."}
	case f.Means == No && f.Child == Unknown && p.needs[1] && !p.childNeedsMeans:
		return "3(d)", Label{
			"La edad decide: sin medio, solo en el caso de una persona menor de edad constarían los elementos. Verifica la edad; ante la duda, presume que es menor.",
			"Age decides: without a means the elements would be recorded for a child only. Verify the age; where in doubt, presume a child."}
	}
	return "3(a)", Label{"Falta saber algo que decide.", "Something that decides is not known yet."}
}

// A Row is one line of Table.
type Row struct {
	Act, Means, Purpose, Child Truth
	Outcome                    Outcome
	Paragraph                  string
	Next                       Label
}

// Table lists the outcome of every combination of act, means, purpose and child:
// 81 rows, for a page that works without asking a server.
func Table(p *Pack) []Row {
	var out []Row
	states := map[Truth]State{Unknown: NotRecorded, No: Absent, Yes: Present}
	fill := func(terms []Term, t Truth) map[string]Element {
		m := map[string]Element{}
		for i, x := range terms {
			if t == No || t == Yes && i == 0 {
				m[x.Code] = Element{State: states[t]}
			}
		}
		return m
	}
	all := []Truth{Unknown, No, Yes}
	for _, a := range all {
		for _, m := range all {
			for _, u := range all {
				for _, c := range all {
					f := Evaluate(Facts{fill(p.acts, a), fill(p.means, m), fill(p.purposes, u), Element{State: states[c]}}, p)
					out = append(out, Row{a, m, u, c, f.Outcome, f.Paragraph, f.Next})
				}
			}
		}
	}
	return out
}
