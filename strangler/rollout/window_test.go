package rollout_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/strangler/rollout"
)

func window(t testing.TB, s string) rollout.Window {
	t.Helper()
	w, err := rollout.ParseWindow(s)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestParseWindow(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"as it is written", "Mon-Fri 09:00-16:00 Europe/Berlin", "Mon-Fri 09:00-16:00 Europe/Berlin"},
		{"no zone is UTC", "Mon-Fri 09:00-16:00", "Mon-Fri 09:00-16:00 UTC"},
		{"beyond midnight", "Mon,Wed 22:00-04:00 UTC", "Mon,Wed 22:00-04:00 UTC"},
		{"every day", "daily 9:00-16:30", "daily 09:00-16:30 UTC"},
		{"seven days are every day", "Mon-Sun 00:00-24:00", "daily 00:00-24:00 UTC"},
		{"seven days from any day on", "Wed-Tue 00:00-24:00", "daily 00:00-24:00 UTC"},
		{"a range beyond Sunday", "Fri-Mon 08:00-09:00", "Fri-Mon 08:00-09:00 UTC"},
		{"a range beyond Sunday in pieces", "Mon,Fri,Sun,Sat 08:00-09:00", "Fri-Mon 08:00-09:00 UTC"},
		{"days and ranges, in any order", "wed,FRI-Sun 08:00-09:00", "Wed,Fri-Sun 08:00-09:00 UTC"},
		{"one day", "Sun 08:00-09:00", "Sun 08:00-09:00 UTC"},
		{"until midnight", "Sun 08:00-00:00", "Sun 08:00-24:00 UTC"},
		{"space where people leave some", "  Mon, Wed - Fri  09:00 – 16:00   America/New_York ", "Mon,Wed-Fri 09:00-16:00 America/New_York"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := window(t, tt.text)
			if diff := cmp.Diff(tt.want, w.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if again := window(t, w.String()); !again.Equal(w) || again.Days != w.Days || again.From != w.From || again.To != w.To {
				t.Errorf("%q is read as %+v, and was %+v", w, again, w)
			}
		})
	}
}

func TestParseWindowErrors(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "", "there are no times of day in it; it is days, times and a zone, such as Mon-Fri 09:00-16:00 Europe/Berlin"},
		{"hours alone", "Mon-Fri 9-16", "there are no times of day in it; it is days, times and a zone, such as Mon-Fri 09:00-16:00 Europe/Berlin"},
		{"no days", "09:00-16:00", "it doesn't say on which days; write daily 09:00-16:00, or such as Mon-Fri 09:00-16:00"},
		{"a long name", "Monday 09:00-16:00", `no day is called "Monday"; did you mean Mon?`},
		{"a slip", "Tu-Fri 09:00-16:00", `no day is called "Tu"; did you mean Tue?`},
		{"another language", "Mittwoch 09:00-16:00", `no day is called "Mittwoch"; it is one of Mon, Tue, Wed, Thu, Fri, Sat, Sun, or daily`},
		{"no comma", "Mon Wed 09:00-16:00", `no day is called "Mon Wed"; days are written Mon,Wed or Mon-Fri`},
		{"a comma too many", "Mon, 09:00-16:00", "a space has to stand between days and times; it is days, times and a zone, such as Mon-Fri 09:00-16:00 Europe/Berlin"},
		{"a day twice", "Mon-Fri,Wed 09:00-16:00", "Wed stands in it twice"},
		{"a range of one", "Mon-Mon 09:00-16:00", "Mon-Mon begins and ends on the same day; write Mon, or daily"},
		{"one time", "Mon 09:00", `"09:00" is one time of day; write from when to when, such as 09:00-16:00`},
		{"an hour that no day has", "Mon 09:00-25:00", `"25:00" is no time of day; they are 00:00 to 23:59, and 24:00 where a day ends`},
		{"a minute that no hour has", "Mon 09:60-10:00", `"09:60" is no time of day; they are 00:00 to 23:59, and 24:00 where a day ends`},
		{"past the end of the day", "Mon 09:00-24:01", `"24:01" is no time of day; they are 00:00 to 23:59, and 24:00 where a day ends`},
		{"seconds", "Mon 09:00:00-10:00:00", `"09:00:00" is no time of day; write one such as 09:00`},
		{"noon", "Mon 9:00am-4:00pm", `"9:00am" is no time of day; write one such as 09:00`},
		{"from the end of the day", "Mon 24:00-04:00", "a day that begins at 24:00 is the next one; write 00:00, and the day after"},
		{"no length", "Mon 09:00-09:00", "it closes when it opens; for a whole day write 00:00-24:00"},
		{"the machine's zone", "Mon 09:00-10:00 Local", "Local is another zone on another machine; name it, such as Europe/Berlin"},
		{"a zone in small letters", "Mon 09:00-10:00 america/new_york", `no time zone is called "america/new_york"; did you mean America/New_York?`},
		{"UTC in small letters", "Mon 09:00-10:00 utc", `no time zone is called "utc"; did you mean UTC?`},
		{"an offset", "Mon 09:00-10:00 +02:00", `no time zone is called "+02:00"; write UTC, or a name of the IANA database such as Europe/Berlin`},
		{"a way out of the database", "Mon 09:00-10:00 ../../etc/passwd", `no time zone is called "../../etc/passwd"; write UTC, or a name of the IANA database such as Europe/Berlin`},
		{"two windows", "Mon 09:00-10:00 UTC Tue 09:00-10:00", "nothing is known after the zone UTC; it is days, times and a zone, such as Mon-Fri 09:00-16:00 Europe/Berlin"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, err := rollout.ParseWindow(tt.text)
			if err == nil {
				t.Fatalf("it is read as %s", w)
			}
			if diff := cmp.Diff(fmt.Sprintf("read window %q: %s", tt.text, tt.want), err.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestWindow asks when windows are open, and when next. 2026-03-29 and 2026-10-25 are the Sundays on
// which Berlin's clocks change, 02:00 to 03:00 and 03:00 to 02:00.
func TestWindow(t *testing.T) {
	for _, tt := range []struct{ name, window, at, next string }{
		{"open", "Mon-Fri 09:00-16:00 Europe/Berlin", "2026-05-04T07:00:00Z", "2026-05-04T07:00:00Z"},
		{"a moment before", "Mon-Fri 09:00-16:00 Europe/Berlin", "2026-05-04T06:59:59.999999999Z", "2026-05-04T07:00:00Z"},
		{"a moment before the end", "Mon-Fri 09:00-16:00 Europe/Berlin", "2026-05-04T13:59:59.999999999Z", "2026-05-04T13:59:59.999999999Z"},
		{"the end is out", "Mon-Fri 09:00-16:00 Europe/Berlin", "2026-05-04T14:00:00Z", "2026-05-05T07:00:00Z"},
		{"over the weekend", "Mon-Fri 09:00-16:00 Europe/Berlin", "2026-05-08T14:00:00Z", "2026-05-11T07:00:00Z"},
		{"a week on", "Mon 09:00-16:00", "2026-05-04T16:00:00Z", "2026-05-11T09:00:00Z"},
		{"the day is the zone's", "Mon 00:00-01:00 Asia/Tokyo", "2026-05-03T15:30:00Z", "2026-05-03T15:30:00Z"},
		{"whole days have no gap", "daily 00:00-24:00", "2026-05-03T23:59:59.999999999Z", "2026-05-03T23:59:59.999999999Z"},
		{"beyond midnight belongs to the day it began on", "Mon 22:00-04:00", "2026-05-05T03:59:59Z", "2026-05-05T03:59:59Z"},
		{"the small hours of the day itself aren't its", "Mon 22:00-04:00", "2026-05-04T03:00:00Z", "2026-05-04T22:00:00Z"},
		{"beyond Sunday's midnight", "Sun 22:00-04:00", "2026-05-04T03:00:00Z", "2026-05-04T03:00:00Z"},
		{"summer time", "daily 09:00-16:00 Europe/Berlin", "2026-03-29T06:30:00Z", "2026-03-29T07:00:00Z"},
		{"over the change", "daily 09:00-16:00 Europe/Berlin", "2026-03-28T15:30:00Z", "2026-03-29T07:00:00Z"},
		{"winter time", "daily 09:00-16:00 Europe/Berlin", "2026-10-24T15:00:00Z", "2026-10-25T08:00:00Z"},
		{"the hour that is missing", "Sun 02:15-02:45 Europe/Berlin", "2026-03-28T12:00:00Z", "2026-04-05T00:15:00Z"},
		{"begins in the hour that is missing", "Sun 02:30-04:00 Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		{"the hour that comes twice, before", "Sun 02:15-02:45 Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:15:00Z"},
		{"the hour that comes twice, in between", "Sun 02:15-02:45 Europe/Berlin", "2026-10-25T00:50:00Z", "2026-10-25T01:15:00Z"},
		{"the hour that comes twice, after", "Sun 02:15-02:45 Europe/Berlin", "2026-10-25T01:45:00Z", "2026-11-01T01:15:00Z"},
		{"closed by clocks that go back, it opens again", "Sun 02:30-03:00 Europe/Berlin", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"},
		{"a day that never was", "Fri 09:00-16:00 Pacific/Apia", "2011-12-29T12:00:00Z", "2012-01-05T19:00:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339Nano, tt.at)
			if err != nil {
				t.Fatal(err)
			}
			w := window(t, tt.window)
			if diff := cmp.Diff(tt.next, w.Next(at).Format(time.RFC3339Nano)); diff != "" {
				t.Errorf("next (-want +got):\n%s", diff)
			}
			if open := w.Contains(at); open != (tt.at == tt.next) {
				t.Errorf("open at %s: %v", at, open)
			}
		})
	}
}

func TestWindowZero(t *testing.T) {
	var w rollout.Window
	if now := time.Now(); w.Contains(now) || !w.Next(now).IsZero() || w.String() != "" {
		t.Errorf("the zero window opens: %q, %s", w, w.Next(now))
	}
}

func TestWindowJSON(t *testing.T) {
	w := window(t, "Mon,Wed 22:00-04:00 Europe/Berlin")
	text, err := json.Marshal(map[string]any{"window": &w})
	if want := `{"window":"Mon,Wed 22:00-04:00 Europe/Berlin"}`; err != nil || string(text) != want {
		t.Fatalf("%s, %v, want %s", text, err, want)
	}
	var back struct{ Window *rollout.Window }
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&w, back.Window); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := json.Unmarshal([]byte(`{"window":"never"}`), &back); err == nil || !strings.Contains(err.Error(), `read window "never"`) {
		t.Errorf("error %v", err)
	}
}

// FuzzParseWindow says that what is read is written and read again as the same, that it opens
// within two weeks, and that nothing is open before Next.
func FuzzParseWindow(f *testing.F) {
	for _, s := range []string{"Mon-Fri 09:00-16:00 Europe/Berlin", "daily 22:00-04:00", "Fri-Mon,Wed 00:00-24:00 Pacific/Apia",
		"Sun 02:15-02:45 Europe/Berlin", "Mon 09:00", "x", "Sat 23:59-00:01 Africa/Casablanca"} {
		f.Add(s, int64(1_774_742_400))
	}
	f.Fuzz(func(t *testing.T, s string, unix int64) {
		w, err := rollout.ParseWindow(s)
		if err != nil {
			return
		}
		again, err := rollout.ParseWindow(w.String())
		if err != nil || again.Days != w.Days || again.From != w.From || again.To != w.To || again.Zone.String() != w.Zone.String() {
			t.Fatalf("%q is written %q and read as %+v, %v", s, w, again, err)
		}
		at := time.Unix(unix%4_000_000_000, 0)
		next := w.Next(at)
		if !w.Contains(next) || next.Before(at) || next.Sub(at) > 15*24*time.Hour {
			t.Fatalf("%s opens after %s at %s", w, at.UTC(), next.UTC())
		}
		for at := at; at.Before(next); at = at.Add(next.Sub(at)/7 + time.Second) {
			if w.Contains(at) {
				t.Fatalf("%s is open at %s, before %s", w, at.UTC(), next.UTC())
			}
		}
	})
}
