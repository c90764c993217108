package portal

import (
	"embed"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

//go:embed text
var texts embed.FS

// words holds every sentence of the pages by language and key. Texts that a
// page is made of wholly (methods, privacy) are templates in html.
var words = readWords()

func readWords() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, lang := range languages {
		b, err := texts.ReadFile("text/" + lang + ".json")
		if err == nil {
			m := map[string]string{}
			err = json.Unmarshal(b, &m)
			all[lang] = m
		}
		if err != nil {
			panic(err) // the file is part of the program
		}
	}
	return all
}

// say returns the text of a key, its verbs filled in. A key that is not there is
// a fault that the tests find; a reader sees the key.
func say(lang, key string, args ...any) string {
	s, ok := words[lang][key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return s
	}
	return fmt.Sprintf(s, args...)
}

const (
	thin  = "\u202f" // narrow space that does not break
	space = "\u00a0"
)

// count writes a whole number: in Spanish in groups of three parted by a space
// where there are five digits or more (Real Academia, Ortografía 2010), in
// English by commas from four on.
func count(lang string, v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	digits := strconv.FormatFloat(math.Round(math.Abs(v)), 'f', 0, 64)
	if lang == "es" {
		if len(digits) > 4 {
			digits = grouped(digits, thin)
		}
	} else {
		digits = grouped(digits, ",")
	}
	if v <= -0.5 {
		return "−" + digits
	}
	return digits
}

func grouped(digits, sep string) string {
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(sep)
		}
		b.WriteRune(d)
	}
	return b.String()
}

// span writes an interval: both ends rounded outwards, so that it holds what the
// exact one holds.
func span(lang string, low, high float64) string {
	return count(lang, math.Floor(low)) + "–" + count(lang, math.Ceil(high))
}

// percent writes a part of a whole with one decimal. Both languages of the
// region write a point; Spanish parts the sign by a space.
func percent(lang string, v float64) string {
	s := strconv.FormatFloat(v*100, 'f', 1, 64)
	if lang == "es" {
		return s + space + "%"
	}
	return s + "%"
}

func percentSpan(lang string, low, high float64) string {
	l := strconv.FormatFloat(math.Floor(low*1000)/10, 'f', 1, 64)
	return l + "–" + percent(lang, math.Ceil(high*1000)/1000)
}

// size writes a file's size.
func size(lang string, bytes int64) string {
	v, unit := float64(bytes), 0
	for v >= 1000 && unit < 4 {
		v, unit = v/1000, unit+1
	}
	digits := 0
	if unit > 0 && v < 100 {
		digits = 1
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + space + []string{"B", "kB", "MB", "GB", "TB"}[unit]
}

var months = map[string][]string{
	"es": {"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
	"en": {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
}

// day writes a date.
func day(lang string, t time.Time) string {
	month := months[lang][t.Month()-1]
	if lang == "es" {
		return fmt.Sprintf("%d de %s de %d", t.Day(), month, t.Year())
	}
	return fmt.Sprintf("%d %s %d", t.Day(), month, t.Year())
}
