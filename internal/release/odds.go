package release

import "amparo/dp"

// What ε, δ and μ mean for one person, in odds. Nothing here looks at the data.

// Belief is what an attacker may believe that somebody is in the data: before
// the release, and at most after it, whatever else they know. The bound fails
// with probability δ at most.
type Belief struct {
	Before float64 `json:"before"`
	After  float64 `json:"after"`
}

// Accuse says how well the best attack on one person can do: of those who are
// not in the data it wrongly accuses the share Wrong, and of those who are it
// finds the share Right at most.
type Accuse struct {
	Wrong float64 `json:"wrong"`
	Right float64 `json:"right"`
}

// beliefs returns what may be believed after a release at ε, for three beliefs
// before it.
func beliefs(epsilon dp.Epsilon) (out []Belief) {
	for _, before := range []float64{0.01, 0.10, 0.50} {
		out = append(out, Belief{before, dp.Odds(before, epsilon)})
	}
	return out
}

// accusations returns the best attack's power at three rates of false alarm. The
// chance that private discovery names someone's own value is added to it.
func accusations(c Cost) (out []Accuse) {
	for _, wrong := range []float64{0.001, 0.01, 0.05} {
		out = append(out, Accuse{wrong, min(dp.TruePositives(c.Mu(), wrong)+float64(c.Thresholds), 1)})
	}
	return out
}
