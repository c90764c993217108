package palermo

import (
	"strconv"

	"amparo/htcds"
)

// noneFound is the value by which a record says that a question was examined and
// answered no. A field left out says nothing.
const noneFound = "NoneFound"

var acts = map[string]string{
	"Recruitment": "recruitment", "Transportation": "transportation", "Transfer": "transfer",
	"Harbouring": "harbouring", "Receipt": "receipt",
}

// FactsFrom reads what a case record holds on the elements of a pack: acts as
// recorded; means from methods of control and further means; purposes from types
// of exploitation and further purposes; and the age at the time of the act. The
// ways from values to elements are those of Crosswalk and Purposes.
func FactsFrom(c htcds.Case, p *Pack) Facts {
	f := Facts{Act: map[string]Element{}}
	for _, v := range c.Get("amp_Act") {
		if code, ok := acts[v]; ok {
			f.Act[code] = Element{Present, Reported}
		}
	}
	f.Means = MeansFrom(append(c.Get("vic_MethodsOfControl"), c.Get("amp_Means")...))
	f.Purpose = PurposesFrom(append(append(c.Get("vic_TypeOfExploitation"), c.Get("vic_TypeOfSexExploitation")...), c.Get("amp_Purpose")...))
	deny(f.Act, c.Get("amp_Act"), p.acts)
	deny(f.Means, c.Get("amp_Means"), p.means)
	deny(f.Purpose, c.Get("amp_Purpose"), p.purposes)
	f.Child = Element{childAt(c, p.childAge), Inferred}
	if f.Child.State == NotRecorded {
		f.Child.Basis = NotStated
	}
	return f
}

// deny records every element of a group as absent where the record says that none
// was found; what other fields hold all the same is contradictory.
func deny(group map[string]Element, values []string, terms []Term) {
	for _, v := range values {
		if v != noneFound {
			continue
		}
		for code := range group {
			group[code] = Element{Contradictory, group[code].Basis}
		}
		for _, t := range terms {
			if _, held := group[t.Code]; !held {
				group[t.Code] = Element{Absent, Reported}
			}
		}
	}
}

// childAt says whether the person was a child at the time of the act. The ages
// when recruited and when first trafficked tell; who was a child when identified,
// later, was one before; who was an adult by then may have been a child.
func childAt(c htcds.Case, limit int) State {
	yes, no := false, false
	for _, field := range []string{"amp_AgeAtRecruitment", "vic_AgeWhenTrafficked"} {
		if age, ok := number(c, field); ok {
			yes, no = yes || age < limit, no || age >= limit
		}
	}
	if age, ok := number(c, "amp_AgeAtIdentification"); ok && age < limit {
		yes = true
	}
	switch {
	case yes && no:
		return Contradictory
	case yes:
		return Present
	case no:
		return Absent
	}
	return NotRecorded
}

func number(c htcds.Case, field string) (int, bool) {
	values := c.Get(field)
	if len(values) != 1 {
		return 0, false
	}
	n, err := strconv.Atoi(values[0])
	return n, err == nil
}
