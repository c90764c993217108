package demo

import (
	"math/rand/v2"
	"strconv"
)

// ViewBox is the SVG view box that all outlines share.
const ViewBox = "0 0 1000 680"

// A Point is a place in the view box.
type Point struct{ X, Y int }

// nodes are the corners where shores and borders of the isthmus meet: n on the
// northern shore from west to east, s on the southern, j inland.
var nodes = map[string]Point{
	"n1": {250, 96}, "n2": {440, 268}, "n3": {570, 352}, "n4": {706, 436},
	"s1": {92, 268}, "s2": {268, 396}, "s3": {468, 446}, "s4": {612, 534},
	"j1": {222, 226}, "j2": {336, 282},
}

// An arc runs from one node to another through coarse points; or it is the whole
// shore of an island.
type arc struct {
	from, to string
	by       []Point
	border   bool // between two countries: smoother than a shore
}

// arcs are drawn once each and shared by the countries on both sides, so borders
// fit without a gap.
var arcs = map[string]arc{
	"shore A":       {from: "s1", to: "n1", by: []Point{{44, 214}, {34, 120}, {104, 58}, {190, 66}}},
	"shore B":       {from: "n1", to: "n2", by: []Point{{316, 64}, {410, 84}, {450, 116}, {462, 160}, {428, 206}}},
	"north shore D": {from: "n2", to: "n3", by: []Point{{512, 288}}},
	"north shore E": {from: "n3", to: "n4", by: []Point{{644, 378}}},
	"shore F":       {from: "n4", to: "s4", by: []Point{{792, 414}, {884, 470}, {956, 540}, {908, 622}, {820, 588}, {758, 634}, {676, 598}}},
	"south shore E": {from: "s4", to: "s3", by: []Point{{540, 482}}},
	"south shore D": {from: "s3", to: "s2", by: []Point{{408, 452}, {340, 398}}},
	"south shore C": {from: "s2", to: "s1", by: []Point{{196, 390}, {150, 312}}},
	"A-B":           {from: "n1", to: "j1", by: []Point{{262, 168}}, border: true},
	"A-C":           {from: "j1", to: "s1", by: []Point{{150, 234}}, border: true},
	"B-C":           {from: "j1", to: "j2", by: []Point{{288, 238}}, border: true},
	"B-D":           {from: "n2", to: "j2", by: []Point{{388, 258}}, border: true},
	"C-D":           {from: "j2", to: "s2", by: []Point{{288, 336}}, border: true},
	"D-E":           {from: "n3", to: "s3", by: []Point{{508, 390}}, border: true},
	"E-F":           {from: "n4", to: "s4", by: []Point{{650, 478}}, border: true},

	"G main":  {by: []Point{{546, 118}, {590, 84}, {650, 66}, {724, 80}, {790, 116}, {730, 160}, {652, 146}, {592, 158}}},
	"G small": {by: []Point{{520, 196}, {540, 180}, {566, 184}, {574, 206}, {552, 222}, {526, 216}}},
	"H west":  {by: []Point{{778, 226}, {808, 190}, {856, 178}, {896, 206}, {892, 252}, {850, 282}, {800, 270}}},
	"H east":  {by: []Point{{920, 244}, {940, 228}, {966, 240}, {968, 266}, {946, 284}, {924, 270}}},
	"I north": {by: []Point{{822, 352}, {852, 326}, {898, 324}, {928, 348}, {918, 384}, {876, 398}, {838, 386}}},
	"I south": {by: []Point{{938, 418}, {956, 406}, {976, 418}, {972, 440}, {950, 446}}},
}

// rings lists, by country, the arcs of each ring in order; a leading "-" walks
// the arc backwards.
var rings = map[string][][]string{
	"XA": {{"shore A", "A-B", "A-C"}},
	"XB": {{"shore B", "B-D", "-B-C", "-A-B"}},
	"XC": {{"-A-C", "B-C", "C-D", "south shore C"}},
	"XD": {{"north shore D", "D-E", "south shore D", "-C-D", "-B-D"}},
	"XE": {{"north shore E", "E-F", "south shore E", "-D-E"}},
	"XF": {{"shore F", "-E-F"}},
	"XG": {{"G main"}, {"G small"}},
	"XH": {{"H west"}, {"H east"}},
	"XI": {{"I north"}, {"I south"}},
}

// ringsOf returns the rings of a country, each point once.
func ringsOf(code string) [][]Point {
	var out [][]Point
	for _, names := range rings[code] {
		var ring []Point
		for _, name := range names {
			back := name[0] == '-'
			if back {
				name = name[1:]
			}
			line := arcs[name].draw(name)
			if back {
				for i, j := 0, len(line)-1; i < j; i, j = i+1, j-1 {
					line[i], line[j] = line[j], line[i]
				}
			}
			ring = append(ring, line[:len(line)-1]...) // the next arc begins with the last point
		}
		out = append(out, ring)
	}
	return out
}

// draw returns the arc's points, roughened: each stretch is halved three times,
// and each middle is moved sideways, on a shore by up to a quarter of the stretch,
// on a border by up to an eighth. The dice are seeded by the arc's name, so both
// its countries see the same line.
func (a arc) draw(name string) []Point {
	var line []Point
	if a.from != "" {
		line = append(append(append(line, nodes[a.from]), a.by...), nodes[a.to])
	} else {
		line = append(append(line, a.by...), a.by[0])
	}
	seed := uint64(14695981039346656037) // FNV-1a
	for _, b := range []byte(name) {
		seed = (seed ^ uint64(b)) * 1099511628211
	}
	r := rand.NewPCG(seed, 0)
	most := 400
	if a.border {
		most = 800
	}
	for range 3 {
		var finer []Point
		for i, p := range line[:len(line)-1] {
			q := line[i+1]
			dx, dy := q.X-p.X, q.Y-p.Y
			shift := int(r.Uint64()>>32%201) - 100 // a hundredth of the most
			finer = append(finer, p, Point{(p.X+q.X)/2 - dy*shift/most, (p.Y+q.Y)/2 + dx*shift/most})
		}
		line = append(finer, line[len(line)-1])
	}
	return line
}

// path writes rings as the d of an SVG path, each point relative to the one
// before.
func path(rings [][]Point) string {
	var out []byte
	for _, ring := range rings {
		at := Point{}
		for i, p := range ring {
			switch i {
			case 0:
				out = append(out, 'M')
				out = appendPair(out, p.X, p.Y)
				out = append(out, 'l')
			default:
				if i > 1 && p.X >= at.X {
					out = append(out, ' ')
				}
				out = appendPair(out, p.X-at.X, p.Y-at.Y)
			}
			at = p
		}
		out = append(out, 'z')
	}
	return string(out)
}

// appendPair writes two numbers; a minus sign parts them as well as a space does.
func appendPair(out []byte, x, y int) []byte {
	out = strconv.AppendInt(out, int64(x), 10)
	if y >= 0 {
		out = append(out, ' ')
	}
	return strconv.AppendInt(out, int64(y), 10)
}
