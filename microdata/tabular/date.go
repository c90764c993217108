package tabular

import (
	"bytes"
	"fmt"
)

// A day is a date of the calendar as the number that its digits make, 20210825. Days
// compare as numbers do. There is no clock and no time zone: a day is the one that is
// written.
type day int

func newDay(year, month, d int) day { return day(year*10_000 + month*100 + d) }

func (d day) year() int { return int(d) / 10_000 }

// months counts the months from year 0 to the day's own.
func (d day) months() int { return d.year()*12 + int(d)/100%100 - 1 }

// String writes the day as ISO 8601 does.
func (d day) String() string {
	return fmt.Sprintf("%04d-%02d-%02d", d.year(), int(d)/100%100, int(d)%100)
}

// before returns the day before.
func (d day) before() day {
	if d%100 > 1 {
		return d - 1
	}
	m := d.months() - 1
	return newDay(m/12, m%12+1, daysIn(m/12, m%12+1))
}

// daysIn returns the length of a month in the Gregorian calendar.
func daysIn(year, month int) int {
	switch {
	case month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0):
		return 29
	case month == 2:
		return 28
	case month == 4 || month == 6 || month == 9 || month == 11:
		return 30
	}
	return 31
}

// parseDay reads a date: year, month and day (2021-08-25), with -, / or . between,
// and perhaps a time after it, which does not count. format is "DMY" or "MDY" where
// days and months stand first (25/8/2021); the year always has four digits. Where
// months is not 0 a date may leave out what does not tell one period of so many months
// from another: the day, and where it is 12 the month.
func parseDay(v []byte, format string, months int) (day, bool) {
	if i := bytes.IndexAny(v, "T "); i >= 0 {
		if !isTime(v[i+1:]) {
			return 0, false
		}
		v = v[:i]
	}
	if len(v) < len("2021") || len(v) > len("2021-08-25") {
		return 0, false
	}
	between := byte('-')
	if i := bytes.IndexAny(v, "-/."); i >= 0 {
		between = v[i]
	}
	var part [3]int
	n, yearAt := 0, -1
	for p := range bytes.SplitSeq(v, []byte{between}) {
		if n == 3 || !digits(p) || len(p) == 3 || len(p) > 4 {
			return 0, false
		}
		if len(p) == 4 {
			if yearAt >= 0 {
				return 0, false
			}
			yearAt = n
		}
		part[n] = int(valueOf(p))
		n++
	}
	year, month, d := part[0], part[1], part[2]
	switch {
	case yearAt == 0 && n == 3:
	case yearAt == 0 && n == 2 && months > 0:
		d = 1
	case yearAt == 0 && n == 1 && months == 12:
		month, d = 1, 1
	case yearAt == 2 && format == "DMY":
		year, d = part[2], part[0]
	case yearAt == 2 && format == "MDY":
		year, month, d = part[2], part[0], part[1]
	default:
		return 0, false
	}
	if year < 1 || month < 1 || month > 12 || d < 1 || d > daysIn(year, month) {
		return 0, false
	}
	return newDay(year, month, d), true
}

// isTime says whether v looks like a time of day, perhaps with a zone.
func isTime(v []byte) bool {
	for _, c := range v {
		if !(c >= '0' && c <= '9') && !bytes.ContainsRune([]byte(":.,+- ZAPMapm"), rune(c)) {
			return false
		}
	}
	return len(v) > 0 && v[0] >= '0' && v[0] <= '9'
}

var monthNames = [12]struct{ es, en string }{
	{"enero", "January"}, {"febrero", "February"}, {"marzo", "March"}, {"abril", "April"}, {"mayo", "May"}, {"junio", "June"},
	{"julio", "July"}, {"agosto", "August"}, {"septiembre", "September"}, {"octubre", "October"}, {"noviembre", "November"}, {"diciembre", "December"},
}
