package tabular

import (
	"fmt"
	"testing"
	"time"
)

func TestParseDay(t *testing.T) {
	for _, c := range []struct {
		text, format string
		months       int
		want         day // 0: no date
	}{
		{"2021-08-25", "", 0, 20210825}, {"2021/8/5", "", 0, 20210805}, {"2021.08.25", "", 0, 20210825}, {"2021-08-25", "DMY", 0, 20210825},
		{"2021-08-25T10:30:00Z", "", 0, 20210825}, {"2021-08-25 23:59:59.999 -05:00", "", 0, 20210825}, {"2021-08-25 1:05 PM", "", 0, 20210825},
		{"25/8/2021", "DMY", 0, 20210825}, {"25-08-2021", "DMY", 1, 20210825}, {"8/25/2021", "MDY", 0, 20210825}, {"25.8.2021 10:30", "DMY", 0, 20210825},
		{"25/8/2021", "", 0, 0}, {"8/25/2021", "DMY", 0, 0}, {"25/8/2021", "MDY", 0, 0}, {"25/8/21", "DMY", 0, 0}, {"25/08-2021", "DMY", 0, 0},
		{"2024-02-29", "", 0, 20240229}, {"2023-02-29", "", 0, 0}, {"1900-02-29", "", 0, 0}, {"2000-02-29", "", 0, 20000229}, {"2021-04-31", "", 0, 0},
		{"2021-13-01", "", 0, 0}, {"2021-00-01", "", 0, 0}, {"2021-01-00", "", 0, 0}, {"0000-01-01", "", 0, 0}, {"0001-01-01", "", 0, 10101}, {"9999-12-31", "", 0, 99991231},
		// What the period does not need may lack.
		{"2021-08", "", 1, 20210801}, {"2021-8", "", 3, 20210801}, {"2021-08", "", 12, 20210801}, {"2021", "", 12, 20210101}, {"2021", "", 3, 0}, {"2021-08", "", 0, 0}, {"2021", "", 0, 0},
		{"", "", 12, 0}, {"202", "", 12, 0}, {"20210825", "", 12, 0}, {"2021-", "", 1, 0}, {"-2021", "", 12, 0}, {"2021--08", "", 1, 0}, {"2021-8-025", "", 1, 0}, {"2021-08-25-01", "", 1, 0},
		{"2021-08-25 hoy", "", 0, 0}, {"2021-08-25T", "", 0, 0}, {"2021-08-25 ", "", 0, 0}, {"hoy", "", 12, 0}, {"2021-2021-01", "", 1, 0}, {"٢٠٢١", "", 12, 0},
	} {
		got, ok := parseDay([]byte(c.text), c.format, c.months)
		if ok != (c.want > 0) || ok && got != c.want {
			t.Errorf("%q, format %q, %d months: %d, %v; want %d", c.text, c.format, c.months, got, ok, c.want)
		}
	}
}

// TestDaysAgreeWithTheCalendar walks 250 years, leap and not, day by day, beside the
// standard library in UTC.
func TestDaysAgreeWithTheCalendar(t *testing.T) {
	last := day(0)
	for at := time.Date(1850, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2101; at = at.AddDate(0, 0, 1) {
		text := at.Format("2006-01-02")
		d, ok := parseDay([]byte(text), "", 0)
		if !ok || d.String() != text || d.months() != at.Year()*12+int(at.Month())-1 || d.year() != at.Year() {
			t.Fatalf("%s: %v, %v", text, d, ok)
		}
		if d <= last || last > 0 && d.before() != last {
			t.Fatalf("%s does not follow %v: the day before is %v", text, last, d.before())
		}
		if e, ok := parseDay([]byte(at.Format("2/1/2006")), "DMY", 0); !ok || e != d {
			t.Fatalf("%s as DMY: %v, %v", text, e, ok)
		}
		if e, ok := parseDay([]byte(at.Format("1/2/2006")), "MDY", 0); !ok || e != d {
			t.Fatalf("%s as MDY: %v, %v", text, e, ok)
		}
		last = d
	}
	for year := 1; year < 3000; year++ { // no other day is one
		for month := 1; month <= 12; month++ {
			n := time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
			if _, ok := parseDay(fmt.Appendf(nil, "%04d-%d-%d", year, month, n), "", 0); !ok {
				t.Fatalf("%d-%d has no day %d", year, month, n)
			}
			if _, ok := parseDay(fmt.Appendf(nil, "%04d-%d-%d", year, month, n+1), "", 0); ok {
				t.Fatalf("%d-%d has a day %d", year, month, n+1)
			}
		}
	}
}
