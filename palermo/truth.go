// Package palermo says which elements of trafficking in persons a record holds,
// by Article 3 of the Palermo Protocol (2000) and by national laws written as
// packs.
//
// It evaluates A ∧ P ∧ (M ∨ C) in three-valued logic: an act, a purpose of
// exploitation, and a means or a child. What is not recorded is unknown, which is
// not no. The answer is a [Finding]: elements recorded, elements not recorded, or
// undetermined, with the paragraph it rests on, what is missing and what to ask
// next. It never says that someone is a victim: that is for an authority.
//
// Consent is not an input. By paragraph 3(b) it is irrelevant where a means was
// used, and by 3(c) and (d) a child's never matters; nothing here has a place for it.
package palermo

// Truth is a value of Kleene's strong three-valued logic.
type Truth int8

// The zero Truth is Unknown: what nobody recorded is not false.
const (
	Unknown Truth = iota
	No
	Yes
)

func (t Truth) String() string { return [...]string{"unknown", "no", "yes"}[t] }

// MarshalText writes unknown, no or yes.
func (t Truth) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// And is Yes where both are, No where one is No.
func (t Truth) And(u Truth) Truth {
	switch {
	case t == No || u == No:
		return No
	case t == Yes && u == Yes:
		return Yes
	}
	return Unknown
}

// Or is Yes where one is, No where both are No.
func (t Truth) Or(u Truth) Truth {
	switch {
	case t == Yes || u == Yes:
		return Yes
	case t == No && u == No:
		return No
	}
	return Unknown
}

// State says what a record holds on one element.
type State uint8

// The zero State is not recorded.
const (
	NotRecorded   State = iota
	Absent              // recorded as not the case
	Present             // recorded as the case
	Contradictory       // recorded both ways: unknown until someone clears it up
)

// Truth returns what the state says.
func (s State) Truth() Truth {
	switch s {
	case Absent:
		return No
	case Present:
		return Yes
	}
	return Unknown
}

// Basis says how what is recorded came to be known.
type Basis uint8

// The zero Basis is not stated.
const (
	NotStated   Basis = iota
	Reported          // by the person or a witness
	Observed          // by who recorded it
	Inferred          // from other facts
	Adjudicated       // by a court
)

// An Element is one act, means or purpose as a record holds it.
type Element struct {
	State State
	Basis Basis
}

// Facts are what a record holds, by the codes of a pack. A code that is not there
// is not recorded. Child is whether the person was a child at the time of the act.
type Facts struct {
	Act     map[string]Element
	Means   map[string]Element
	Purpose map[string]Element
	Child   Element
}
