// Package figure draws charts as SVG.
//
// A figure is a function of its spec: equal input gives equal bytes. There is no
// clock, no map order and no random id in it, so a figure can be compared, cached
// and signed. Text is measured with an own table of the widest common system
// font, so labels do not collide whichever font a reader has.
//
// What is not there never looks like zero: a count of records that do not say is
// hatched, a number that its source withheld is dotted and bears a lock, what
// does not apply is ruled, and zero is a line at zero with its figure.
//
// Colours stand in the file as literals for readers that know no style sheet, and
// in [Style] as custom properties for light and dark.
package figure

// A Sign says why a bar is no plain answer. The signs are drawn apart.
type Sign uint8

// The signs. Answer is a plain bar.
const (
	Answer        Sign = iota
	NotStated          // asked, and not known; or blank with no reason stated
	NotAsked           // the form did not have the question
	Refused            // the person did not want to say
	NotApplicable      // follows from other answers
	Withheld           // suppressed by the source
	signs
)

// A Hue is one of the six colours of the palette.
type Hue uint8

// The palette. Women are always Anil, men Maiz, other and unknown genders Jade.
const (
	Anil Hue = iota
	Maiz
	Jade
	Barro
	Jamaica
	Selva
	hues
)

// A Bar is one count with its interval.
type Bar struct {
	Label string
	// Noisy is the count as it was measured, which may be below zero; the fade is
	// centred on it. Value is the count as it is shown.
	Noisy, Value float64
	Low, High    float64 // 95 % interval
	Figure       string  // Value in words of the reader's language
	Interval     string  // the interval likewise; "" is not written
	Hue          Hue
	Sign         Sign
	// Weak bars may well be zero: they are drawn grey.
	Weak bool
	// NoNumber says that no count is known at all: the sign is drawn as a stub
	// and Figure says so in words.
	NoNumber bool
}

// A Panel is a group of bars under one heading.
type Panel struct {
	Label string // "" has no heading
	Bars  []Bar
}

// A Chart is a set of horizontal bars on one scale from zero.
type Chart struct {
	ID    string // Required on a page: what every id in the drawing begins with. ASCII letters and digits.
	Lang  string // Required. Of all text.
	Title string // Required. Read out; drawn only in a chart that stands alone.
	Desc  string // Required. What the chart shows, for who cannot see it.
	// Alone makes a whole file: with title, subtitle and notes drawn, a frame of
	// its own width and its own style for light and dark. Default: a drawing as
	// wide as its place on a page, which has [Style] and the texts.
	Alone    bool
	Subtitle string
	Notes    []string
	// Narrow draws a chart that stands beside others: intervals take their room
	// from the labels and show at any width. Default: a page as narrow as a phone
	// shows no intervals, for its table has them.
	Narrow bool
	Panels []Panel
	// Max is the end of the scale. Default: the largest end of an interval.
	Max float64
	// Ticks are the figures of the scale. Default none.
	Ticks []Tick
}

// A Tick is a mark on the scale.
type Tick struct {
	At   float64
	Text string
}
