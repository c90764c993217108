package demo

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// parse reads the path syntax that outlines use, as a browser would: M x y, l and
// relative pairs, z.
func parse(t *testing.T, d string) [][]Point {
	t.Helper()
	number := regexp.MustCompile(`-?\d+`)
	var out [][]Point
	for part := range strings.SplitSeq(strings.TrimSuffix(d, "z"), "z") {
		head, rest, ok := strings.Cut(part, "l")
		if !ok || !strings.HasPrefix(head, "M") {
			t.Fatalf("not the path of a ring: %.40s", part)
		}
		var at Point
		if _, err := fmt.Sscanf(head, "M%d %d", &at.X, &at.Y); err != nil {
			t.Fatal(err)
		}
		ring := []Point{at}
		numbers := number.FindAllString(rest, -1)
		if len(numbers)%2 != 0 || strings.Trim(rest, "-0123456789 ") != "" {
			t.Fatalf("not relative pairs: %.40s", rest)
		}
		for i := 0; i < len(numbers); i += 2 {
			dx, _ := strconv.Atoi(numbers[i])
			dy, _ := strconv.Atoi(numbers[i+1])
			at = Point{at.X + dx, at.Y + dy}
			ring = append(ring, at)
		}
		out = append(out, ring)
	}
	return out
}

// side is positive where c lies left of the line from a to b, negative right.
func side(a, b, c Point) int { return (b.X-a.X)*(c.Y-a.Y) - (b.Y-a.Y)*(c.X-a.X) }

func within(a, b, c Point) bool {
	return min(a.X, b.X) <= c.X && c.X <= max(a.X, b.X) && min(a.Y, b.Y) <= c.Y && c.Y <= max(a.Y, b.Y)
}

// meet says whether the stretches ab and cd have a point in common.
func meet(a, b, c, d Point) bool {
	s1, s2, s3, s4 := side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b)
	if (s1 > 0) != (s2 > 0) && s1 != 0 && s2 != 0 && (s3 > 0) != (s4 > 0) && s3 != 0 && s4 != 0 {
		return true
	}
	return s1 == 0 && within(a, b, c) || s2 == 0 && within(a, b, d) || s3 == 0 && within(c, d, a) || s4 == 0 && within(c, d, b)
}

// sharp says whether the corner at p is under 20 degrees: a needle, not a cape.
func sharp(a, p, b Point) bool {
	x1, y1, x2, y2 := float64(a.X-p.X), float64(a.Y-p.Y), float64(b.X-p.X), float64(b.Y-p.Y)
	return x1*x2+y1*y2 > math.Cos(20*math.Pi/180)*math.Hypot(x1, y1)*math.Hypot(x2, y2)
}

// inside is the even-odd rule.
func inside(all [][]Point, p Point) bool {
	in := false
	for _, ring := range all {
		for i, a := range ring {
			b := ring[(i+1)%len(ring)]
			if (a.Y > p.Y) != (b.Y > p.Y) {
				s := side(a, b, p)
				if (b.Y > a.Y) == (s > 0) && s != 0 {
					in = !in
				}
			}
		}
	}
	return in
}

func area(ring []Point) (twice int) {
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		twice += a.X*b.Y - b.X*a.Y
	}
	return twice
}

// TestOutlinesAreSimple: every ring is closed, inside the view box, turns one
// way round and never meets itself; and the path says exactly the points.
func TestOutlinesAreSimple(t *testing.T) {
	for _, c := range Coalition().Countries {
		got, want := parse(t, c.Outline), ringsOf(c.Code)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: the path does not say the points", c.Code)
		}
		for _, ring := range got {
			n := len(ring)
			for i, p := range ring {
				if p.X < 8 || p.X > 992 || p.Y < 8 || p.Y > 672 {
					t.Errorf("%s: %v is too near the edge of the view box", c.Code, p)
				}
				if p == ring[(i+1)%n] {
					t.Errorf("%s: %v stands twice", c.Code, p)
				}
				if before, after := ring[(i+n-1)%n], ring[(i+1)%n]; sharp(before, p, after) {
					t.Errorf("%s: its outline has a needle at %v", c.Code, p)
				}
				for j := i + 2; j < n; j++ {
					if (j+1)%n != i && meet(p, ring[i+1], ring[j], ring[(j+1)%n]) {
						t.Errorf("%s: its outline meets itself at %v", c.Code, p)
					}
				}
			}
			if area(ring) == 0 {
				t.Errorf("%s: a ring without area", c.Code)
			}
		}
		if !inside(got, c.Centre) {
			t.Errorf("%s: its centre is outside", c.Code)
		}
	}
}

// TestOutlinesDoNotOverlap looks at every fourth point of the view box: it is in
// one country or in none.
func TestOutlinesDoNotOverlap(t *testing.T) {
	countries := Coalition().Countries
	land := map[string]int{}
	outlines := make([][][]Point, len(countries))
	for i, c := range countries {
		outlines[i] = parse(t, c.Outline)
	}
	for y := 2; y < 680; y += 4 {
		for x := 2; x < 1000; x += 4 {
			in := ""
			for i, c := range countries {
				if inside(outlines[i], Point{x, y}) {
					if in != "" {
						t.Fatalf("(%d, %d) is in %s and in %s", x, y, in, c.Code)
					}
					in = c.Code
				}
			}
			land[in]++
		}
	}
	for i, c := range countries {
		var twice int
		for _, ring := range outlines[i] {
			twice += max(area(ring), -area(ring))
		}
		// A sum over a grid is not exact: a tenth is room for the smallest island.
		if got, want := land[c.Code]*16, twice/2; got < want*9/10 || got > want*11/10 {
			t.Errorf("%s covers about %d, its rings hold %d", c.Code, got, want)
		}
	}
	if sea := land[""]; sea < 20_000 {
		t.Errorf("%d of 42,500 points are sea: no isthmus", sea)
	}
}

// TestNoGaps: along a border each side sees the same points.
func TestNoGaps(t *testing.T) {
	for name, a := range arcs {
		if !a.border {
			continue
		}
		line := a.draw(name)
		for country, all := range rings {
			for _, ring := range all {
				for _, used := range ring {
					if strings.TrimPrefix(used, "-") != name {
						continue
					}
					points := map[Point]bool{}
					for _, r := range ringsOf(country) {
						for _, p := range r {
							points[p] = true
						}
					}
					for _, p := range line {
						if !points[p] {
							t.Errorf("%s: %s misses %v of the border", name, country, p)
						}
					}
				}
			}
		}
	}
}

// TestMapIsSmall: all nine outlines fit a page's weight.
func TestMapIsSmall(t *testing.T) {
	bytes := 0
	for _, c := range Coalition().Countries {
		bytes += len(c.Outline)
	}
	if bytes > 5000 {
		t.Errorf("the outlines weigh %d bytes", bytes)
	}
}
