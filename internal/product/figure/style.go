package figure

import "strings"

// Style is the style sheet of every chart, for light and for dark. A page holds
// it once; a chart that stands alone holds its own copy.
const Style = `.ac{--ac-ink:#23262F;--ac-muted:#5B6070;--ac-ground:#FBF8F3;--ac-line:#D9D2C5;--ac-weak:#8D8F98;` +
	`--ac-1:#1F49AD;--ac-2:#C37F1A;--ac-3:#1C8787;--ac-4:#AB480E;--ac-5:#6F2A4D;--ac-6:#2B4224;` +
	`font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",Arial,sans-serif;font-variant-numeric:tabular-nums}
@media (prefers-color-scheme:dark){.ac{--ac-ink:#ECE7DD;--ac-muted:#A9ABB4;--ac-ground:#14171F;--ac-line:#3A3F4C;--ac-weak:#7E828E;` +
	`--ac-1:#4C83F0;--ac-2:#EECC44;--ac-3:#89D7DC;--ac-4:#EC5F19;--ac-5:#BB819B;--ac-6:#8DAC7C}}
@media print{.ac{--ac-ink:#000;--ac-muted:#444;--ac-ground:#fff;--ac-line:#ccc;--ac-weak:#8D8F98;` +
	`--ac-1:#1F49AD;--ac-2:#C37F1A;--ac-3:#1C8787;--ac-4:#AB480E;--ac-5:#6F2A4D;--ac-6:#2B4224}}
.ac text{fill:var(--ac-ink)}.ac .q{fill:var(--ac-muted)}.ac .p{fill:var(--ac-ground)}
.ac .k{stroke:var(--ac-ink)}.ac .o{stroke:var(--ac-ground)}.ac .m{stroke:var(--ac-muted)}.ac .g{stroke:var(--ac-line)}.ac .n{fill:var(--ac-muted)}
.ac .w{fill:var(--ac-weak)}.ac .w stop{stop-color:var(--ac-weak)}
.ac .h1{fill:var(--ac-1)}.ac .h2{fill:var(--ac-2)}.ac .h3{fill:var(--ac-3)}.ac .h4{fill:var(--ac-4)}.ac .h5{fill:var(--ac-5)}.ac .h6{fill:var(--ac-6)}
.ac .h1 stop{stop-color:var(--ac-1)}.ac .h2 stop{stop-color:var(--ac-2)}.ac .h3 stop{stop-color:var(--ac-3)}.ac .h4 stop{stop-color:var(--ac-4)}.ac .h5 stop{stop-color:var(--ac-5)}.ac .h6 stop{stop-color:var(--ac-6)}
@media (max-width:600px){.ac.fluid .ci{display:none}}
@media (forced-colors:active){.ac{--ac-ink:CanvasText;--ac-muted:CanvasText;--ac-ground:Canvas;--ac-line:GrayText}}
`

// alone is what a chart in a file of its own adds to Style.
const alone = `svg.ac{background:var(--ac-ground);max-width:100%;height:auto}`

// FileStyle is the content of the style element of a chart that stands alone:
// what a content security policy by hash must name.
const FileStyle = Style + alone

// The light palette as literals, for readers without style sheets.
const (
	ink    = "#23262F"
	muted  = "#5B6070"
	ground = "#FBF8F3"
	rule   = "#D9D2C5"
	weak   = "#8D8F98"
)

var palette = [hues]string{"#1F49AD", "#C37F1A", "#1C8787", "#AB480E", "#6F2A4D", "#2B4224"}

var hueClass = [hues]string{"h1", "h2", "h3", "h4", "h5", "h6"}

// colour returns the class and the literal of a bar's fill.
func (b *Bar) colour() (class, literal string) {
	if b.Weak {
		return "w", weak
	}
	h := b.Hue
	if h >= hues {
		h = Anil
	}
	return hueClass[h], palette[h]
}

// patterns draw the signs. They differ in form, not in colour.
var patterns = [signs]string{
	NotStated:     `width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M1.5 0V7" %m stroke-width="2.2"/>`,
	NotAsked:      `width="9" height="9" patternUnits="userSpaceOnUse"><path d="M4.5 0V9" %m stroke-width="1.6" stroke-dasharray="3 2"/>`,
	Refused:       `width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M4 0V8M0 4H8" %m stroke-width="1.5"/>`,
	NotApplicable: `width="8" height="6" patternUnits="userSpaceOnUse"><path d="M0 3H8" %m stroke-width="1.6"/>`,
	Withheld:      `width="6" height="6" patternUnits="userSpaceOnUse"><circle cx="3" cy="3" r="1.5" class="n" fill="` + muted + `"/>`,
}

var signName = [signs]string{"", "ns", "na", "rf", "np", "wh"}

func pattern(id string, s Sign) string {
	body := strings.Replace(patterns[s], "%m", `class="m" stroke="`+muted+`"`, 1)
	return `<pattern id="` + id + signName[s] + `" ` + body + `</pattern>`
}

// stops fade from the low to the high end of a 95 % interval: half of the fall
// lies within the 50 % interval, ±0.6745 of ±1.96 standard deviations.
const stops = `<stop offset="0" stop-opacity="1"/><stop offset=".328" stop-opacity=".75"/>` +
	`<stop offset=".672" stop-opacity=".25"/><stop offset="1" stop-opacity="0"/>`
